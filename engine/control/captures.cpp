// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/control/captures.h"

#include "engine/control/device_actions.h"
#include "engine/control/json.h"
#include "engine/device/value_names.h"
#include "engine/gate/gate.h"

#include <algorithm>
#include <chrono>

namespace vwb {
namespace {

// What a device shows of its hardware is kept if it is not more than this, as JSON.
constexpr size_t MAX_HARDWARE_STATE = size_t { 64 } << 10;

Value faults_of(BenchDevice& device)
{
    const Gate* gate = device.gate();
    return gate ? gate->faults().list() : Value::list();
}

// On the device's loop: {signals, features, faults, hardware_state}
Result<Value> facts_of(BenchDevice& device)
{
    Value facts = Value::object();
    const auto signals = call_action(device, "signals", Value::object());
    facts.set("signals", signals ? *signals : Value::list());
    facts.set("features", device.features());
    facts.set("faults", faults_of(device));
    Inspector inspector;
    device.inspect(inspector);
    const Value tree = std::move(inspector).tree();
    const Value* state = tree.find("device");
    if (state && to_json(*state).size() <= MAX_HARDWARE_STATE)
        facts.set("hardware_state", *state);
    return facts;
}

CapturedDevice describe_device(const BenchDevice& device, const Value& facts)
{
    CapturedDevice captured { device.name(), device.type(), device.index(), device.device_id(),
        device.hardware(), schema_id(device.schema()) };
    const Value* signals = facts.find("signals");
    const auto* entries = signals ? signals->as_list() : nullptr;
    for (size_t i = 0; entries && i < entries->size(); ++i) {
        const Value* name = (*entries)[i].find("name");
        const Value* value = (*entries)[i].find("value");
        captured.signals.push_back(
            { name ? name->string_or("") : "", value ? value->number_or(0) : 0 });
    }
    if (signals)
        captured.value_names = value_names_of(device.schema(), *signals);
    const auto fact = [&facts](const char* name) {
        const Value* value = facts.find(name);
        return value ? *value : Value();
    };
    captured.features = fact("features");
    captured.faults = fact("faults");
    captured.hardware_state = fact("hardware_state");
    return captured;
}

Error no_such(uint64_t id)
{
    return { ErrorKind::NotFound, "there is no capture " + std::to_string(id) };
}

} // namespace

Captures::Captures(
    BenchView& bench, EventLoop& control, DeviceCalls& calls, Subscriptions& subscriptions)
    : m_bench(bench)
    , m_control(control)
    , m_calls(calls)
    , m_subscriptions(subscriptions)
    , m_self(std::make_shared<Captures*>(this))
{
}

Captures::~Captures()
{
    *m_self = nullptr;
    listen_to_problems(false);
}

void Captures::listen_to_problems(bool on)
{
    ProblemFeed& problems = m_subscriptions.problems();
    if (on && m_problem_key == 0) {
        m_problem_key = problems.add(
            [this](size_t device, const Problem& problem) { on_problem(device, problem); });
    } else if (!on && m_problem_key != 0) {
        problems.remove(std::exchange(m_problem_key, 0));
    }
}

size_t Captures::running() const
{
    return static_cast<size_t>(
        std::ranges::count_if(m_entries, [](const auto& entry) { return !entry.second.ended; }));
}

Result<void> Captures::check(const CaptureWish& wish, size_t running)
{
    if (wish.path.empty() == (wish.memory == 0))
        return Error(ErrorKind::Invalid, "name either a path or so many bytes of memory");
    if (!wish.path.empty() && wish.path.front() != '/')
        return Error(ErrorKind::Invalid,
            "path: '" + wish.path.substr(0, 100) + "' is not absolute: the bench runs elsewhere");
    if (wish.memory > MAX_MEMORY)
        return Error(ErrorKind::Limit, "memory: at most " + std::to_string(MAX_MEMORY) + " bytes");
    if (running >= MAX_CAPTURES)
        return Error(ErrorKind::Limit,
            std::to_string(MAX_CAPTURES) + " captures run already; stop one (capture.list)");
    return {};
}

void Captures::start(uint64_t client, CaptureWish wish, Done done)
{
    auto possible = check(wish, running());
    auto filter = Filter::compile(wish.filter, m_subscriptions.schemas());
    if (!possible || !filter) {
        done(possible ? filter.error() : possible.error());
        return;
    }
    const uint64_t id = m_next_id++;
    const auto devices = wish.devices;
    m_entries.emplace(id, Entry { client, std::move(wish), nullptr, {}, false });
    m_calls.call_all(devices, facts_of,
        [self = m_self, id, answer = std::move(done)](std::vector<Result<Value>> facts) mutable {
            if (*self)
                (*self)->begin(id, std::move(facts), std::move(answer));
        });
}

RecordingPlan Captures::plan_of(
    const CaptureWish& wish, const std::vector<Result<Value>>& facts) const
{
    RecordingPlan plan;
    plan.header.program = "vhost-workbench " VWB_VERSION;
    plan.header.bench = m_bench.name();
    plan.header.filter = wish.filter;
    plan.header.payload = wish.payload;
    plan.header.clock_ns = m_control.clock().now().time_since_epoch().count();
    plan.header.wall_ns
        = std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())
              .count();
    for (size_t i = 0; i < wish.devices.size(); ++i) {
        BenchDevice& device = *wish.devices[i];
        // A device that does not answer now is recorded all the same.
        auto captured = describe_device(device, facts[i] ? *facts[i] : Value::object());
        ObservedDevice observed { device.name(), device.type(), device.index(), &device.schema(),
            {}, captured.value_names };
        for (const auto& signal : captured.signals)
            observed.signals.push_back(signal.name);
        plan.header.devices.push_back(std::move(captured));
        plan.traces.push_back({ &device.trace(), std::move(observed) });
    }
    plan.filter = Filter::compile(wish.filter, m_subscriptions.schemas()).value();
    plan.requests = wish.requests;
    plan.time = wish.time;
    return plan;
}

