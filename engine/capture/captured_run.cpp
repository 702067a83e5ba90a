// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/captured_run.h"

#include <algorithm>

namespace vwb {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name)
{
    return std::ranges::find(names, name) != names.end();
}

Value without(Value fields, const std::vector<std::string>& names)
{
    auto* members = fields.as_object();
    if (members)
        std::erase_if(*members,
            [&names](const Value::Member& member) { return contains(names, member.first); });
    return fields;
}

// {bit: accepted} of what device.features answers; only bits that were offered.
Value accepted_bits(const Value& features)
{
    Value accepted = Value::object();
    for (const char* part : { "bits", "protocol_bits" }) {
        const Value* bits = features.find(part);
        const auto* entries = bits ? bits->as_list() : nullptr;
        for (size_t i = 0; entries && i < entries->size(); ++i) {
            const Value* name = (*entries)[i].find("name");
            const Value* value = (*entries)[i].find("accepted");
            if (name && value && !value->is_null())
                accepted.set(name->string_or(""), *value);
        }
    }
    return accepted;
}

} // namespace

Value comparable_answer(const SchemaMessage* message, std::span<const std::byte> written,
    uint32_t used_length, const RunVariations& variations)
{
    const SchemaField raw { "bytes", FieldKind::Bytes, 0, 0 };
    Value answer = message ? decode_fields(message->response, written, used_length)
                           : decode_fields(std::span(&raw, 1), written);
    answer = without(std::move(answer), variations.fields);
    answer.set("used_length", used_length);
    return answer;
}

Result<void> CapturedRun::begin(
    const CaptureHeader& header, std::span<const ObservedDevice> devices)
{
    for (const auto& device : devices) {
        m_by_device[device.name] = m_variations(device.type);
        if (const CapturedDevice* captured = header.find(device.index))
            m_accepted[device.name] = accepted_bits(captured->features);
    }
    return {};
}

void CapturedRun::record(const TraceRecord& record)
{
    m_stats.record(record);
    if (record.kind != RecordKind::Request)
        return;
    const RunVariations& variations = m_by_device[record.device->name];
    const uint32_t used = record.used_length.value_or(0);
    CapturedRequest request;
    request.number = record.request;
    request.name = record.name;
    request.injected = record.injected;
    request.waits = contains(variations.waiting, record.name);
    request.readable_bytes = record.readable_bytes.value_or(0);
    request.writable_bytes = record.writable_bytes.value_or(used);
    request.complete = record.readable_bytes && record.readable.size() == *record.readable_bytes;
    request.readable.assign(record.readable.begin(), record.readable.end());
    request.recorded_answer = record.written.size();
    request.answered_ns = record.time_ns;
    request.taken_ns = record.time_ns - record.latency_ns.value_or(0);
    if (record.message)
        request.fields = without(
            decode_fields(record.message->request, record.readable, request.readable_bytes),
            variations.fields);
    request.answer = comparable_answer(record.message, record.written, used, variations);
    m_requests[{ record.device->name, record.queue }].push_back(std::move(request));
}

void CapturedRun::loss(const ObservedDevice& device, int64_t time_ns, uint64_t events)
{
    m_stats.loss(device, time_ns, events);
}

void CapturedRun::features(const ObservedDevice& device, const Value& features)
{
    Value accepted = accepted_bits(features);
    if (!accepted.as_object()->empty())
        m_accepted[device.name] = std::move(accepted);
}

void CapturedRun::end()
{
    for (auto& [queue, requests] : m_requests)
        std::ranges::stable_sort(requests, {}, &CapturedRequest::number);
}

} // namespace vwb
