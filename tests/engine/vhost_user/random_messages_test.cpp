// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Random messages with random descriptors, half of them nearly right so that rings do start: after
// any of them the next front-end is served and nothing is left open.
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <random>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class RandomMessages : public SessionFixture, public testing::WithParamInterface<unsigned> {
protected:
    RandomMessages()
        : m_random(GetParam())
        , m_event(::eventfd(0, EFD_NONBLOCK))
        , m_file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC))
    {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        m_socket.reset(ends[0]);
        m_socket_peer.reset(ends[1]);
    }
    unsigned below(unsigned limit) { return static_cast<unsigned>(m_random() % limit); }
    int any_fd()
    {
        const int fds[] = { m_event.get(), m_file.get(), m_socket.get(), m_memory->fd() };
        return fds[below(4)];
    }
    // Small numbers, powers of two, borders, and places in the memory.
    uint64_t any_number()
    {
        const uint64_t numbers[] = { below(4), uint64_t { 1 } << below(64), below(65537),
            ~uint64_t { 0 } - below(3), m_memory->user_base() + below(1 << 20),
            m_memory->guest_base() + below(1 << 20), 0x100 | below(3), m_random() };
        return numbers[below(8)];
    }
    Bytes any_payload()
    {
        constexpr unsigned sizes[] = { 0, 8, 12, 13, 16, 20, 40, 72, 268, 4096 };
        Bytes payload;
        while (payload.size() < 4096) {
            const Bytes piece = below(2) ? bytes(any_number()) : bytes(below(3), below(257));
            payload.insert(payload.end(), piece.begin(), piece.end());
        }
        payload.resize(sizes[below(10)]);
        return payload;
    }
    void send_nonsense()
    {
        const Bytes payload = any_payload();
        const uint32_t flags = below(50) ? (below(2) ? 1u : 9u) : below(32);
        Bytes whole
            = bytes(MessageHeader { below(48), flags, static_cast<uint32_t>(payload.size()) });
        whole.insert(whole.end(), payload.begin(), payload.end());
        std::vector<int> fds(below(3) ? below(2) : below(12));
        for (int& fd : fds)
            fd = any_fd();
        m_peer.send_bytes(whole, fds);
    }
    void send_sense()
    {
        const uint32_t ring = below(2);
        switch (below(6)) {
        case 0:
            negotiate();
            break;
        case 1:
            call(Id::SetMemTable, memory_table(), { m_memory->fd() });
            break;
        case 2:
            set_up_ring(ring);
            break;
        case 3:
            enable(ring, below(2));
            break;
        case 4:
            call(Id::GetVringBase, bytes(VringState { ring, 0 }));
            break;
        default:
            kick(ring);
        }
    }

    std::mt19937_64 m_random;
    UniqueFd m_event;
    UniqueFd m_file;
    UniqueFd m_socket;
    UniqueFd m_socket_peer;
};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomMessages, testing::Range(1u, 11u));

TEST_P(RandomMessages, NeverHarmTheNextFrontEnd)
{
    connect();
    const size_t before = open_fds();
    unsigned running = 0;
    for (int i = 0; i < 1000; ++i) {
        below(2) ? send_nonsense() : send_sense();
        settle();
        running += m_listener->stage() == SessionStage::Running;
        while (m_peer.receive()) { }
        if (m_peer.closed())
            connect();
    }
    EXPECT_GT(running, 10u); // the sense among it works
    connect();
    EXPECT_EQ(open_fds(), before);
    for (auto& ring : m_rings)
        ring.ring->reset();
    start();
    EXPECT_EQ(request(0, "served"), "served");
}

} // namespace
} // namespace vwb::test
