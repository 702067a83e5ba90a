// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RunningDevice: one device of a bench at work: its thread and loop, its DeviceHost, and the socket
// it is served on. Everything but construction, destruction and the constant facts happens on its
// loop; others cross by on_loop().
#pragma once

#include "engine/bench/bench_file.h"
#include "engine/control/bench_view.h"
#include "engine/device/device_host.h"
#include "engine/event/event_loop.h"
#include "engine/gate/gate.h"
#include "engine/vhost_user/listener.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace vwb {

class RunningDevice final : public BenchDevice {
public:
    // Starts the thread, makes the device and binds its socket. Errors: of the device's parameters
    // or hardware (naming file, line and key), or of the socket (naming the path).
    static Result<std::unique_ptr<RunningDevice>> start(
        const DeviceSpec& spec, uint16_t index, Clock& clock, const std::string& socket_path);
    // Ends the session, hands requests back, lets go of the hardware, unlinks the socket.
    ~RunningDevice() override;

    const DeviceType& device_type() const { return *m_type; }
    const std::string& name() const override { return m_name; }
    const std::string& type() const override { return m_type->name; }
    const std::string& hardware() const override { return m_hardware; }
    const std::string& socket_path() const override { return m_socket_path; }
    uint16_t index() const override { return m_index; }
    uint32_t device_id() const override { return m_type->device_id; }
    const Schema& schema() const override { return *m_type->schema; }
    // Safe from any thread: the ring takes readers without a lock.
    TraceRing& trace() override { return m_host->trace(); }
    EventLoop& loop() override { return *m_loop; }

    // The device's loop only.
    DeviceHost& host() { return *m_host; }
    BenchDeviceStatus status() override;
    void inspect(Inspector& inspector) override;
    const ProblemList& problems() override { return m_host->problems(); }
    void set_problem_listener(std::function<void(const Problem&)> listener) override;
    Actions* actions() override { return m_host->device().actions(); }
    Value features() override;
    Gate* gate() override { return m_gate.get(); }
    Result<void> turn_features(const Value& wish) override;
    Result<Value> queue_snapshot(unsigned queue, uint32_t first, uint32_t count) override;
    Value handshake() override;
    Result<Value> read_memory(uint64_t guest_address, uint64_t size) override;
    void reset() override;
    void disconnect() override;

    // Any other thread: runs the work on the device's loop and waits. False if the loop is gone.
    bool on_loop(std::function<void()> work) { return m_loop->run_and_wait(std::move(work)); }

private:
    RunningDevice(const DeviceSpec& spec, uint16_t index, std::string socket_path);
    Result<void> create(const DeviceSpec& spec);

    std::string m_name;
    const uint16_t m_index;
    const DeviceType* m_type;
    std::string m_hardware;
    std::string m_socket_path;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<DeviceHost> m_host;
    std::unique_ptr<Gate> m_gate;
    std::unique_ptr<Listener> m_listener;
    std::thread m_thread;
};

} // namespace vwb
