// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TraceRing: the last N trace events of one loop. One writer, any number of readers on other
// threads, no lock, no allocation. A reader that is too slow loses events and is told how many;
// the writer never waits. Recording costs one branch while nobody reads.
#pragma once

#include "engine/base/word_bytes.h"
#include "engine/trace/observers.h"
#include "engine/trace/trace_event.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace vwb {

class TraceRing {
public:
    // Capacity in events: a power of two.
    explicit TraceRing(size_t capacity);

    // Any thread. Readers that want events recorded.
    void add_reader(TraceDepth depth = TraceDepth::Heads) { m_observers.add_reader(depth); }
    void remove_reader(TraceDepth depth = TraceDepth::Heads) { m_observers.remove_reader(depth); }
    Observers& observers() { return m_observers; }

    // Writer.
    bool enabled() const { return m_observers.look().readers(); }
    bool payload_wanted() const { return m_observers.look().payload_readers(); }
    // The sizes in the head are those of the bytes. What lies behind them is nobody's.
    void record(const TraceHead& head, const WordBytes::Words& bytes);
    void record(const TraceEvent& event);
    // The same for the way of a request, where a call costs as much again.
    [[gnu::always_inline]] void record_here(const TraceHead& head, const WordBytes::Words& bytes)
    {
        static_assert(WordBytes::CAPACITY == TraceEvent::BYTES && WORDS == 8);
        const uint64_t position = m_head.load(std::memory_order_relaxed);
        Slot& slot = m_slots[position & m_mask];
        // Release on each word: a reader that sees a new word also sees that the head had reached
        // this position, and so knows that the old event is gone.
        const auto store = [&slot](size_t index, uint64_t word) {
            slot.words[index].store(word, std::memory_order_release);
        };
        // One by one: in a loop the words would have to lie in memory first.
        const auto words = words_of(head);
        store(0, words[0]);
        store(1, words[1]);
        store(2, words[2]);
        store(3, words[3]);
        store(4, bytes[0]);
        store(5, bytes[1]);
        if (head.bytes_size > 16) {
            store(6, bytes[2]);
            store(7, bytes[3]);
        }
        m_head.store(position + 1, std::memory_order_release);
        // The ring is larger than the nearest caches: a slot is fetched while the requests before
        // it are at work, or its stores would wait for it.
        __builtin_prefetch(&slot + PREFETCH, 1);
    }

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
    std::unique_ptr<Slot[]> m_slots; // and PREFETCH more that nobody uses
    alignas(64) std::atomic<uint64_t> m_head { 0 };
    Observers m_observers;
};

} // namespace vwb
