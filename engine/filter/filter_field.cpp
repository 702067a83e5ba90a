// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/filter/filter_field.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vwb {
namespace {

constexpr std::array COMMON_FIELDS {
    CommonFieldInfo { "device", CommonField::Device, FieldType::Text, "name: gpio0" },
    CommonFieldInfo { "type", CommonField::Type, FieldType::Text, "type of the device: gpio" },
    CommonFieldInfo { "kind", CommonField::Kind, FieldType::Text,
        "request, popped, problem, signal, message, state, kick, call, gate" },
    CommonFieldInfo { "queue", CommonField::Queue, FieldType::Text, "name, or number from 0" },
    CommonFieldInfo { "name", CommonField::Name, FieldType::Text, "of the request: GET_VALUE" },
    CommonFieldInfo { "origin", CommonField::Origin, FieldType::Text, "guest or injected" },
    CommonFieldInfo { "request", CommonField::Request, FieldType::Number, "number, from 1" },
    CommonFieldInfo {
        "latency", CommonField::Latency, FieldType::Time, "from the pop to the completion" },
    CommonFieldInfo { "used_length", CommonField::UsedLength, FieldType::Size, "bytes written" },
    CommonFieldInfo { "readable_bytes", CommonField::ReadableBytes, FieldType::Size,
        "of the device-readable part" },
    CommonFieldInfo { "writable_bytes", CommonField::WritableBytes, FieldType::Size,
        "of the device-writable part" },
    CommonFieldInfo { "signal", CommonField::Signal, FieldType::Text, "name of a signal" },
    CommonFieldInfo {
        "value", CommonField::Value, FieldType::Number, "of a signal, its whole part" },
    CommonFieldInfo { "rule", CommonField::Rule, FieldType::Text,
        "that a problem broke, or that a gate followed" },
    CommonFieldInfo { "side", CommonField::Side, FieldType::Text,
        "of a problem: driver, front-end, host, workbench" },
    CommonFieldInfo {
        "severity", CommonField::Severity, FieldType::Text, "of a problem: note, warning, error" },
};

FieldType type_of(const SchemaField& field)
{
    if (field.kind == FieldKind::Text)
        return FieldType::Text;
    return field.kind == FieldKind::Bytes ? FieldType::Bytes : FieldType::Number;
}

class FieldCollector {
public:
    enum class What { Value, Name };

