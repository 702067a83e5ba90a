// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/control_server.h"

#include "engine/base/config.h"
#include "engine/control/device_actions.h"
#include "engine/device/value_names.h"
#include "engine/gate/gate.h"

#include <algorithm>

namespace vwb {

Result<std::unique_ptr<ControlServer>> ControlServer::start(
    EventLoop& loop, BenchView& bench, const std::string& path, RpcServerOptions options)
{
    std::unique_ptr<ControlServer> server(new ControlServer(loop, bench));
    ControlServer* self = server.get();
    server->m_rpc = VWB_TRY(RpcServer::create(loop, path, std::move(options),
        { [self](RpcCall call) { self->m_methods.handle(std::move(call)); },
            [self](uint64_t client) { self->client_gone(client); } }));
    return server;
}

ControlServer::ControlServer(EventLoop& loop, BenchView& bench)
    : m_loop(loop)
    , m_bench(bench)
    , m_calls(loop)
    , m_recorder(loop, m_calls)
    , m_subscriptions(loop, bench.devices(), *this)
    , m_captures(bench, loop, m_calls, m_subscriptions)
    , m_stats(loop, m_subscriptions)
    , m_late_answers(loop)
    , m_guest_work(loop, "inject")
{
    add_bench_methods(m_methods, *this);
    add_device_methods(m_methods, *this);
    add_queue_methods(m_methods, *this);
    add_signal_methods(m_methods, *this);
    add_observing_methods(m_methods, *this);
    add_capture_methods(m_methods, *this);
    add_stats_methods(m_methods, *this);
    add_fault_methods(m_methods, *this);
    add_hold_methods(m_methods, *this);
    add_inject_methods(m_methods, *this);
}

ControlServer::~ControlServer() = default;

void ControlServer::client_gone(uint64_t client)
{
    m_subscriptions.remove_client(client);
    m_captures.remove_client(client);
    m_stats.remove_client(client);
    if (m_holders.erase(client) == 0)
        return;
    for (BenchDevice* device : m_bench.devices())
        release_holds(*device, client);
}

// Behind what the client has asked of the device, and until it was done: somebody waits for it.
void ControlServer::release_holds(BenchDevice& device, uint64_t client)
{
    const auto release = [client](BenchDevice& target) -> Result<Value> {
        if (Gate* gate = target.gate())
            gate->remove_observer(client);
        return Value();
    };
    m_calls.call(device, release, [this, &device, client](const Result<Value>& result) {
        if (!result)
            release_holds(device, client);
    });
}

BenchDevice* ControlServer::find_device(RpcCall& call, const std::string& name)
{
    if (BenchDevice* device = m_bench.find(name))
        return device;
    std::vector<std::string> names;
    for (const BenchDevice* device : m_bench.devices())
        names.push_back(device->name());
    Value known = Value::list();
    for (const auto& device : names)
        known.append(device);
    const std::string near = nearest_word(name, names);
    Value data = Value::object();
    data.set("devices", known);
    std::move(call).fail({ RpcCode::NotFound,
        "there is no device '" + name.substr(0, 100) + "'"
            + (near.empty() ? "; there are " + to_text(known) : "; did you mean '" + near + "'?"),
        std::move(data) });
    return nullptr;
}

std::optional<std::vector<BenchDevice*>> ControlServer::chosen_devices(RpcCall& call)
{
    const Value* name = call.params().find("device");
    if (!name) {
        const auto all = m_bench.devices();
        return std::vector<BenchDevice*>(all.begin(), all.end());
    }
    BenchDevice* device = find_device(call, name->string_or(""));
    if (!device)
        return std::nullopt;
    return std::vector<BenchDevice*> { device };
}

std::optional<std::vector<BenchDevice*>> ControlServer::listed_devices(RpcCall& call)
{
    const auto all = m_bench.devices();
    const Value* names = call.params().find("devices");
    const auto* list = names ? names->as_list() : nullptr;
    if (!list || list->empty())
        return std::vector<BenchDevice*>(all.begin(), all.end());
    std::vector<BenchDevice*> devices;
    for (const Value& name : *list) {
        BenchDevice* device = find_device(call, name.string_or(""));
        if (!device)
            return std::nullopt;
        if (std::ranges::find(devices, device) == devices.end())
            devices.push_back(device);
    }
    return devices;
}

static std::vector<std::string> signal_names(const Value& signals)
{
    std::vector<std::string> names;
    const auto* entries = signals.as_list();
    for (size_t i = 0; entries && i < entries->size(); ++i) {
        const Value* name = (*entries)[i].find("name");
        names.push_back(name ? name->string_or("") : "");
    }
    return names;
}

void ControlServer::learn_names(UniqueFunction<void()> then)
{
    std::vector<BenchDevice*> unknown;
    for (BenchDevice* device : m_bench.devices()) {
        if (m_subscriptions.observed(*device).signals.empty())
            unknown.push_back(device);
    }
    const auto ask
        = [](BenchDevice& device) { return call_action(device, "signals", Value::object()); };
    m_calls.call_all(unknown, ask,
        [this, unknown, next = std::move(then)](std::vector<Result<Value>> lists) mutable {
            for (size_t i = 0; i < unknown.size(); ++i) {
                if (lists[i])
                    m_subscriptions.set_names(*unknown[i], signal_names(*lists[i]),
                        value_names_of(unknown[i]->schema(), *lists[i]));
            }
            next();
        });
}

void ControlServer::call_device(RpcCall call, DeviceCalls::Work work)
{
    BenchDevice* device = find_device(call, call.params().find("device")->string_or(""));
    if (!device)
        return;
    m_calls.call(
        *device, std::move(work), [answer = std::move(call)](Result<Value> result) mutable {
            std::move(answer).answer(std::move(result));
        });
}

void ControlServer::inspect(Inspector& inspector) const
{
    inspector.field("path", m_rpc->path());
    inspector.field("clients", m_rpc->clients());
    inspector.field("refused", m_rpc->refused());
    m_subscriptions.inspect(inspector);
    inspector.field("captures", m_captures.list());
    inspector.field("measurements", m_stats.running());
    inspector.child("calls", [this](Inspector& inner) { m_calls.inspect(inner); });
}

} // namespace vwb
