// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ControlBed: a control server over two real devices on simulated hardware, one of which a guest
// uses, all on one loop in one thread: for harnesses that are its client. Nothing of it is left for
// the next run but the loop and the guest's memory.
#pragma once

#include "engine/control/control_server.h"
#include "engine/device/device_host.h"
#include "engine/gate/gate.h"
#include "tests/fuzz/device_bed.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace vwb::fuzz {

class FuzzDevice final : public BenchDevice {
public:
    FuzzDevice(ObservedDevice identity, uint32_t device_id, EventLoop& loop,
        std::unique_ptr<Device> device);
    ~FuzzDevice() override;

    const std::string& name() const override { return m_identity.name; }
    const std::string& type() const override { return m_identity.type; }
    const std::string& hardware() const override { return m_hardware; }
    const std::string& socket_path() const override { return m_socket; }
    uint16_t index() const override { return m_identity.index; }
    uint32_t device_id() const override { return m_device_id; }
    const Schema& schema() const override { return *m_identity.schema; }
    TraceRing& trace() override { return m_host.trace(); }
    EventLoop& loop() override { return m_host.loop(); }
    Gate* gate() override { return &m_gate; }
    BenchDeviceStatus status() override;
    void inspect(Inspector& inspector) override;
    const ProblemList& problems() override { return m_host.problems(); }
    void set_problem_listener(std::function<void(const Problem&)> listener) override;
    Actions* actions() override { return m_host.device().actions(); }
    Value features() override;
    Result<void> turn_features(const Value& wish) override;
    Result<Value> queue_snapshot(unsigned queue, uint32_t first, uint32_t count) override;
    Value handshake() override { return Value(); }
    Result<Value> read_memory(uint64_t guest_address, uint64_t size) override;
    void reset() override { m_host.reset(); }
    void disconnect() override { m_host.stop_queues(); }

    // A guest with a split ring on queue 0, in memory that is the harness's.
    void connect_guest();
    // It makes a request, if it has room for one: these bytes, and room for an answer.
    void guest_request(std::span<const uint8_t> bytes);

private:
    ObservedDevice m_identity;
    std::string m_hardware = "sim";
    std::string m_socket = "/nowhere/socket";
    uint32_t m_device_id;
    DeviceHost m_host;
    Gate m_gate;
    std::shared_ptr<const GuestMemory> m_memory; // of the guest; null pointer: there is none
    uint16_t m_avail = 0;
};

class FuzzBench final : public BenchView {
public:
    explicit FuzzBench(EventLoop& loop);

    const std::string& name() const override { return m_name; }
    const std::string& file() const override { return m_file; }
    std::span<BenchDevice* const> devices() const override { return m_devices; }
    std::chrono::system_clock::time_point started() const override { return {}; }
    void request_shutdown() override { }

    FuzzDevice& gpio() { return *m_gpio; }
    FuzzDevice& rng() { return *m_rng; }

private:
    std::string m_name = "bench";
    std::string m_file = "bench.toml";
    std::unique_ptr<FuzzDevice> m_gpio;
    std::unique_ptr<FuzzDevice> m_rng;
    std::array<BenchDevice*, 2> m_devices;
};

} // namespace vwb::fuzz
