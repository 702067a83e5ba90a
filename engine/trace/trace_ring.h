// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TraceRing: the last N trace events of one loop. One writer, any number of readers on other
// threads, no lock, no allocation. A reader that is too slow loses events and is told how many;
// the writer never waits. Recording costs one branch while nobody reads.
#pragma once

#include "engine/base/word_bytes.h"
#include "engine/trace/trace_event.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace vwb {

// What a reader wants to be recorded of requests.
enum class TraceDepth : uint8_t {
    Heads, // what fits into one event
    Payload, // all, up to MAX_TRACED_PART of each part
};

class TraceRing {
public:
    // Capacity in events: a power of two.
    explicit TraceRing(size_t capacity);

    // Any thread. Readers that want events recorded.
    void add_reader(TraceDepth depth = TraceDepth::Heads)
    {
        m_readers.fetch_add(1, std::memory_order_relaxed);
        m_payload_readers.fetch_add(depth == TraceDepth::Payload, std::memory_order_relaxed);
    }
    void remove_reader(TraceDepth depth = TraceDepth::Heads)
    {
        m_readers.fetch_sub(1, std::memory_order_relaxed);
        m_payload_readers.fetch_sub(depth == TraceDepth::Payload, std::memory_order_relaxed);
    }

    // Writer.
    bool enabled() const { return m_readers.load(std::memory_order_relaxed) != 0; }
    bool payload_wanted() const { return m_payload_readers.load(std::memory_order_relaxed) != 0; }
    // The sizes in the head are those of the bytes. bytes: as many words of them as there are.
    void record(const TraceHead& head, std::span<const uint64_t> bytes)
    {
        static_assert(WordBytes::CAPACITY == TraceEvent::BYTES);
        const uint64_t position = m_head.load(std::memory_order_relaxed);
        Slot& slot = m_slots[position & m_mask];
        // Release on each word: a reader that sees a new word also sees that the head had reached
        // this position, and so knows that the old event is gone.
        const auto words = words_of(head);
        for (size_t i = 0; i < words.size(); ++i)
            slot.words[i].store(words[i], std::memory_order_release);
        for (size_t i = 0; i < bytes.size(); ++i)
            slot.words[words.size() + i].store(bytes[i], std::memory_order_release);
        m_head.store(position + 1, std::memory_order_release);
        // The ring is larger than the nearest caches: a slot is fetched while the requests before
        // it are at work, or its stores would wait for it.
        __builtin_prefetch(&m_slots[(position + PREFETCH) & m_mask], 1);
    }
    void record(const TraceEvent& event);

    // Any thread: number of events ever recorded.
    uint64_t head() const { return m_head.load(std::memory_order_acquire); }

    struct Batch {
        size_t count = 0; // events copied
        uint64_t lost = 0; // events overwritten before they could be copied
    };
    // Any thread: copies what was recorded since the cursor and moves it on.
    Batch read(uint64_t& cursor, std::span<TraceEvent> out) const;

private:
    static constexpr uint64_t PREFETCH = 4;
    static constexpr size_t WORDS = sizeof(TraceEvent) / sizeof(uint64_t);
    struct alignas(64) Slot {
        std::atomic<uint64_t> words[WORDS];
    };

    bool copy_slot(uint64_t position, TraceEvent& out) const;

    size_t m_mask;
    std::unique_ptr<Slot[]> m_slots;
    alignas(64) std::atomic<uint64_t> m_head { 0 };
    std::atomic<unsigned> m_readers { 0 };
    std::atomic<unsigned> m_payload_readers { 0 }; // of them
};

} // namespace vwb
