// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/schema.h"

#include "engine/base/inspector.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace vwb {
namespace {

// virtio 1.4, 6 and vhost-user's own two bits.
constexpr std::array COMMON_FEATURES { EnumName { 24, "NOTIFY_ON_EMPTY" },
    EnumName { 26, "LOG_ALL" }, EnumName { 27, "ANY_LAYOUT" }, EnumName { 28, "INDIRECT_DESC" },
    EnumName { 29, "EVENT_IDX" }, EnumName { 30, "PROTOCOL_FEATURES" },
    EnumName { 32, "VERSION_1" }, EnumName { 33, "ACCESS_PLATFORM" },
    EnumName { 34, "RING_PACKED" }, EnumName { 35, "IN_ORDER" }, EnumName { 36, "ORDER_PLATFORM" },
    EnumName { 37, "SR_IOV" }, EnumName { 38, "NOTIFICATION_DATA" },
    EnumName { 39, "NOTIF_CONFIG_DATA" }, EnumName { 40, "RING_RESET" },
    EnumName { 41, "ADMIN_VQ" }, EnumName { 43, "SUSPEND" } };

std::string hex_bytes(std::span<const std::byte> bytes)
{
    std::string text;
    for (const std::byte byte : bytes) {
        char pair[4];
        std::snprintf(pair, sizeof pair, "%02x", std::to_integer<unsigned>(byte));
        text += (text.empty() ? "" : " ") + std::string(pair);
    }
    return text;
}

std::string printable(std::span<const std::byte> bytes)
{
    std::string text;
    for (const std::byte byte : bytes) {
        const char c = static_cast<char>(byte);
        text += c >= ' ' && c <= '~' ? c : (c == '\0' ? ',' : '.');
    }
    while (!text.empty() && text.back() == ',')
        text.pop_back();
    return text;
}

Value flags_value(const SchemaField& field, uint64_t value)
{
    Value names = Value::list();
    for (const auto& flag : field.names) {
        if (value & flag.value) {
            names.append(flag.name);
            value &= ~flag.value;
        }
    }
    if (value != 0)
        names.append(hex_text(value));
    return names;
}

Value number_value(const SchemaField& field, uint64_t value)
{
    if (field.kind == FieldKind::Flags)
        return flags_value(field, value);
    if (const char* name = name_of(field.names, value))
        return name;
    if (field.kind == FieldKind::Signed)
        return sign_extend(value, field.size);
    if (field.hexadecimal || value > INT64_MAX)
        return hex_text(value);
    return value;
}

Value field_value(const SchemaField& field, std::span<const std::byte> bytes)
{
    if (field.kind == FieldKind::Bytes)
        return hex_bytes(bytes);
    if (field.kind == FieldKind::Text)
        return printable(bytes);
    return number_value(field, field_number(field, bytes));
}

Value describe_field(const SchemaField& field)
{
    static constexpr std::array kinds { "unsigned", "signed", "flags", "bytes", "text", "padding" };
    Value value = Value::object();
    value.set("name", field.name);
    value.set("kind", kinds[static_cast<size_t>(field.kind)]);
    value.set("offset", field.offset);
    value.set("size", field.size);
    if (field.from_end != 0)
        value.set("from_end", field.from_end);
    if (field.bits != 0) {
        value.set("shift", field.shift);
        value.set("bits", field.bits);
    }
    Value names = Value::object();
    for (const auto& name : field.names)
        names.set(name.name, name.value);
    if (!field.names.empty())
        value.set("names", std::move(names));
    if (field.varies)
        value.set("varies", true);
    if (field.named)
        value.set("named", field.named);
    if (*field.help)
        value.set("help", field.help);
    return value;
}

Value describe_fields(std::span<const SchemaField> fields)
{
    Value list = Value::list();
    for (const auto& field : fields)
        list.append(describe_field(field));
    return list;
}

} // namespace

uint64_t load_unsigned(std::span<const std::byte> bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;)
        value = value << 8 | std::to_integer<uint64_t>(bytes[i]);
    return value;
}