Result<std::unique_ptr<CaptureRecorder>> Captures::recorder_of(
    uint64_t id, const CaptureWish& wish, const std::vector<Result<Value>>& facts)
{
    std::unique_ptr<BlockSink> sink;
    if (wish.path.empty())
        sink = std::make_unique<MemorySink>(wish.memory);
    else
        sink = VWB_TRY(open_block_sink(wish.path, wish.limit));
    const auto tell = [id, self = m_self, &control = m_control](auto news) {
        control.post([self, id, news] {
            if (*self)
                news(**self, id);
        });
    };
    return CaptureRecorder::start(plan_of(wish, facts), std::move(sink), m_control.clock(),
        { [tell](uint16_t device) {
             tell([device](
                      Captures& captures, uint64_t which) { captures.on_state(which, device); });
         },
            [tell] { tell([](Captures& captures, uint64_t which) { captures.on_end(which); }); } });
}

void Captures::begin(uint64_t id, std::vector<Result<Value>> facts, Done done)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end()) { // its client has gone
        done(no_such(id));
        return;
    }
    Entry& entry = found->second;
    auto recorder = recorder_of(id, entry.wish, facts);
    if (!recorder) {
        m_entries.erase(found);
        done(recorder.error());
        return;
    }
    entry.recorder = std::move(*recorder);
    listen_to_problems(true);
    done(status_of(id, entry));
}

void Captures::stop(uint64_t id, Done done)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end() || !found->second.recorder) {
        done(no_such(id));
        return;
    }
    Entry& entry = found->second;
    if (entry.ended) {
        done(status_of(id, entry));
        return;
    }
    entry.waiting.push_back(std::move(done));
    entry.recorder->stop("stopped");
}

void Captures::on_end(uint64_t id)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end())
        return;
    Entry& entry = found->second;
    entry.ended = true;
    const Value status = status_of(id, entry);
    for (auto& done : std::exchange(entry.waiting, {}))
        done(Value(status));
    forget_old();
    listen_to_problems(running() > 0);
}

void Captures::forget_old()
{
    size_t ended = m_entries.size() - running();
    for (auto entry = m_entries.begin(); entry != m_entries.end() && ended > MAX_ENDED;) {
        if (entry->second.ended) {
            entry = m_entries.erase(entry);
            --ended;
        } else {
            ++entry;
        }
    }
}

