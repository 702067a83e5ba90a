// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TraceJoiner: makes records of the trace events of one device: puts the two halves of a request
// that was parked together, and gives names to numbers by the device's schema. Decodes no fields
// and filters nothing. One user at a time, on any thread.
#pragma once

#include "engine/trace/trace_event.h"
#include "engine/trace/trace_record.h"

#include <map>

namespace vwb {

// The new value that an event of kind Signal tells.
double signal_value(const TraceEvent& event);

class TraceJoiner {
public:
    // The device lives longer.
    explicit TraceJoiner(const ObservedDevice& device)
        : m_device(device)
    {
    }

    // What the event tells. The record borrows from the event and is valid until the next call.
    // A request whose first half was never seen (it was parked before anybody looked, or lost) is
    // told without what only that half knew.
    // Not for a Payload event, which is no record by itself.
    const TraceRecord& join(const TraceEvent& event);

    // Keeps the bytes of a Payload event for the record of its request. Of all requests together no
    // more than MAX_PAYLOADS bytes: the oldest are forgotten.
    void add_payload(const TraceEvent& event);
    static constexpr size_t MAX_PAYLOADS = size_t { 64 } << 20;

    // The first half of the request that was just joined, if it came in two.
    const TraceEvent& popped() const { return m_popped; }

    // Starts anew, as if nothing had been seen.
    void forget();

    // Requests that were popped and not completed so far. At the limit the oldest is forgotten.
    size_t open() const { return m_open.size(); }
    static constexpr size_t MAX_OPEN = 8192;

private:
    // What came in Payload events: as much as there is without a gap.
    struct LatePart {
        uint32_t offset = 0; // of the first byte
        std::vector<std::byte> bytes {};
    };
    struct LateParts {
        LatePart readable;
        LatePart written;
        size_t size() const { return readable.bytes.size() + written.bytes.size(); }
    };

    void join_request(const TraceEvent& event);
    void extend(
        const LatePart& late, std::span<const std::byte>& part, std::vector<std::byte>& all);
    void add_late_parts();
    void forget_payload(uint32_t request);
    void start_request(const TraceEvent& event);
    void join_popped(const TraceEvent& event);
    void join_completed(const TraceEvent& event);
    void join_rest(const TraceEvent& event);
    void name_message();

    const ObservedDevice& m_device;
    std::map<uint32_t, TraceEvent> m_open; // by request number
    std::map<uint32_t, LateParts> m_late; // by request number
    size_t m_late_bytes = 0;
    TraceEvent m_popped {}; // first half of the current record
    std::vector<std::byte> m_readable; // of the current record, if its events do not hold all
    std::vector<std::byte> m_written;
    TraceRecord m_record;
    std::string m_name; // of the current record, if no constant has it
};

} // namespace vwb