uint64_t field_number(const SchemaField& field, std::span<const std::byte> bytes)
{
    const uint64_t word = load_unsigned(bytes);
    return field.bits == 0 ? word : word >> field.shift & ((uint64_t { 1 } << field.bits) - 1);
}

int64_t sign_extend(uint64_t value, size_t size)
{
    const unsigned shift = static_cast<unsigned>(64 - 8 * size);
    return static_cast<int64_t>(value << shift) >> shift;
}

std::span<const std::byte> field_bytes(
    const SchemaField& field, std::span<const std::byte> bytes, size_t part_size)
{
    size_t offset = field.offset;
    size_t size = field.size;
    if (size == 0) {
        if (part_size < offset + field.from_end)
            return {};
        size = part_size - offset - field.from_end;
    } else if (field.from_end != 0) {
        if (part_size < field.from_end)
            return {};
        offset = part_size - field.from_end;
    }
    if (part_size < offset + size || bytes.size() <= offset)
        return {};
    const bool whole = bytes.size() >= offset + size;
    if (!whole && field.kind != FieldKind::Bytes && field.kind != FieldKind::Text)
        return {};
    return whole ? bytes.subspan(offset, size) : bytes.subspan(offset);
}

const char* name_of(std::span<const EnumName> names, uint64_t value)
{
    const auto found = std::ranges::find(names, value, &EnumName::value);
    return found == names.end() ? nullptr : found->name;
}

const SchemaMessage* find_message(
    const Schema& schema, unsigned queue, std::span<const std::byte> readable)
{
    for (const auto& message : schema.messages) {
        if (message.queue != queue)
            continue;
        if (message.selector_size == 0)
            return &message;
        const size_t end = size_t { message.selector_offset } + message.selector_size;
        if (readable.size() < end)
            continue;
        const auto selector = readable.subspan(message.selector_offset, message.selector_size);
        if ((load_unsigned(selector) & message.selector_mask) == message.selector_value)
            return &message;
    }
    return nullptr;
}

Value decode_fields(std::span<const SchemaField> fields, std::span<const std::byte> bytes)
{
    return decode_fields(fields, bytes, bytes.size());
}

Value decode_fields(
    std::span<const SchemaField> fields, std::span<const std::byte> bytes, size_t part_size)
{
    Value value = Value::object();
    for (const auto& field : fields) {
        const auto part = field_bytes(field, bytes, part_size);
        if (part.empty())
            continue;
        const bool zero = field.bits != 0
            ? field_number(field, part) == 0
            : std::ranges::all_of(part, [](std::byte b) { return b == std::byte { 0 }; });
        if (field.kind == FieldKind::Padding && zero)
            continue;
        value.set(field.name, field_value(field, part));
    }
    return value;
}

std::string feature_name(const Schema& schema, unsigned bit)
{
    if (const char* name = name_of(schema.features, bit))
        return name;
    if (const char* name = name_of(COMMON_FEATURES, bit))
        return name;
    return "bit " + std::to_string(bit);
}

Value feature_names(const Schema& schema, uint64_t features)
{
    Value names = Value::list();
    for (unsigned bit = 0; bit < 64; ++bit) {
        if (features >> bit & 1)
            names.append(feature_name(schema, bit));
    }
    return names;
}

Value describe(const Schema& schema)
{
    Value value = Value::object();
    value.set("device", schema.device);
    Value queues = Value::list();
    for (const char* queue : schema.queues)
        queues.append(queue);
    value.set("queues", std::move(queues));
    Value features = Value::object();
    for (const auto& feature : schema.features)
        features.set(feature.name, feature.value);
    value.set("features", std::move(features));
    value.set("config", describe_fields(schema.config));
    Value messages = Value::list();
    for (const auto& message : schema.messages) {
        Value entry = Value::object();
        entry.set("name", message.name);
        entry.set("queue", message.queue);
        if (message.waits)
            entry.set("waits", true);
        entry.set("request", describe_fields(message.request));
        entry.set("response", describe_fields(message.response));
        if (*message.help)
            entry.set("help", message.help);
        messages.append(std::move(entry));
    }
    value.set("messages", std::move(messages));
    return value;
}

} // namespace vwb