// What was negotiated is known when the session says that it goes on.
void Captures::on_state(uint64_t id, uint16_t device)
{
    const auto found = std::ranges::find(m_bench.devices(), device, &BenchDevice::index);
    if (found == m_bench.devices().end())
        return;
    m_calls.call(
        **found, [](BenchDevice& target) -> Result<Value> { return target.features(); },
        [self = m_self, id, device](Result<Value> features) {
            if (!*self || !features)
                return;
            const auto entry = (*self)->m_entries.find(id);
            if (entry == (*self)->m_entries.end() || !entry->second.recorder)
                return;
            Value body = Value::object();
            body.set("time_ns", (*self)->m_control.clock().now().time_since_epoch().count());
            body.set("device", device);
            body.set("features", std::move(*features));
            entry->second.recorder->add(BlockType::Features, std::move(body));
        });
}

void Captures::on_problem(size_t device, const Problem& problem)
{
    const uint16_t index = m_bench.devices()[device]->index();
    Value body = to_value(problem);
    body.set("device", index);
    for (auto& [id, entry] : m_entries) {
        const bool concerned = std::ranges::any_of(entry.wish.devices,
            [index](const BenchDevice* wanted) { return wanted->index() == index; });
        if (entry.recorder && !entry.ended && concerned)
            entry.recorder->add(BlockType::Problem, body);
    }
}

Result<void> Captures::note(uint64_t id, const std::string& text)
{
    Value body = Value::object();
    body.set("time_ns", m_control.clock().now().time_since_epoch().count());
    body.set("text", text);
    bool written = false;
    for (auto& [number, entry] : m_entries) {
        if ((id != 0 && id != number) || !entry.recorder || entry.ended)
            continue;
        entry.recorder->add(BlockType::Note, body);
        written = true;
    }
    if (!written)
        return id != 0 ? no_such(id)
                       : Error(ErrorKind::NotFound, "nothing is recorded that could get a note");
    return {};
}

Result<Value> Captures::save(uint64_t id, const std::string& path)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end() || !found->second.recorder)
        return no_such(id);
    const auto* memory = dynamic_cast<const MemorySink*>(&found->second.recorder->sink());
    if (!memory)
        return Error(ErrorKind::Invalid, "capture " + std::to_string(id) + " is in a file already");
    if (path.empty() || path.front() != '/')
        return Error(ErrorKind::Invalid, "path: an absolute path is expected");
    const auto sink = VWB_TRY(open_block_sink(path, 0));
    VWB_TRY(memory->copy_to(*sink));
    if (!found->second.ended) { // it goes on; the copy ends here
        CaptureWriter writer(*sink);
        Value body = Value::object();
        body.set("time_ns", m_control.clock().now().time_since_epoch().count());
        body.set("reason", "saved");
        body.set("events", found->second.recorder->status().events);
        body.set("lost", found->second.recorder->status().lost);
        VWB_TRY(writer.end(body));
    }
    Value result = status_of(id, found->second);
    result.set("saved", path);
    return result;
}

Result<Value> Captures::status(uint64_t id) const
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end())
        return no_such(id);
    return status_of(id, found->second);
}

Value Captures::list() const
{
    Value list = Value::list();
    for (const auto& [id, entry] : m_entries)
        list.append(status_of(id, entry));
    return list;
}

Value Captures::status_of(uint64_t id, const Entry& entry) const
{
    const RecordingStatus status = entry.recorder ? entry.recorder->status() : RecordingStatus();
    Value value = Value::object();
    value.set("capture", id);
    value.set("running", status.running);
    value.set("path", entry.wish.path);
    value.set("memory", entry.wish.memory);
    value.set("filter", entry.wish.filter);
    value.set("payload", PAYLOAD_MODE_NAMES[static_cast<size_t>(entry.wish.payload)]);
    value.set("events", status.events);
    value.set("requests", status.requests);
    value.set("lost", status.lost);
    value.set("bytes", status.bytes);
    value.set("reason", status.reason);
    value.set("error", status.error);
    return value;
}

void Captures::remove_client(uint64_t client)
{
    for (auto entry = m_entries.begin(); entry != m_entries.end();) {
        if (entry->second.client != client || entry->second.wish.detached) {
            ++entry;
        } else if (entry->second.recorder) {
            entry->second.recorder->stop("its client went away");
            ++entry;
        } else {
            entry = m_entries.erase(entry);
        }
    }
}

} // namespace vwb
