// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FakeBench: a BenchView of devices without sessions or rings, for tests of the control server; and
// TestObserver, a client that says what a test wants, right or wrong.
#pragma once

#include "engine/base/unique_fd.h"
#include "engine/control/bench_view.h"
#include "tests/support/observed_devices.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vwb::test {

// Two signals, red and green; actions get, set, signals, and fail (always an Io error).
class FakeDevice final : public BenchDevice, private Actions {
public:
    FakeDevice(const ObservedDevice& identity, EventLoop& loop, size_t trace_capacity = 1024);

    const std::string& name() const override { return m_identity.name; }
    const std::string& type() const override { return m_identity.type; }
    const std::string& hardware() const override { return m_hardware; }
    const std::string& socket_path() const override { return m_socket; }
    uint16_t index() const override { return m_identity.index; }
    uint32_t device_id() const override { return 41; }
    const Schema& schema() const override { return *m_identity.schema; }
    TraceRing& trace() override { return m_trace; }
    EventLoop& loop() override { return m_loop; }

    BenchDeviceStatus status() override;
    void inspect(Inspector& inspector) override;
    const ProblemList& problems() override { return m_problems; }
    void set_problem_listener(std::function<void(const Problem&)> listener) override;
    Actions* actions() override { return this; }
    Value features() override { return Value::object(); }
    Result<void> turn_features(const Value& wish) override;
    Result<Value> queue_snapshot(unsigned queue, uint32_t first, uint32_t count) override;
    Value handshake() override { return Value::object(); }
    Result<Value> read_memory(uint64_t guest_address, uint64_t size) override;
    void reset() override { ++resets; }
    void disconnect() override { ++disconnects; }

    void report(const std::string& rule, int queue = Problem::NO_QUEUE);

    // On the device's loop.
    std::map<std::string, int64_t> signals { { "green", 0 }, { "red", 0 } };
    Value last_wish;
    unsigned resets = 0;
    unsigned disconnects = 0;
    unsigned inspections = 0;

private:
    std::vector<ActionInfo> action_list() const override;
    Result<Value> call_action(std::string_view name, const Value& parameters) override;

    ObservedDevice m_identity;
    std::string m_hardware = "fake";
    std::string m_socket = "/nowhere/socket";
    EventLoop& m_loop;
    TraceRing m_trace;
    ProblemList m_problems;
};

class FakeBench final : public BenchView {
public:
    void add(FakeDevice& device) { m_devices.push_back(&device); }

    const std::string& name() const override { return m_name; }
    const std::string& file() const override { return m_file; }
    std::span<BenchDevice* const> devices() const override { return m_devices; }
    std::chrono::system_clock::time_point started() const override { return {}; }
    void request_shutdown() override { ++shutdowns; }

    unsigned shutdowns = 0;

private:
    std::string m_name = "bench";
    std::string m_file = "bench.toml";
    std::vector<BenchDevice*> m_devices;
};

// Never blocks: whatever should come has come once the loops have nothing left to do.
class TestObserver {
public:
    explicit TestObserver(const std::string& path);

    // All or, if the socket is full, the first bytes; how many.
    size_t send_bytes(std::string_view bytes);
    void send_line(const std::string& line) { send_bytes(line + "\n"); }
    // The next whole line that is here.
    std::optional<std::string> line();
    bool closed();
    void close() { m_fd.reset(); }
    void stop_sending();

private:
    void read_more();

    UniqueFd m_fd;
    std::string m_input;
    bool m_closed = false;
};

// A fresh directory, gone with its object.
class TestDirectory {
public:
    TestDirectory();
    ~TestDirectory();
    std::string path(const std::string& name) const { return m_path + "/" + name; }

private:
    std::string m_path;
};

// Runs the loops, all on this thread, until none has anything left to do now.
void settle(std::initializer_list<EventLoop*> loops);

} // namespace vwb::test
