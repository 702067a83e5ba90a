// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Schema: requests, responses and config space of a device described once as data. The trace
// decoder, filters, inject forms, dissectors and the checker all read this one description.
// Tables are constant data in devices/<x>/<x>_schema.
#pragma once

#include "engine/base/value.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace vwb {

struct EnumName {
    uint64_t value;
    const char* name;
};

enum class FieldKind : uint8_t {
    Unsigned, // little-endian, size 1, 2, 4 or 8
    Signed,
    Flags, // bits named by names (value = mask)
    Bytes, // size 0: all that is left
    Text, // NUL-padded or NUL-separated characters
    Padding, // must be zero; shown only if it is not
};

struct SchemaField {
    const char* name; // "line"; full name in filters: "gpio.line"
    FieldKind kind;
    uint16_t offset; // from the start of its part
    uint16_t size; // bytes; 0: the rest of the part, less from_end
    std::span<const EnumName> names {}; // what values mean, if they have names
    bool hexadecimal = false;
    uint16_t from_end = 0; // if not 0: this many bytes before the end of the part instead of offset
    const char* help = ""; // unit and meaning
    // Part of a word: this many bits from bit `shift` on; 0: all of it. Not for Bytes and Text.
    uint8_t shift = 0;
    uint8_t bits = 0;
    // A value that may be another one when the same is done again: a time, random bytes.
    bool varies = false;
    // What its values count, if a device has names for them: "line". As in its list of signals.
    const char* named = nullptr;
};

struct SchemaMessage {
    const char* name; // "GET_VALUE"
    uint8_t queue;
    // Chosen if the unsigned field at selector_offset of the readable part has this value; size 0:
    // every request of the queue.
    uint8_t selector_offset;
    uint8_t selector_size;
    uint32_t selector_value;
    std::span<const SchemaField> request; // device-readable part
    std::span<const SchemaField> response; // device-writable part
    const char* help = "";
    uint32_t selector_mask = ~uint32_t { 0 }; // the bits of the selector that count
    bool waits = false; // for an event from outside: when it is answered is not the driver's doing
};

struct Schema {
    const char* device; // "gpio": prefix of the fields
    std::span<const SchemaMessage> messages;
    std::span<const SchemaField> config;
    std::span<const EnumName> features; // value: bit number
    std::span<const char* const> queues; // names by index
};

// The message that a readable part is, or null pointer if it is none that is known.
const SchemaMessage* find_message(
    const Schema& schema, unsigned queue, std::span<const std::byte> readable);

// {name: value}; a field that does not fit into the bytes is left out.
Value decode_fields(std::span<const SchemaField> fields, std::span<const std::byte> bytes);
// The same if the bytes may be only the first ones of a part: fields beyond them are left out, and
// of a field that reaches beyond them what is there is shown.
Value decode_fields(
    std::span<const SchemaField> fields, std::span<const std::byte> bytes, size_t part_size);

// The bytes of one field as far as they are at hand; empty if it is not there. Only a Bytes or Text
// field may come back shorter than it is.
std::span<const std::byte> field_bytes(
    const SchemaField& field, std::span<const std::byte> bytes, size_t part_size);
uint64_t load_unsigned(std::span<const std::byte> bytes);
// The number in a field's bytes, only the bits that are the field's; sign_extend() knows no bits.
uint64_t field_number(const SchemaField& field, std::span<const std::byte> bytes);
int64_t sign_extend(uint64_t value, size_t size);

// Name of an enumerator, or null pointer.
const char* name_of(std::span<const EnumName> names, uint64_t value);

// "VERSION_1", "gpio IRQ", "bit 55": name of a feature bit of this device.
std::string feature_name(const Schema& schema, unsigned bit);
// Names of all set bits.
Value feature_names(const Schema& schema, uint64_t features);

// The schema itself as data, for clients.
Value describe(const Schema& schema);

} // namespace vwb
