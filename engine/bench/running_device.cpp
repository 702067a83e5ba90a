// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/bench/running_device.h"

#include "engine/bench/feature_wish.h"
#include "engine/virtqueue/ring_snapshot.h"

#include <csignal>
#include <optional>

#include <pthread.h>

namespace vwb {
namespace {

// Signals are the main thread's.
void block_signals()
{
    sigset_t all;
    sigfillset(&all);
    for (const int fatal : { SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGABRT })
        sigdelset(&all, fatal);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

Result<std::unique_ptr<Device>> make_device(const DeviceSpec& spec, EventLoop& loop)
{
    ConfigReader table(*spec.table);
    for (const char* known : { "type", "name", "socket", "hardware" })
        VWB_TRY(table.string_or(known, ""));
    ConfigNode empty = *spec.table;
    empty.members.clear();
    auto given = VWB_TRY(table.table(spec.hardware));
    ConfigReader parameters = given ? *given : ConfigReader(empty);
    DeviceSetup setup { spec.name, spec.hardware, table, parameters, loop };
    auto device = VWB_TRY(spec.type->create(setup));
    VWB_TRY(table.table("features")); // known; read when there is a device to ask
    VWB_TRY(table.duration_or("poll", {}));
    VWB_TRY(table.finish());
    VWB_TRY(parameters.finish());
    return device;
}

Result<void> set_poll(ConfigReader& table, DeviceHost& host)
{
    const Duration bound = VWB_TRY(table.duration_or("poll", Duration(0)));
    if (bound < Duration(0) || bound > AdaptivePoll::LONGEST)
        return table.error("poll", "expected a duration up to 1ms, or 0s for none");
    host.set_poll(bound);
    return {};
}

Result<void> turn_dial(ConfigReader& table, DeviceHost& host)
{
    auto features = VWB_TRY(table.table("features"));
    if (!features)
        return {};
    const FeatureWish wish = VWB_TRY(read_feature_wish(*features));
    auto dial = turn(host.next_dial(), wish, host);
    if (!dial)
        return table.error("features", dial.error().message());
    host.set_next_dial(*dial);
    host.apply_dial();
    return {};
}

} // namespace

RunningDevice::RunningDevice(const DeviceSpec& spec, uint16_t index, std::string socket_path)
    : m_name(spec.name)
    , m_index(index)
    , m_type(spec.type)
    , m_hardware(spec.hardware)
    , m_socket_path(std::move(socket_path))
{
}

Result<std::unique_ptr<RunningDevice>> RunningDevice::start(
    const DeviceSpec& spec, uint16_t index, Clock& clock, const std::string& socket_path)
{
    std::unique_ptr<RunningDevice> running(new RunningDevice(spec, index, socket_path));
    running->m_loop = VWB_TRY(EventLoop::create(clock));
    running->m_thread = std::thread([self = running.get()] {
        block_signals();
        pthread_setname_np(pthread_self(), self->m_name.substr(0, 15).c_str());
        self->m_loop->run();
    });
    std::optional<Result<void>> created;
    running->on_loop([&] { created = running->create(spec); });
    VWB_TRY(std::move(*created));
    return running;
}

Result<void> RunningDevice::create(const DeviceSpec& spec)
{
    auto device = VWB_TRY(make_device(spec, *m_loop));
    m_host = std::make_unique<DeviceHost>(m_name, m_index, *m_loop, std::move(device));
    ConfigReader table(*spec.table);
    VWB_TRY(turn_dial(table, *m_host));
    VWB_TRY(set_poll(table, *m_host));
    const ObservedDevice identity { m_name, m_type->name, m_index, m_type->schema };
    m_gate = std::make_unique<Gate>(
        *m_host, identity, Gate::Options { spec.allow_crash, [this] { disconnect(); } });
    m_listener = VWB_TRY(Listener::bind(*m_host, m_socket_path));
    return {};
}

RunningDevice::~RunningDevice()
{
    // The device and its watches belong to the loop, so that they go while it still runs.
    on_loop([this] {
        m_listener.reset();
        if (m_host)
            m_host->stop_queues();
        m_gate.reset();
        m_host.reset();
    });
    m_loop->stop();
    m_thread.join();
}

BenchDeviceStatus RunningDevice::status()
{
    BenchDeviceStatus status;
    status.stage = to_string(m_listener->stage());
    status.peer_pid = static_cast<int>(m_listener->peer_pid());
    status.problems = m_host->problems().total();
    for (size_t i = 0; i < m_host->queue_count(); ++i) {
        const HostQueue& queue = m_host->queue(i);
        status.requests += queue.counters().requests;
        status.completed += queue.counters().completed;
        status.in_flight += queue.in_flight();
    }
    const Value gate = m_gate->summary();
    status.faults = static_cast<uint64_t>(gate.find("faults")->integer_or(0));
    status.held = static_cast<uint64_t>(gate.find("held")->integer_or(0));
    return status;
}

void RunningDevice::set_problem_listener(std::function<void(const Problem&)> listener)
{
    m_host->problems().set_listener(std::move(listener));
}

Value RunningDevice::features()
{
    Value value = Value::object();
    value.set("dial", to_value(m_host->dial(), *m_host));
    value.set("next_dial", to_value(m_host->next_dial(), *m_host));
    const Value outcome = m_listener->features();
    for (const char* part : { "bits", "protocol_bits" }) {
        const Value* found = outcome.find(part);
        value.set(part, found ? *found : Value());
    }
    return value;
}

Result<void> RunningDevice::turn_features(const Value& wish)
{
    const FeatureWish names = VWB_TRY(feature_wish_of(wish));
    m_host->set_next_dial(VWB_TRY(turn(m_host->next_dial(), names, *m_host)));
    if (!m_listener->connected())
        m_host->apply_dial();
    return {};
}

Result<Value> RunningDevice::queue_snapshot(unsigned queue, uint32_t first, uint32_t count)
{
    return m_host->snapshot_queue(queue, SnapshotWindow { first, count });
}

Value RunningDevice::handshake()
{
    Value value = m_listener->handshake();
    if (value.is_null())
        return value;
    const Value outcome = m_listener->features();
    Inspector device;
    m_host->inspect(device);
    Inspector session;
    m_listener->inspect(session);
    const Value session_tree = std::move(session).tree();
    const Value* inner = session_tree.find("session");
    const auto copy = [&value](const char* name, const Value* from) {
        const Value* found = from ? from->find(name) : nullptr;
        value.set(name, found ? *found : Value());
    };
    copy("bits", &outcome);
    copy("protocol_bits", &outcome);
    copy("memory", inner);
    const Value device_tree = std::move(device).tree();
    copy("config", &device_tree);
    return value;
}

Result<Value> RunningDevice::read_memory(uint64_t guest_address, uint64_t size)
{
    const auto memory = m_listener->memory();
    if (!memory)
        return Error(ErrorKind::Unavailable,
            m_name + " has no guest memory: no front-end has handed any over");
    const auto bytes = memory->translate(guest_address, std::min(size, MOST_MEMORY));
    if (bytes.empty())
        return Error(ErrorKind::NotFound,
            "guest address " + hex_text(guest_address) + " is in no memory region; 'inspect "
                + m_name + ".session.session.memory' lists them");
    // One copy: what the guest changes meanwhile cannot tear the text.
    const std::vector<std::byte> copy(bytes.begin(), bytes.end());
    static constexpr SchemaField all { "bytes", FieldKind::Bytes, 0, 0 };
    Value value = decode_fields(std::span(&all, 1), copy);
    value.set("address", hex_text(guest_address));
    value.set("length", copy.size());
    return value;
}

// A front-end has no message by which it could be told, so that a reset ends its session; the
// device is reset whenever a session ends.
void RunningDevice::reset()
{
    if (m_listener->connected())
        m_listener->disconnect();
    else
        m_host->reset();
}

void RunningDevice::disconnect()
{
    m_listener->disconnect();
}

void RunningDevice::inspect(Inspector& inspector)
{
    inspector.field("name", m_name);
    inspector.field("hardware", m_hardware);
    inspector.field("socket", m_socket_path);
    inspector.child("session", [this](Inspector& inner) { m_listener->inspect(inner); });
    m_host->inspect(inspector);
    inspector.child("gate", [this](Inspector& inner) { m_gate->inspect(inner); });
}

} // namespace vwb
