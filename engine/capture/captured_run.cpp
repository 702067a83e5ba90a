// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/captured_run.h"

#include "engine/vhost_user/message.h"

#include <algorithm>

namespace vwb {
namespace {

// What may differ when the same is done again tells nothing.
Value without_varying(Value values, std::span<const SchemaField> fields)
{
    std::erase_if(*values.as_object(), [fields](const Value::Member& member) {
        return std::ranges::any_of(fields, [&member](const SchemaField& field) {
            return field.varies && member.first == field.name;
        });
    });
    return values;
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

// Feature bits that are set, or unset where they are known.
void take_over(uint64_t features, const Schema& schema, Value& accepted)
{
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::string name = feature_name(schema, bit);
        const bool set = (features >> bit & 1) != 0;
        if (set || accepted.find(name))
            accepted.set(name, set);
    }
}

} // namespace

Value comparable_answer(
    const SchemaMessage* message, std::span<const std::byte> written, uint32_t used_length)
{
    const SchemaField raw { "bytes", FieldKind::Bytes, 0, 0 };
    const auto fields = message ? message->response : std::span(&raw, 1);
    Value answer = without_varying(decode_fields(fields, written, used_length), fields);
    answer.set("used_length", used_length);
    return answer;
}

Result<void> CapturedRun::begin(
    const CaptureHeader& header, std::span<const ObservedDevice> devices)
{
    for (const auto& device : devices) {
        if (const CapturedDevice* captured = header.find(device.index))
            m_accepted[device.name] = accepted_bits(captured->features);
    }
    return {};
}

// A session may be over before anybody could ask the device what was negotiated.
void CapturedRun::set_features(const TraceRecord& message)
{
    const ObservedDevice& device = *message.device;
    const uint64_t features = load_unsigned(message.readable.first(sizeof(uint64_t)));
    m_told[device.name] = features;
    Value& accepted = m_accepted.try_emplace(device.name, Value::object()).first->second;
    take_over(features, *device.schema, accepted);
}

void CapturedRun::record(const TraceRecord& record)
{
    m_stats.record(record);
    const bool accepted = record.kind == RecordKind::Message && record.verdict == 0;
    if (accepted && record.number == static_cast<uint32_t>(FrontEndMessage::SetFeatures)
        && record.readable.size() >= sizeof(uint64_t))
        set_features(record);
    if (record.kind != RecordKind::Request)
        return;
    const uint32_t used = record.used_length.value_or(0);
    CapturedRequest request;
    request.number = record.request;
    request.name = record.name;
    request.injected = record.injected;
    request.waits = record.message && record.message->waits;
    request.readable_bytes = record.readable_bytes.value_or(0);
    request.writable_bytes = record.writable_bytes.value_or(used);
    request.complete = record.readable_bytes && record.readable.size() == *record.readable_bytes;
    request.readable.assign(record.readable.begin(), record.readable.end());
    request.recorded_answer = record.written.size();
    request.answered_ns = record.time_ns;
    request.taken_ns = record.time_ns - record.latency_ns.value_or(0);
    if (record.message)
        request.fields = without_varying(
            decode_fields(record.message->request, record.readable, request.readable_bytes),
            record.message->request);
    request.answer = comparable_answer(record.message, record.written, used);
    m_requests[{ record.device->name, record.queue }].push_back(std::move(request));
}

void CapturedRun::loss(const ObservedDevice& device, int64_t time_ns, uint64_t events)
{
    m_stats.loss(device, time_ns, events);
}

void CapturedRun::features(const ObservedDevice& device, const Value& features)
{
    Value accepted = accepted_bits(features);
    if (accepted.as_object()->empty())
        return;
    // The device may have been asked before the driver had accepted them: a message knows better.
    if (const auto told = m_told.find(device.name); told != m_told.end())
        take_over(told->second, *device.schema, accepted);
    m_accepted[device.name] = std::move(accepted);
}

void CapturedRun::end()
{
    for (auto& [queue, requests] : m_requests)
        std::ranges::stable_sort(requests, {}, &CapturedRequest::number);
}

} // namespace vwb
