// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Fields of the filter language: those of every record, and those that the wire schemas of the
// devices describe ("gpio.line"). Reads a field of a record without decoding or allocating.
#pragma once

#include "engine/trace/trace_record.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

enum class FieldType : uint8_t { Number, Size, Time, Text, Bytes };

const char* to_string(FieldType type);

enum class CommonField : uint8_t {
    Device,
    Type,
    Kind,
    Queue,
    Name,
    Origin,
    Request,
    Latency,
    UsedLength,
    ReadableBytes,
    WritableBytes,
    Signal,
    Value,
    Rule,
    Side,
    Severity,
};

struct CommonFieldInfo {
    const char* name;
    CommonField field;
    FieldType type;
    const char* help;
};

std::span<const CommonFieldInfo> common_fields();

// One place where a schema field stands. The same name may stand in many messages.
struct SchemaPlace {
    const SchemaMessage* message;
    const SchemaField* field;
    bool in_response;
};

// A field that a filter names.
struct FilterField {
    std::string name;
    FieldType type = FieldType::Number;
    std::optional<CommonField> common; // else the places
    std::vector<SchemaPlace> places;
    // Not the value at the place but what the device calls it: "scmi.sensor.name".
    bool by_name = false;
};

// All fields there are; with ".name" behind it also what devices have names for; "status" and other
// response fields that several devices share are listed with and without the name of their device.
std::vector<FilterField> filter_fields(std::span<const Schema* const> schemas);

// The value of a field in a record, or nothing if the record has no such field.
std::optional<int64_t> number_of(const TraceRecord& record, CommonField field);
std::optional<std::string_view> text_of(const TraceRecord& record, CommonField field);
// What the device calls the value at a place; nothing if it has no name, or the record no such
// place.
std::optional<std::string_view> name_of(const TraceRecord& record, const SchemaPlace& place);
// The bytes at a place, if the record is of its message.
std::span<const std::byte> bytes_of(const TraceRecord& record, const SchemaPlace& place);

} // namespace vwb
