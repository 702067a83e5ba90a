// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/trace/trace_ring.h"

#include "engine/base/assert.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace vwb {

TraceRing::TraceRing(size_t capacity)
    : m_mask(capacity - 1)
    , m_slots(std::make_unique<Slot[]>(capacity + PREFETCH))
{
    VWB_ASSERT(std::has_single_bit(capacity));
}

void TraceRing::record(const TraceEvent& event)
{
    WordBytes::Words words;
    std::memcpy(words.data(), event.bytes.data(), sizeof words);
    record_here(event, words);
}

void TraceRing::record(const TraceHead& head, const WordBytes::Words& bytes)
{
    record_here(head, bytes);
}

bool TraceRing::copy_slot(uint64_t position, TraceEvent& out) const
{
    uint64_t words[WORDS];
    const Slot& slot = m_slots[position & m_mask];
    for (size_t i = 0; i < WORDS; ++i)
        words[i] = slot.words[i].load(std::memory_order_acquire);
    std::memcpy(&out, words, sizeof out);
    // Behind the last byte lies what an older event has left there.
    for (size_t i = out.bytes_size; i < out.bytes.size(); ++i)
        out.bytes[i] = {};
    // The writer works on the slot of position head: it is ours when head is a whole round ahead.
    return m_head.load(std::memory_order_relaxed) - position <= m_mask;
}

TraceRing::Batch TraceRing::read(uint64_t& cursor, std::span<TraceEvent> out) const
{
    Batch batch;
    while (batch.count < out.size()) {
        const uint64_t end = head();
        const uint64_t oldest = end > m_mask ? end - m_mask : 0;
        if (cursor < oldest) {
            batch.lost += oldest - cursor;
            cursor = oldest;
        }
        if (cursor == end)
            break;
        if (copy_slot(cursor, out[batch.count]))
            ++batch.count;
        else
            ++batch.lost;
        ++cursor;
    }
    return batch;
}

} // namespace vwb
