// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/export_perfetto.h"

#include "engine/capture/little_endian_text.h"
#include "engine/control/event_text.h"
#include "engine/control/record_value.h"

#include <algorithm>

namespace vwb {
namespace {

// protobuf: field numbers of perfetto.protos.
namespace trace {
constexpr unsigned PACKET = 1;
}
namespace trace_packet {
constexpr unsigned TIMESTAMP = 8;
constexpr unsigned SEQUENCE_ID = 10;
constexpr unsigned TRACK_EVENT = 11;
constexpr unsigned SEQUENCE_FLAGS = 13;
constexpr unsigned TIMESTAMP_CLOCK_ID = 58;
constexpr unsigned TRACK_DESCRIPTOR = 60;
} // namespace trace_packet
namespace track_descriptor {
constexpr unsigned UUID = 1;
constexpr unsigned NAME = 2;
constexpr unsigned PARENT_UUID = 5;
} // namespace track_descriptor
namespace track_event {
constexpr unsigned DEBUG_ANNOTATION = 4;
constexpr unsigned TYPE = 9;
constexpr unsigned TRACK_UUID = 11;
constexpr unsigned CATEGORY = 22;
constexpr unsigned NAME = 23;
constexpr unsigned FLOW_ID = 47;
constexpr uint64_t SLICE_BEGIN = 1;
constexpr uint64_t SLICE_END = 2;
constexpr uint64_t INSTANT = 3;
} // namespace track_event
namespace debug_annotation {
constexpr unsigned STRING_VALUE = 6;
constexpr unsigned NAME = 10;
} // namespace debug_annotation
constexpr uint64_t CLOCK_MONOTONIC_ID = 3; // BUILTIN_CLOCK_MONOTONIC
constexpr uint64_t SEQUENCE = 1;
constexpr uint64_t INCREMENTAL_STATE_CLEARED = 1;
// Flows that wait for a call: a driver that polls gets none.
constexpr size_t MAX_WAITING = 64;

void append_varint(std::string& out, uint64_t value)
{
    while (value >= 0x80) {
        out.push_back(static_cast<char>((value & 0x7f) | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

void number(std::string& out, unsigned field, uint64_t value)
{
    append_varint(out, field << 3);
    append_varint(out, value);
}

void fixed64(std::string& out, unsigned field, uint64_t value)
{
    append_varint(out, field << 3 | 1);
    append_little_endian(out, value);
}

void bytes(std::string& out, unsigned field, std::string_view value)
{
    append_varint(out, field << 3 | 2);
    append_varint(out, value.size());
    out += value;
}

void annotate(std::string& event, std::string_view name, std::string_view text)
{
    std::string annotation;
    bytes(annotation, debug_annotation::NAME, name);
    bytes(annotation, debug_annotation::STRING_VALUE, text);
    bytes(event, track_event::DEBUG_ANNOTATION, annotation);
}

std::string event_head(uint64_t type, uint64_t track)
{
    std::string event;
    number(event, track_event::TYPE, type);
    number(event, track_event::TRACK_UUID, track);
    return event;
}

// Of one request, the same wherever it is told: device, number.
uint64_t flow_of(const TraceRecord& record)
{
    return uint64_t { record.device->index } << 33 | uint64_t { record.request } << 1 | 1;
}

// From a kick to the requests that it brought: they are popped right before it is told.
uint64_t kick_flow_of(uint16_t device, uint32_t request)
{
    return uint64_t { device } << 33 | uint64_t { request } << 1;
}

} // namespace

void PerfettoExport::write(std::string_view packet)
{
    std::string out;
    bytes(out, trace::PACKET, packet);
    m_out.write(out);
}

uint64_t PerfettoExport::add_track(uint64_t parent, const std::string& name)
{
    std::string descriptor;
    number(descriptor, track_descriptor::UUID, m_next_track);
    bytes(descriptor, track_descriptor::NAME, name);
    if (parent != 0)
        number(descriptor, track_descriptor::PARENT_UUID, parent);
    std::string packet;
    number(packet, trace_packet::SEQUENCE_ID, SEQUENCE);
    bytes(packet, trace_packet::TRACK_DESCRIPTOR, descriptor);
    write(packet);
    return m_next_track++;
}

Result<void> PerfettoExport::begin(
    const CaptureHeader& header, std::span<const ObservedDevice> devices)
{
    for (const auto& device : devices)
        m_devices[device.index]
            = add_track(0, device.name + " (" + device.type + ", bench " + header.bench + ")");
    m_notes = add_track(0, "notes");
    return {};
}

uint64_t PerfettoExport::device_track(const ObservedDevice& device)
{
    const auto found = m_devices.find(device.index);
    return found == m_devices.end() ? m_notes : found->second;
}

PerfettoExport::Lanes& PerfettoExport::lanes_of(const TraceRecord& record)
{
    Lanes& lanes = m_queues[{ record.device->index, record.queue }];
    if (lanes.notifications == 0) {
        const std::string name = record.queue_name.empty() ? "queue " + std::to_string(record.queue)
                                                           : std::string(record.queue_name);
        lanes.notifications = add_track(device_track(*record.device), name + " kicks and calls");
    }
    return lanes;
}

// Slices of one track nest, so that requests that overlap need tracks of their own.
uint64_t PerfettoExport::lane_for(Lanes& lanes, const TraceRecord& record, int64_t start_ns)
{
    size_t lane = 0;
    while (lane < lanes.free_ns.size() && lanes.free_ns[lane] > start_ns)
        ++lane;
    if (lane == lanes.free_ns.size()) {
        lanes.free_ns.push_back(0);
        const std::string name(record.queue_name.empty() ? "queue" : record.queue_name);
        lanes.tracks.push_back(add_track(device_track(*record.device),
            lane == 0 ? name : name + " " + std::to_string(lane + 1)));
    }
    lanes.free_ns[lane] = record.time_ns;
    return lanes.tracks[lane];
}

void PerfettoExport::packet(int64_t time_ns, std::string_view track_event)
{
    std::string packet;
    number(packet, trace_packet::TIMESTAMP, static_cast<uint64_t>(std::max<int64_t>(time_ns, 0)));
    number(packet, trace_packet::TIMESTAMP_CLOCK_ID, CLOCK_MONOTONIC_ID);
    number(packet, trace_packet::SEQUENCE_ID, SEQUENCE);
    if (!std::exchange(m_started, true))
        number(packet, trace_packet::SEQUENCE_FLAGS, INCREMENTAL_STATE_CLEARED);
    bytes(packet, trace_packet::TRACK_EVENT, track_event);
    write(packet);
}

void PerfettoExport::instant(int64_t time_ns, uint64_t track, std::string_view name,
    std::string_view details, const std::vector<uint64_t>& flows)
{
    std::string event = event_head(track_event::INSTANT, track);
    bytes(event, track_event::NAME, name);
    for (const uint64_t flow : flows)
        fixed64(event, track_event::FLOW_ID, flow);
    if (!details.empty())
        annotate(event, "details", details);
    packet(time_ns, event);
}

void PerfettoExport::record(const TraceRecord& record)
{
    switch (record.kind) {
    case RecordKind::Request:
        request(record);
        break;
    case RecordKind::Popped:
        popped(record);
        break;
    case RecordKind::Kick:
    case RecordKind::Call:
    case RecordKind::CallSuppressed:
        notification(record);
        break;
    default:
        instant(record.time_ns, device_track(*record.device),
            record.kind == RecordKind::Problem ? record.problem->rule
                                               : std::string(to_string(record.kind)),
            event_text(event_of(record)));
    }
}

void PerfettoExport::request(const TraceRecord& record)
{
    Lanes& lanes = lanes_of(record);
    const int64_t start_ns = record.time_ns - record.latency_ns.value_or(0);
    const uint64_t track = lane_for(lanes, record, start_ns);
    std::string begin = event_head(track_event::SLICE_BEGIN, track);
    bytes(begin, track_event::CATEGORY, record.device->type);
    bytes(begin, track_event::NAME, record.name);
    fixed64(begin, track_event::FLOW_ID, kick_flow_of(record.device->index, record.request));
    fixed64(begin, track_event::FLOW_ID, flow_of(record));
    annotate(begin, "details", event_text(event_of(record)));
    packet(start_ns, begin);
    packet(record.time_ns, event_head(track_event::SLICE_END, track));
    if (lanes.to_call.size() == MAX_WAITING)
        lanes.to_call.erase(lanes.to_call.begin());
    lanes.to_call.push_back(flow_of(record));
    if (lanes.parked.erase(record.request) == 0)
        taken(lanes, record, start_ns);
}

// Its slice is told when the request ends.
void PerfettoExport::popped(const TraceRecord& record)
{
    Lanes& lanes = lanes_of(record);
    if (lanes.parked.size() == MAX_WAITING)
        lanes.parked.erase(lanes.parked.begin());
    lanes.parked.insert(record.request);
    taken(lanes, record, record.time_ns);
}

void PerfettoExport::taken(Lanes& lanes, const TraceRecord& record, int64_t start_ns)
{
    if (lanes.to_kick.size() == MAX_WAITING)
        lanes.to_kick.erase(lanes.to_kick.begin());
    lanes.to_kick.emplace_back(kick_flow_of(record.device->index, record.request), start_ns);
}

// A kick is told after the requests that it brought: it came before the first of them.
void PerfettoExport::notification(const TraceRecord& record)
{
    Lanes& lanes = lanes_of(record);
    std::vector<uint64_t> flows;
    int64_t time_ns = record.time_ns;
    if (record.kind == RecordKind::Kick) {
        const auto brought = std::exchange(lanes.to_kick, {});
        const size_t count = std::min<size_t>(record.number, brought.size());
        for (size_t i = brought.size() - count; i < brought.size(); ++i) {
            flows.push_back(brought[i].first);
            time_ns = std::min(time_ns, brought[i].second - 1);
        }
    } else {
        flows = std::exchange(lanes.to_call, {});
    }
    instant(
        time_ns, lanes.notifications, to_string(record.kind), event_text(event_of(record)), flows);
}

void PerfettoExport::note(int64_t time_ns, std::string_view text)
{
    instant(time_ns, m_notes, text, "");
}

void PerfettoExport::loss(const ObservedDevice& device, int64_t time_ns, uint64_t events)
{
    instant(time_ns, device_track(device), "lost",
        std::to_string(events) + " events lost before they were recorded");
}

} // namespace vwb
