// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Captures as text: lines for people as "vwb watch" shows them, and JSON, one object a line, with
// the same members as the events of a subscription. Loss and notes stand in their place.
#pragma once

#include "engine/capture/record_sink.h"

namespace vwb {

class TextExport final : public RecordSink {
public:
    explicit TextExport(ByteSink& out)
        : m_out(out)
    {
    }
    Result<void> begin(
        const CaptureHeader& header, std::span<const ObservedDevice> devices) override;
    void record(const TraceRecord& record) override;
    void note(int64_t time_ns, std::string_view text) override;
    void loss(const ObservedDevice& device, int64_t time_ns, uint64_t events) override;
    void flush() override { m_out.flush(); }

private:
    void line(int64_t time_ns, std::string_view device, std::string_view text);

    ByteSink& m_out;
    int64_t m_start_ns = 0;
};

class JsonExport final : public RecordSink {
public:
    explicit JsonExport(ByteSink& out)
        : m_out(out)
    {
    }
    void record(const TraceRecord& record) override;
    void note(int64_t time_ns, std::string_view text) override;
    void loss(const ObservedDevice& device, int64_t time_ns, uint64_t events) override;
    void flush() override { m_out.flush(); }
    void features(const ObservedDevice& device, const Value& features) override;

private:
    void line(const Value& value);

    ByteSink& m_out;
};

} // namespace vwb
