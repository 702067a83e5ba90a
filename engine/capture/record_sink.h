// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RecordSink: what takes the records of a capture as they are played: printers, exporters,
// statistics. Where the capture comes from is not its business.
#pragma once

#include "engine/capture/capture_header.h"
#include "engine/trace/trace_record.h"

#include <span>
#include <string>
#include <string_view>

namespace vwb {

class RecordSink {
public:
    virtual ~RecordSink() = default;

    // The devices stay where they are until the end.
    virtual Result<void> begin(const CaptureHeader&, std::span<const ObservedDevice>) { return {}; }
    virtual void record(const TraceRecord& record) = 0;
    virtual void note(int64_t, std::string_view) { }
    // So many events were overwritten before they could be recorded.
    virtual void loss(const ObservedDevice&, int64_t, uint64_t) { }
    // Negotiated anew: as device.features answers.
    virtual void features(const ObservedDevice&, const Value&) { }
    // No more comes, also when the capture was damaged.
    virtual void end() { }
    // What came last should be seen: nothing more comes for a moment.
    virtual void flush() { }
};

// Where bytes of an export go.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    virtual void write(std::string_view bytes) = 0;
    // Somebody may be waiting for what was written.
    virtual void flush() { }
};

class StringSink final : public ByteSink {
public:
    void write(std::string_view bytes) override { m_text += bytes; }
    const std::string& text() const { return m_text; }

private:
    std::string m_text;
};

} // namespace vwb
