// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/schema_encode.h"

#include "engine/base/config.h"
#include "engine/base/units.h"

#include <algorithm>
#include <cstring>

namespace vwb {
namespace {

Error wrong(const SchemaField& field, const std::string& text)
{
    return { ErrorKind::Invalid, std::string(field.name) + ": " + text };
}

std::string known_values(const SchemaField& field)
{
    std::string names;
    for (const auto& name : field.names)
        names += (names.empty() ? "" : ", ") + std::string(name.name);
    return names;
}

std::optional<uint64_t> named(const SchemaField& field, const std::string& text)
{
    for (const auto& name : field.names) {
        if (text == name.name)
            return name.value;
    }
    return {};
}

// The bits of a number as they stand in the field; signed ones are sign-extended.
Result<uint64_t> text_number(const SchemaField& field, const std::string& text)
{
    if (const auto value = named(field, text))
        return *value;
    if (const auto number = parse_unsigned(text))
        return *number;
    if (const auto size = parse_size(text))
        return *size;
    if (const auto duration = parse_duration(text); duration && duration->count() >= 0)
        return static_cast<uint64_t>(duration->count());
    if (text.starts_with("-") && field.kind == FieldKind::Signed) {
        if (const auto number = parse_unsigned(text.substr(1)))
            return ~*number + 1;
    }
    std::vector<std::string> names;
    for (const auto& name : field.names)
        names.emplace_back(name.name);
    const auto near = nearest_word(text, names);
    if (!near.empty())
        return wrong(field, "there is no '" + text + "'; did you mean '" + near + "'?");
    return wrong(field,
        "expected a number" + (names.empty() ? std::string() : " or one of " + known_values(field))
            + ", found '" + text.substr(0, 100) + "'");
}

Result<uint64_t> flag_bits(const SchemaField& field, const Value& value)
{
    uint64_t bits = 0;
    for (const auto& item : *value.as_list()) {
        if (const auto* number = item.as_integer())
            bits |= static_cast<uint64_t>(*number);
        else if (const auto* text = item.as_string())
            bits |= VWB_TRY(text_number(field, *text));
        else
            return wrong(field, std::string("expected names of flags, found ") + item.type_name());
    }
    return bits;
}

Value split_list(const std::string& text)
{
    Value list = Value::list();
    for (size_t start = 0; start <= text.size();) {
        const size_t end = std::min(text.find(',', start), text.size());
        list.append(text.substr(start, end - start));
        start = end + 1;
    }
    return list;
}

Result<uint64_t> number_of(const SchemaField& field, const Value& value)
{
    if (const auto* number = value.as_integer())
        return static_cast<uint64_t>(*number);
    if (value.is_list() && field.kind == FieldKind::Flags)
        return flag_bits(field, value);
    const auto* text = value.as_string();
    if (!text)
        return wrong(field, std::string("expected a number, found ") + value.type_name());
    if (field.kind == FieldKind::Flags && text->find(',') != text->npos)
        return flag_bits(field, split_list(*text));
    return text_number(field, *text);
}

bool fits(const SchemaField& field, uint64_t number, bool negative)
{
    const unsigned width = field.bits != 0 ? field.bits : 8u * field.size;
    if (field.kind != FieldKind::Signed)
        return !negative && (width >= 64 || number >> width == 0);
    const auto value = static_cast<int64_t>(number);
    if (!negative && value < 0)
        return false;
    return width >= 64 || (value >> (width - 1)) == (negative ? -1 : 0);
}

bool is_negative(const Value& value)
{
    const auto* number = value.as_integer();
    const auto* text = value.as_string();
    return number ? *number < 0 : text && text->starts_with("-");
}

Result<void> put_number(const SchemaField& field, const Value& value, std::span<std::byte> place)
{
    uint64_t number = VWB_TRY(number_of(field, value));
    if (!fits(field, number, is_negative(value)))
        return wrong(field,
            to_text(value) + " does not fit into "
                + (field.bits != 0 ? std::to_string(field.bits) + " bits"
                                   : std::to_string(field.size) + " bytes"));
    if (field.bits != 0) {
        const uint64_t mask = ((uint64_t { 1 } << field.bits) - 1) << field.shift;
        number = (load_unsigned(place) & ~mask) | (number << field.shift & mask);
    }
    for (size_t i = 0; i < place.size(); ++i)
        place[i] = static_cast<std::byte>(number >> 8 * i);
    return {};
}

Result<std::vector<std::byte>> bytes_of(const SchemaField& field, const Value& value)
{
    const auto* text = value.as_string();
    if (!text)
        return wrong(field, std::string("expected a text, found ") + value.type_name());
    std::vector<std::byte> bytes;
    if (field.kind == FieldKind::Text) {
        const auto raw = std::as_bytes(std::span(*text));
        bytes.assign(raw.begin(), raw.end());
        return bytes;
    }
    auto hex = parse_hex_bytes(*text);
    if (!hex)
        return wrong(field, hex.error().message());
    return hex;
}

bool is_run(const SchemaField& field)
{
    return field.kind == FieldKind::Bytes || field.kind == FieldKind::Text;
}

Result<void> put_field(const SchemaField& field, const Value& value, std::span<std::byte> part)
{
    const auto found = field_bytes(field, part, part.size());
    if (found.empty() && !is_run(field))
        return wrong(field, "the buffer has no place for it");
    const auto place = found.empty()
        ? std::span<std::byte>()
        : part.subspan(static_cast<size_t>(found.data() - part.data()), found.size());
    if (!is_run(field))
        return put_number(field, value, place);
    const auto bytes = VWB_TRY(bytes_of(field, value));
    if (bytes.size() > place.size())
        return wrong(field,
            std::to_string(bytes.size()) + " bytes do not fit into "
                + std::to_string(place.size()));
    std::ranges::copy(bytes, place.begin());
    return {};
}

const SchemaField* find_field(std::span<const SchemaField> fields, std::string_view name)
{
    for (const auto& field : fields) {
        if (name == field.name)
            return &field;
    }
    return nullptr;
}

Error unknown_field(std::span<const SchemaField> fields, const std::string& name)
{
    std::vector<std::string> names;
    std::string all;
    for (const auto& field : fields) {
        if (field.kind == FieldKind::Padding)
            continue;
        names.emplace_back(field.name);
        all += (all.empty() ? "" : ", ") + names.back();
    }
    const auto near = nearest_word(name, names);
    return { ErrorKind::Invalid,
        "there is no field '" + name.substr(0, 100) + "'"
            + (near.empty() ? (all.empty() ? ", nor any other" : "; there are " + all)
                            : "; did you mean '" + near + "'?") };
}

// How long a part is that has these fields, where those without a size take what they are given.
Result<size_t> size_of(std::span<const SchemaField> fields, const Value& values, size_t usual)
{
    size_t fixed = 0;
    size_t run = 0;
    size_t tail = 0;
    for (const auto& field : fields) {
        if (field.size == 0) {
            const Value* given = values.find(field.name);
            const size_t length = given ? VWB_TRY(bytes_of(field, *given)).size() : usual;
            run = std::max(run, field.offset + length);
            tail = std::max<size_t>(tail, field.from_end);
        } else if (field.from_end != 0) {
            tail = std::max<size_t>(tail, field.from_end);
        } else {
            fixed = std::max<size_t>(fixed, size_t { field.offset } + field.size);
        }
    }
    return std::max(fixed, run) + tail;
}

const SchemaMessage* message_named(const Schema& schema, std::string_view name)
{
    for (const auto& message : schema.messages) {
        if (name == message.name)
            return &message;
    }
    return nullptr;
}

Error unknown_message(const Schema& schema, std::string_view name)
{
    std::vector<std::string> names;
    for (const auto& message : schema.messages)
        names.emplace_back(message.name);
    const auto near = nearest_word(name, names);
    return { ErrorKind::NotFound,
        std::string(schema.device) + " has no request '" + std::string(name.substr(0, 100)) + "'"
            + (near.empty() ? std::string() : "; did you mean '" + near + "'?") };
}

} // namespace

Result<void> encode_fields(
    std::span<const SchemaField> fields, const Value& values, std::span<std::byte> part)
{
    if (values.is_null())
        return {};
    const auto* members = values.as_object();
    if (!members)
        return Error(ErrorKind::Invalid, "fields must be an object {name: value}");
    for (const auto& [name, value] : *members) {
        const SchemaField* field = find_field(fields, name);
        if (!field)
            return unknown_field(fields, name);
        VWB_TRY(put_field(*field, value, part));
    }
    return {};
}

Result<EncodedRequest> encode_request(
    const Schema& schema, std::string_view name, const Value& fields)
{
    const SchemaMessage* message = message_named(schema, name);
    if (!message)
        return unknown_message(schema, name);
    EncodedRequest request { message, {}, 0 };
    const size_t selector_end = size_t { message->selector_offset } + message->selector_size;
    const size_t size = std::max(selector_end, VWB_TRY(size_of(message->request, fields, 0)));
    request.writable_bytes = static_cast<uint32_t>(
        VWB_TRY(size_of(message->response, Value::object(), USUAL_ANSWER_BYTES)));
    if (size > MAX_WRITTEN_PART)
        return Error(ErrorKind::Limit, "a request of more than 1 MiB");
    request.readable.resize(size);
    for (size_t i = 0; i < message->selector_size; ++i)
        request.readable[message->selector_offset + i]
            = static_cast<std::byte>(uint64_t { message->selector_value } >> 8 * i);
    VWB_TRY(encode_fields(message->request, fields, request.readable));
    return request;
}

Result<std::vector<std::byte>> parse_hex_bytes(std::string_view text)
{
    std::vector<std::byte> bytes;
    int high = -1;
    for (const char c : text) {
        if (c == ' ' || c == ':' || c == ',')
            continue;
        const char lower = static_cast<char>(c | 0x20);
        const int digit = c >= '0' && c <= '9' ? c - '0'
            : lower >= 'a' && lower <= 'f'     ? lower - 'a' + 10
                                               : -1;
        if (digit < 0)
            return Error(ErrorKind::Invalid,
                std::string("expected bytes like \"01 ff\", found '") + c + "'");
        if (high < 0) {
            high = digit;
            continue;
        }
        bytes.push_back(static_cast<std::byte>(high << 4 | digit));
        high = -1;
        if (bytes.size() > MAX_WRITTEN_PART)
            return Error(ErrorKind::Limit, "more than 1 MiB of bytes");
    }
    if (high >= 0)
        return Error(ErrorKind::Invalid, "an odd number of hexadecimal digits");
    return bytes;
}

} // namespace vwb
