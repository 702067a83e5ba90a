// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ControlServer: the control protocol of a bench: JSON-RPC 2.0, one object a line, on a Unix socket
// of this user alone. Whatever an observer sees or does goes through here. Lives on the control
// loop and never waits for a device or for a client.
//
// Methods are told by rpc.discover. Live events come as notifications {"method": "events"}.
#pragma once

#include "engine/control/bench_view.h"
#include "engine/control/captures.h"
#include "engine/control/device_calls.h"
#include "engine/control/late_answers.h"
#include "engine/control/live_stats.h"
#include "engine/control/method_table.h"
#include "engine/control/rpc_server.h"
#include "engine/control/signal_recorder.h"
#include "engine/control/subscriptions.h"
#include "engine/event/worker.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vwb {

class ControlServer final : private EventSink {
public:
    // The bench, its devices and their loops live longer; calls that are on their way to a device
    // when the server goes are not answered. Errors: as UnixListener::create(). An empty path:
    // nobody can call but who is adopted.
    static Result<std::unique_ptr<ControlServer>> start(
        EventLoop& loop, BenchView& bench, const std::string& path, RpcServerOptions options = {});
    ~ControlServer();

    const std::string& path() const { return m_rpc->path(); }
    // A client who is connected already.
    void adopt(UniqueFd socket) { m_rpc->adopt(std::move(socket)); }
    size_t clients() const { return m_rpc->clients(); }

    // --- for methods ---
    BenchView& bench() { return m_bench; }
    EventLoop& loop() { return m_loop; }
    DeviceCalls& calls() { return m_calls; }
    SignalRecorder& recorder() { return m_recorder; }
    Subscriptions& subscriptions() { return m_subscriptions; }
    Captures& captures() { return m_captures; }
    LiveStats& stats() { return m_stats; }
    LateAnswers& late_answers() { return m_late_answers; }
    // Where the built-in driver may wait for a device.
    Worker& guest_work() { return m_guest_work; }
    // What this client holds is released when it goes away.
    void add_holder(uint64_t client) { m_holders.insert(client); }
    const MethodTable& methods() const { return m_methods; }

    // Runs work on the device that the call names in "device", and answers the call with what it
    // returns.
    void call_device(RpcCall call, DeviceCalls::Work work);
    // The device that the call names in "device", or all if it names none. None: the call was
    // answered, because there is no such device.
    std::optional<std::vector<BenchDevice*>> chosen_devices(RpcCall& call);
    // The device of this name; null pointer: the call was answered with the nearest name.
    BenchDevice* find_device(RpcCall& call, const std::string& name);
    // Those that the call lists in "devices", or all. None: the call was answered.
    std::optional<std::vector<BenchDevice*>> listed_devices(RpcCall& call);
    // Goes on when the devices have told the subscriptions what they call their signals and what
    // their fields count, as far as they do.
    void learn_names(UniqueFunction<void()> then);
    void inspect(Inspector& inspector) const;

private:
    ControlServer(EventLoop& loop, BenchView& bench);

    void client_gone(uint64_t client);
    void release_holds(BenchDevice& device, uint64_t client);
    bool has_room(uint64_t client) const override { return m_rpc->has_room(client); }
    void send_event(uint64_t client, std::string_view line) override { m_rpc->send(client, line); }

    EventLoop& m_loop;
    BenchView& m_bench;
    MethodTable m_methods;
    DeviceCalls m_calls;
    SignalRecorder m_recorder;
    Subscriptions m_subscriptions;
    Captures m_captures;
    LiveStats m_stats;
    LateAnswers m_late_answers;
    Worker m_guest_work;
    std::set<uint64_t> m_holders;
    std::unique_ptr<RpcServer> m_rpc; // goes first: nobody calls while the rest goes
};

// --- the methods, by subject ---
void add_bench_methods(MethodTable& table, ControlServer& server);
void add_device_methods(MethodTable& table, ControlServer& server);
void add_signal_methods(MethodTable& table, ControlServer& server);
void add_queue_methods(MethodTable& table, ControlServer& server);
void add_observing_methods(MethodTable& table, ControlServer& server);
void add_stats_methods(MethodTable& table, ControlServer& server);
void add_capture_methods(MethodTable& table, ControlServer& server);
void add_fault_methods(MethodTable& table, ControlServer& server);
void add_hold_methods(MethodTable& table, ControlServer& server);
void add_inject_methods(MethodTable& table, ControlServer& server);

} // namespace vwb
