// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/capture_bytes.h"

#include "tests/support/observed_devices.h"

#include <algorithm>

namespace vwb::test {

Result<void> BytesSink::write(std::span<const std::byte> block)
{
    bytes.insert(bytes.end(), block.begin(), block.end());
    borders.push_back(bytes.size());
    std::atomic_ref(m_size).store(bytes.size(), std::memory_order_relaxed);
    return {};
}

CaptureHeader header_of(const std::vector<ObservedDevice>& devices)
{
    CaptureHeader header;
    header.program = "test";
    header.bench = "bench";
    for (const auto& device : devices) {
        CapturedDevice captured { device.name, device.type, device.index, 41, "sim",
            schema_id(*device.schema) };
        for (const auto& signal : device.signals)
            captured.signals.push_back({ signal, 0 });
        header.devices.push_back(std::move(captured));
    }
    return header;
}

BytesSink capture_of(
    const std::vector<ObservedDevice>& devices, const std::vector<TraceEvent>& events)
{
    BytesSink sink;
    CaptureWriter writer(sink);
    bool done = writer.begin(header_of(devices)).has_value();
    for (const auto& event : events)
        done &= writer.add(event).has_value();
    done &= writer.flush().has_value();
    done &= writer.end(Value::object()).has_value();
    VWB_ASSERT(done);
    return sink;
}

CaptureReader::Source source_of(std::vector<std::byte> bytes, size_t piece)
{
    return [all = std::move(bytes), piece, at = size_t { 0 }](
               std::span<std::byte> out) mutable -> Result<size_t> {
        const size_t count = std::min({ piece, out.size(), all.size() - at });
        std::copy_n(all.begin() + static_cast<ptrdiff_t>(at), count, out.begin());
        at += count;
        return count;
    };
}

const Schema* test_schema(const std::string& type)
{
    if (type == "lamp")
        return &LAMP_SCHEMA;
    return type == "disk" ? &DISK_SCHEMA : nullptr;
}

std::string play(std::vector<std::byte> bytes, RecordSink& sink, const std::string& filter)
{
    const auto reader = CaptureReader::create("test", source_of(std::move(bytes)));
    if (!reader)
        return reader.error().message();
    CapturePlayer player(**reader, test_schema);
    const auto chosen = player.choose(filter, ALL_KINDS);
    if (!chosen)
        return chosen.error().message();
    const auto played = player.play(sink);
    return played ? "" : played.error().message();
}

} // namespace vwb::test
