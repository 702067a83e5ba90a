// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The way back from schema.h: typed fields to the bytes of a request or an answer. What is not
// given is zero, or stays as it was; names and units are understood as the decoder writes them.
#pragma once

#include "engine/base/result.h"
#include "engine/device/schema.h"

#include <optional>
#include <string>
#include <vector>

namespace vwb {

// Sets fields {name: value} in the bytes of a part. Numbers are integers, the names of their
// values ("HIGH"), hexadecimal ("0x48") or sizes ("4K"); durations are in nanoseconds ("50us");
// flags are lists of names too, or "A,B"; bytes are hexadecimal ("01 02"), from the start of their
// field. Errors: Invalid, naming the field, with the nearest if there is none of that name.
Result<void> encode_fields(
    std::span<const SchemaField> fields, const Value& values, std::span<std::byte> part);

struct EncodedRequest {
    const SchemaMessage* message;
    std::vector<std::byte> readable;
    uint32_t writable_bytes; // of the answer
};

// What an answer of any length gets if its request does not say how long it may be.
inline constexpr uint32_t USUAL_ANSWER_BYTES = 64;
// Of a part of a request that somebody writes.
inline constexpr uint32_t MAX_WRITTEN_PART = 1u << 20;

// The request of that name with those fields. Errors: as encode_fields(), and NotFound with the
// nearest name.
Result<EncodedRequest> encode_request(
    const Schema& schema, std::string_view name, const Value& fields);

// "01 02ff" or "0102ff". Errors: Invalid, Limit.
Result<std::vector<std::byte>> parse_hex_bytes(std::string_view text);

} // namespace vwb