    void add(const std::string& name, const SchemaPlace& place, What what = What::Value)
    {
        const auto known = std::ranges::find(m_fields, name, &FilterField::name);
        if (known != m_fields.end()) {
            known->places.push_back(place);
            return;
        }
        const bool by_name = what == What::Name;
        m_fields.push_back(
            { name, by_name ? FieldType::Text : type_of(*place.field), {}, { place }, by_name });
    }
    void add(const CommonFieldInfo& common)
    {
        m_fields.push_back({ common.name, common.type, common.field, {} });
    }
    std::vector<FilterField> take() { return std::move(m_fields); }

private:
    std::vector<FilterField> m_fields;
};

bool is_common(std::string_view name)
{
    return std::ranges::any_of(
        COMMON_FIELDS, [name](const CommonFieldInfo& common) { return name == common.name; });
}

void add_message(FieldCollector& fields, const std::string& prefix, const SchemaMessage& message)
{
    const auto add_part = [&](std::span<const SchemaField> part, bool in_response) {
        for (const auto& field : part) {
            if (field.kind == FieldKind::Padding)
                continue;
            const SchemaPlace place { &message, &field, in_response };
            fields.add(prefix + field.name, place);
            if (field.named)
                fields.add(prefix + field.name + ".name", place, FieldCollector::What::Name);
            if (in_response && !is_common(field.name))
                fields.add(field.name, place);
        }
    };
    add_part(message.request, false);
    add_part(message.response, true);
}

template <typename T> std::optional<int64_t> as_number(const std::optional<T>& value)
{
    return value ? std::optional<int64_t>(static_cast<int64_t>(*value)) : std::nullopt;
}

bool is_request(const TraceRecord& record)
{
    return record.kind == RecordKind::Request || record.kind == RecordKind::Popped;
}

bool has_request_number(const TraceRecord& record)
{
    return is_request(record) || record.kind == RecordKind::Gate;
}

std::optional<std::string_view> non_empty(std::string_view text)
{
    return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<int64_t> signal_value(const TraceRecord& record)
{
    if (record.kind != RecordKind::Signal || !std::isfinite(record.value))
        return {};
    constexpr double most = 9.2e18; // of what 64 bits hold
    return static_cast<int64_t>(std::clamp(std::floor(record.value), -most, most));
}

std::optional<std::string_view> problem_text(const TraceRecord& record, CommonField field)
{
    if (!record.problem)
        return {};
    if (field == CommonField::Side)
        return to_string(record.problem->side);
    if (field == CommonField::Severity)
        return to_string(record.problem->severity);
    return record.problem->rule;
}

} // namespace

const char* to_string(FieldType type)
{
    static constexpr std::array names { "number", "size", "duration", "text", "bytes" };
    return names[static_cast<size_t>(type)];
}

std::span<const CommonFieldInfo> common_fields()
{
    return COMMON_FIELDS;
}

std::vector<FilterField> filter_fields(std::span<const Schema* const> schemas)
{
    FieldCollector fields;
    for (const auto& common : COMMON_FIELDS)
        fields.add(common);
    for (const Schema* schema : schemas) {
        for (const auto& message : schema->messages)
            add_message(fields, std::string(schema->device) + ".", message);
    }
    return fields.take();
}

std::optional<int64_t> number_of(const TraceRecord& record, CommonField field)
{
    switch (field) {
    case CommonField::Queue:
        return record.queue == TraceRecord::NO_QUEUE ? std::nullopt
                                                     : std::optional<int64_t>(record.queue);
    case CommonField::Request:
        return has_request_number(record) ? std::optional<int64_t>(record.request) : std::nullopt;
    case CommonField::Latency:
        return record.latency_ns;
    case CommonField::UsedLength:
        return as_number(record.used_length);
    case CommonField::ReadableBytes:
        return as_number(record.readable_bytes);
    case CommonField::WritableBytes:
        return as_number(record.writable_bytes);
    case CommonField::Value:
        return signal_value(record);
    default:
        return {};
    }
}

std::optional<std::string_view> text_of(const TraceRecord& record, CommonField field)
{
    switch (field) {
    case CommonField::Device:
        return record.device->name;
    case CommonField::Type:
        return record.device->type;
    case CommonField::Kind:
        return to_string(record.kind);
    case CommonField::Queue:
        return non_empty(record.queue_name);
    case CommonField::Name:
        return non_empty(record.name);
    case CommonField::Origin:
        return is_request(record) ? non_empty(record.injected ? "injected" : "guest")
                                  : std::nullopt;
    case CommonField::Signal:
        return non_empty(record.signal);
    case CommonField::Rule:
        return record.kind == RecordKind::Gate ? non_empty(record.text)
                                               : problem_text(record, field);
    case CommonField::Side:
    case CommonField::Severity:
        return problem_text(record, field);
    default:
        return {};
    }
}

std::optional<std::string_view> name_of(const TraceRecord& record, const SchemaPlace& place)
{
    const auto bytes = bytes_of(record, place);
    if (bytes.empty())
        return {};
    return non_empty(
        record.device->value_name(place.field->named, field_number(*place.field, bytes)));
}

std::span<const std::byte> bytes_of(const TraceRecord& record, const SchemaPlace& place)
{
    if (record.message != place.message)
        return {};
    const auto bytes = place.in_response ? record.written : record.readable;
    const auto size = place.in_response ? record.used_length : record.readable_bytes;
    return field_bytes(*place.field, bytes, size.value_or(static_cast<uint32_t>(bytes.size())));
}

} // namespace vwb
