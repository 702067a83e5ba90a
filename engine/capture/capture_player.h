// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CapturePlayer: turns the blocks of a capture into the records that an observer of the bench would
// have seen, chooses among them, and hands them to a sink in their order.
#pragma once

#include "engine/capture/capture_reader.h"
#include "engine/capture/record_sink.h"
#include "engine/filter/filter.h"
#include "engine/trace/record_kinds.h"
#include "engine/trace/trace_joiner.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vwb {

// The schema of a type of device, or null pointer.
using SchemaFinder = std::function<const Schema*(const std::string& type)>;

class CapturePlayer {
public:
    // The reader and the schemas live longer.
    CapturePlayer(CaptureReader& reader, const SchemaFinder& schemas);

    // Plays only records of these kinds that match; problems and signals have kinds as well.
    // Errors: Invalid, as Filter::compile().
    Result<void> choose(std::string_view filter, uint32_t kinds);
    // Only these devices; empty: all. Errors: NotFound with the names that there are.
    Result<void> choose_devices(const std::vector<std::string>& names);

    // Until the end of the capture. Errors: those of the reader, when all before was played, and of
    // RecordSink::begin().
    Result<void> play(RecordSink& sink);

    const std::deque<ObservedDevice>& devices() const { return m_devices; }
    const CaptureHeader& header() const { return m_reader.header(); }
    // Why records may be decoded less well than when they were recorded; for people.
    std::vector<std::string> warnings() const;

private:
    ObservedDevice* device_of(const Value& body);
    bool chosen(const ObservedDevice& device) const;
    void tell(const TraceRecord& record, RecordSink& sink);
    void play_block(const CaptureBlock& block, RecordSink& sink);
    void play_problem(const Value& body, RecordSink& sink);

    CaptureReader& m_reader;
    std::deque<ObservedDevice> m_devices; // never moves; as in the header
    std::deque<TraceJoiner> m_joiners; // one each
    Filter m_filter;
    uint32_t m_kinds = ALL_KINDS;
    std::vector<std::string> m_names;
};

} // namespace vwb
