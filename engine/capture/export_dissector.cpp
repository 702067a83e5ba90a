// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/export_dissector.h"

#include "engine/capture/dissector_program.h"
#include "engine/trace/trace_record.h"

#include <algorithm>

namespace vwb {
namespace {

// Lua's rules for text are C's, and all of ours is printable.
std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c >= ' ' && c <= '~' ? c : ' ';
    }
    return out + "\"";
}

const char* kind_name(FieldKind kind)
{
    switch (kind) {
    case FieldKind::Unsigned:
    case FieldKind::Padding:
        return "unsigned";
    case FieldKind::Signed:
        return "signed";
    case FieldKind::Flags:
        return "flags";
    case FieldKind::Bytes:
        return "bytes";
    case FieldKind::Text:
        return "text";
    }
    return "bytes";
}

std::string names_text(std::span<const EnumName> names)
{
    std::string out = "{";
    for (const auto& name : names)
        out += " [" + std::to_string(name.value) + "]=" + quoted(name.name) + ",";
    return out + " }";
}

std::string field_text(const SchemaField& field)
{
    std::string out = "        { name=" + quoted(field.name)
        + ", kind=" + quoted(kind_name(field.kind)) + ", offset=" + std::to_string(field.offset)
        + ", size=" + std::to_string(field.size);
    if (field.from_end != 0)
        out += ", from_end=" + std::to_string(field.from_end);
    if (field.bits != 0)
        out += ", shift=" + std::to_string(field.shift) + ", bits=" + std::to_string(field.bits);
    if (field.kind == FieldKind::Padding)
        out += ", padding=true";
    if (field.hexadecimal)
        out += ", hex=true";
    if (!field.names.empty())
        out += ", names=" + names_text(field.names);
    if (*field.help)
        out += ", help=" + quoted(field.help);
    return out + " },\n";
}

std::string part_text(const char* name, std::span<const SchemaField> fields)
{
    std::string out = std::string("      ") + name + "={\n";
    for (const auto& field : fields)
        out += field_text(field);
    return out + "      },\n";
}

std::string message_text(const SchemaMessage& message)
{
    return "    { name=" + quoted(message.name) + ", queue=" + std::to_string(message.queue)
        + ", at=" + std::to_string(message.selector_offset)
        + ", size=" + std::to_string(message.selector_size) + ", value="
        + std::to_string(message.selector_value) + ", mask=" + std::to_string(message.selector_mask)
        + ",\n" + part_text("request", message.request) + part_text("response", message.response)
        + "    },\n";
}

std::string type_text(const DissectedType& type)
{
    std::string out = "  [" + std::to_string(type.device_id)
        + "]={ name=" + quoted(type.schema->device) + ", queues={";
    for (size_t i = 0; i < type.schema->queues.size(); ++i)
        out += " [" + std::to_string(i) + "]=" + quoted(type.schema->queues[i]) + ",";
    out += " },\n  messages={\n";
    for (const auto& message : type.schema->messages)
        out += message_text(message);
    return out + "  }},\n";
}

} // namespace

std::string dissector_text(std::span<const DissectedType> types)
{
    std::string out
        = "-- Wireshark dissector for captures of vhost-workbench " VWB_VERSION
          " (LINKTYPE_USER0).\n"
          "-- Made by: vwb dump --dissector. Put it into ~/.local/lib/wireshark/plugins\n"
          "-- or run: wireshark -X lua_script:vwb.lua run.pcapng\n"
          "local kinds = {";
    for (size_t i = 0; i < RECORD_KIND_NAMES.size(); ++i)
        out += " [" + std::to_string(i) + "]=" + quoted(RECORD_KIND_NAMES[i]) + ",";
    out += " }\nlocal types = {\n";
    for (const auto& type : types)
        out += type_text(type);
    return out + "}\n" + DISSECTOR_PROGRAM;
}

} // namespace vwb
