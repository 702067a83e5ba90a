// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/export_text.h"

#include "engine/control/event_text.h"
#include "engine/control/json.h"
#include "engine/control/record_value.h"

#include <cstdio>

namespace vwb {

Result<void> TextExport::begin(const CaptureHeader& header, std::span<const ObservedDevice>)
{
    m_start_ns = header.clock_ns;
    return {};
}

void TextExport::line(int64_t time_ns, std::string_view device, std::string_view text)
{
    char time[40];
    std::snprintf(time, sizeof time, "%12.6f ", static_cast<double>(time_ns - m_start_ns) / 1e9);
    std::string line = time;
    line += device;
    line.resize(std::max(line.size() + 1, size_t { 22 }), ' ');
    line += text;
    m_out.write(line + "\n");
}

void TextExport::record(const TraceRecord& record)
{
    line(record.time_ns, record.device->name, event_text(event_of(record)));
}

void TextExport::note(int64_t time_ns, std::string_view text)
{
    line(time_ns, "note", text);
}

void TextExport::loss(const ObservedDevice& device, int64_t time_ns, uint64_t events)
{
    line(time_ns, device.name,
        "... " + std::to_string(events) + " events lost: overwritten before they were recorded");
}

void JsonExport::line(const Value& value)
{
    m_out.write(to_json(value) + "\n");
}

void JsonExport::record(const TraceRecord& record)
{
    line(event_of(record));
}

void JsonExport::note(int64_t time_ns, std::string_view text)
{
    Value value = Value::object();
    value.set("kind", "note");
    value.set("time_ns", time_ns);
    value.set("text", text);
    line(value);
}

void JsonExport::loss(const ObservedDevice& device, int64_t time_ns, uint64_t events)
{
    Value value = Value::object();
    value.set("kind", "lost");
    value.set("time_ns", time_ns);
    value.set("device", device.name);
    value.set("count", events);
    line(value);
}

void JsonExport::features(const ObservedDevice& device, const Value& features)
{
    Value value = Value::object();
    value.set("kind", "features");
    value.set("device", device.name);
    value.set("features", features);
    line(value);
}

} // namespace vwb
