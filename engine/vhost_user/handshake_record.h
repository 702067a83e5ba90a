// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// HandshakeRecord: the messages of one session as a ladder: who said what when, with descriptors,
// flags, verdict and reply. The first ones stay, and the latest ones; what lies between is counted.
// Belongs to its session and is kept after it. Loop thread only.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/value.h"
#include "engine/vhost_user/connection.h"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace vwb {

class HandshakeRecord {
public:
    // A set-up of every device fits into the first ones.
    static constexpr size_t FIRST = 256;
    static constexpr size_t LATEST = 256;

    HandshakeRecord() { m_first.reserve(FIRST); }

    // A message of the front-end came; verdict and reply belong to it until the next one.
    void received(const Message& message, TimePoint now);
    void judged(std::string verdict);
    void replied(std::span<const std::byte> payload, size_t fds, TimePoint now);
    // A message of ours, on the back-end channel.
    void sent(BackEndMessage id, size_t size, TimePoint now);

    // {messages: [{time_ns, from, name, flags, size, fds, fields, verdict, reply: {after_ns, size,
    // fds, fields} or null}], left_out}
    Value value() const;

private:
    struct Entry {
        int64_t time_ns = 0;
        bool from_front_end = true;
        uint32_t id = 0;
        uint32_t flags = 0;
        size_t size = 0;
        size_t fds = 0;
        Value fields;
        std::string verdict;
        Value reply;
    };

    Entry* add(Entry entry);
    static Value value_of(const Entry& entry);

    std::vector<Entry> m_first;
    std::deque<Entry> m_latest;
    Entry* m_current = nullptr; // the message that was received last
    uint64_t m_left_out = 0;
};

} // namespace vwb
