// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Observers: who looks on at a device or steps in, in one word: a request asks for all of them at
// once, and if there is nobody that is all it costs.
#pragma once

#include <atomic>
#include <cstdint>

namespace vwb {

// What a reader of the trace wants to be recorded of requests.
enum class TraceDepth : uint8_t {
    Heads, // what fits into one event
    Payload, // all, up to MAX_TRACED_PART of each part
};

class Observers {
public:
    // What one look has found.
    class Seen {
    public:
        constexpr Seen() = default;
        explicit constexpr Seen(uint64_t word)
            : m_word(word)
        {
        }

        bool any() const { return m_word != 0; }
        // Readers of the trace, of any depth.
        bool readers() const { return (m_word & READERS) != 0; }
        bool payload_readers() const { return (m_word & PAYLOAD_READERS) != 0; }
        bool gate() const { return (m_word & GATE) != 0; }
        // Nobody but readers of heads.
        bool only_heads() const { return m_word <= READERS; }

    private:
        uint64_t m_word = 0;
    };

    Seen look() const { return Seen(m_word.load(std::memory_order_relaxed)); }

    // Any thread.
    void add_reader(TraceDepth depth) { m_word.fetch_add(one(depth), std::memory_order_relaxed); }
    void remove_reader(TraceDepth depth)
    {
        m_word.fetch_sub(one(depth), std::memory_order_relaxed);
    }
    void set_gate(bool there)
    {
        if (there)
            m_word.fetch_or(GATE, std::memory_order_relaxed);
        else
            m_word.fetch_and(~GATE, std::memory_order_relaxed);
    }

private:
    // Readers are counted below, those of them who want all above, too; the highest bit is a gate.
    static constexpr uint64_t READERS = UINT32_MAX;
    static constexpr uint64_t PAYLOAD_READER = READERS + 1;
    static constexpr uint64_t GATE = uint64_t { 1 } << 63;
    static constexpr uint64_t PAYLOAD_READERS = GATE - PAYLOAD_READER;

    static uint64_t one(TraceDepth depth)
    {
        return depth == TraceDepth::Payload ? PAYLOAD_READER + 1 : 1;
    }

    std::atomic<uint64_t> m_word { 0 };
};

} // namespace vwb
