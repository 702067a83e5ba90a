// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_player.h"

#include <algorithm>

namespace vwb {
namespace {

// Of a device that this program does not know.
constexpr Schema NO_SCHEMA { "unknown", {}, {}, {}, {} };

int64_t integer_of(const Value& body, const char* name)
{
    const Value* value = body.find(name);
    return value ? value->integer_or(0) : 0;
}

std::string text_of(const Value& body, const char* name)
{
    const Value* value = body.find(name);
    return value ? value->string_or("") : "";
}

template <typename Enum, size_t count>
Enum enum_of(const Value& body, const char* name, const Enum (&all)[count])
{
    const std::string text = text_of(body, name);
    for (const Enum value : all) {
        if (text == to_string(value))
            return value;
    }
    return all[0];
}

Problem problem_of(const Value& body)
{
    Problem problem;
    problem.side
        = enum_of(body, "side", { Side::Driver, Side::FrontEnd, Side::Host, Side::Workbench });
    problem.severity
        = enum_of(body, "severity", { Severity::Error, Severity::Warning, Severity::Note });
    problem.rule = text_of(body, "rule");
    problem.clause = text_of(body, "clause");
    problem.message = text_of(body, "message");
    const Value* queue = body.find("queue");
    problem.queue = queue ? static_cast<int>(queue->integer_or(0) & 0xff) : Problem::NO_QUEUE;
    problem.count = static_cast<uint64_t>(integer_of(body, "count"));
    problem.first = TimePoint(Duration(integer_of(body, "first_ns")));
    problem.last = TimePoint(Duration(integer_of(body, "last_ns")));
    return problem;
}

} // namespace

CapturePlayer::CapturePlayer(CaptureReader& reader, const SchemaFinder& schemas)
    : m_reader(reader)
{
    for (const auto& device : reader.header().devices) {
        const Schema* schema = schemas(device.type);
        std::vector<std::string> signals;
        for (const auto& signal : device.signals)
            signals.push_back(signal.name);
        m_devices.push_back({ device.name, device.type, device.index, schema ? schema : &NO_SCHEMA,
            std::move(signals), device.value_names });
        m_joiners.emplace_back(m_devices.back());
    }
}

std::vector<std::string> CapturePlayer::warnings() const
{
    std::vector<std::string> all;
    for (size_t i = 0; i < m_devices.size(); ++i) {
        const CapturedDevice& device = header().devices[i];
        const Schema* schema = m_devices[i].schema;
        if (schema == &NO_SCHEMA)
            all.push_back(device.name + ": this program knows no device of type '" + device.type
                + "', so its requests are not decoded");
        else if (schema_id(*schema) != device.schema_id)
            all.push_back(device.name + ": was recorded by a program with another "
                + "description of " + device.type + " requests (" + header().program + ")");
    }
    return all;
}

Result<void> CapturePlayer::choose(std::string_view filter, uint32_t kinds)
{
    std::vector<const Schema*> schemas;
    for (const auto& device : m_devices) {
        if (std::ranges::find(schemas, device.schema) == schemas.end())
            schemas.push_back(device.schema);
    }
    m_filter = VWB_TRY(Filter::compile(filter, schemas));
    m_kinds = kinds;
    return {};
}

Result<void> CapturePlayer::choose_devices(const std::vector<std::string>& names)
{
    for (const auto& name : names) {
        if (std::ranges::find(m_devices, name, &ObservedDevice::name) != m_devices.end())
            continue;
        std::string known;
        for (const auto& device : m_devices)
            known += (known.empty() ? "" : ", ") + device.name;
        return Error(ErrorKind::NotFound,
            m_reader.name() + ": has no device '" + name + "'; it has: " + known);
    }
    m_names = names;
    return {};
}

bool CapturePlayer::chosen(const ObservedDevice& device) const
{
    return m_names.empty() || std::ranges::find(m_names, device.name) != m_names.end();
}

Result<void> CapturePlayer::play(RecordSink& sink)
{
    std::vector<ObservedDevice> devices;
    for (const auto& device : m_devices) {
        if (chosen(device))
            devices.push_back(device);
    }
    VWB_TRY(sink.begin(m_reader.header(), devices));
    for (;;) {
        auto block = m_reader.next();
        if (!block || !*block) {
            sink.end();
            return block ? Result<void>() : Result<void>(block.error());
        }
        play_block(**block, sink);
        sink.flush();
    }
}

ObservedDevice* CapturePlayer::device_of(const Value& body)
{
    const auto found
        = std::ranges::find(m_devices, integer_of(body, "device"), &ObservedDevice::index);
    return found == m_devices.end() || !chosen(*found) ? nullptr : &*found;
}

void CapturePlayer::tell(const TraceRecord& record, RecordSink& sink)
{
    if ((m_kinds & kind_bit(record.kind)) && chosen(*record.device) && m_filter.matches(record))
        sink.record(record);
}

void CapturePlayer::play_block(const CaptureBlock& block, RecordSink& sink)
{
    for (const auto& event : block.events) { // the reader has checked the index
        const auto device = std::ranges::find(m_devices, event.device, &ObservedDevice::index);
        TraceJoiner& joiner = m_joiners[static_cast<size_t>(device - m_devices.begin())];
        if (event.kind == TraceKind::Payload)
            joiner.add_payload(event);
        else
            tell(joiner.join(event), sink);
    }
    ObservedDevice* device = device_of(block.body);
    if (block.type == BlockType::Problem)
        play_problem(block.body, sink);
    else if (block.type == BlockType::Note)
        sink.note(integer_of(block.body, "time_ns"), text_of(block.body, "text"));
    else if (block.type == BlockType::Loss && device)
        sink.loss(*device, integer_of(block.body, "time_ns"),
            static_cast<uint64_t>(integer_of(block.body, "events")));
    else if (block.type == BlockType::Features && device && block.body.find("features"))
        sink.features(*device, *block.body.find("features"));
}

void CapturePlayer::play_problem(const Value& body, RecordSink& sink)
{
    const ObservedDevice* device = device_of(body);
    if (!device)
        return;
    const Problem problem = problem_of(body);
    TraceRecord record;
    record.kind = RecordKind::Problem;
    record.device = device;
    record.time_ns = problem.last.time_since_epoch().count();
    record.queue = problem.queue;
    const auto queue = static_cast<size_t>(problem.queue);
    if (problem.queue != Problem::NO_QUEUE && queue < device->schema->queues.size())
        record.queue_name = device->schema->queues[queue];
    record.problem = &problem;
    tell(record, sink);
}

} // namespace vwb
