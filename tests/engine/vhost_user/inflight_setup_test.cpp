// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The memory of requests in flight over the messages of a front-end.
#include "engine/vhost_user/inflight_setup.h"
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <unistd.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class InflightSetupTest : public SessionFixture {
protected:
    // What the back-end offers for that many queues of that size.
    std::optional<Message> get(uint16_t queues, uint16_t size)
    {
        return call(Id::GetInflightFd, bytes(InflightPayload { 0, 0, queues, size }));
    }
    void keep(std::optional<Message> reply)
    {
        ASSERT_TRUE(reply);
        ASSERT_EQ(reply->payload.size(), sizeof(InflightPayload));
        m_payload = reply->read<InflightPayload>();
        ASSERT_EQ(reply->fds.size(), 1u);
        m_fd = std::move(reply->fds[0]);
    }
    uint64_t hand_back(const InflightPayload& payload)
    {
        return number(Id::SetInflightFd, bytes(payload), { m_fd.get() });
    }
    // A front-end whose back-end died goes on with another one.
    void go_on_with_another()
    {
        m_device->parked[0].clear();
        connect();
        negotiate();
        share_memory();
        EXPECT_EQ(hand_back(m_payload), 0u);
        for (uint32_t ring : { 0u, 1u }) {
            set_up_ring(ring);
            enable(ring);
        }
        settle();
    }
    Value inflight() const { return *inspect().find("session")->find("inflight"); }

    InflightPayload m_payload;
    UniqueFd m_fd;
};

TEST_F(InflightSetupTest, MemoryIsMadeForTheQueuesAskedFor)
{
    negotiate();
    keep(get(2, 8));
    EXPECT_EQ(m_payload.mmap_size, 2 * InflightLog::region_size(RingFormat::Split, 8));
    EXPECT_EQ(m_payload.mmap_offset, 0u);
    EXPECT_EQ(m_payload.queue_count, 2u);
    EXPECT_EQ(::lseek(m_fd.get(), 0, SEEK_END), static_cast<off_t>(m_payload.mmap_size));
    EXPECT_EQ(to_text(*inflight().find("tracked")), "no");
    EXPECT_EQ(hand_back(m_payload), 0u);
    EXPECT_EQ(to_text(*inflight().find("tracked")), "yes");
}

TEST_F(InflightSetupTest, WhatTheDeviceDoesNotHaveIsRefused)
{
    negotiate();
    EXPECT_TRUE(get(0, 8)->payload.empty());
    EXPECT_TRUE(get(3, 8)->payload.empty());
    EXPECT_TRUE(get(2, 0)->payload.empty());
    EXPECT_TRUE(get(2, 7)->payload.empty());
    keep(get(2, 8));
    InflightPayload small = m_payload;
    small.mmap_size -= 1;
    EXPECT_NE(hand_back(small), 0u);
    InflightPayload odd = m_payload;
    odd.mmap_offset = 4;
    EXPECT_NE(hand_back(odd), 0u);
    InflightPayload beyond = m_payload;
    beyond.mmap_offset = 4096 * 16;
    EXPECT_NE(hand_back(beyond), 0u);
    EXPECT_EQ(to_text(*inflight().find("tracked")), "no");
}

TEST_F(InflightSetupTest, WhatWasParkedIsHandedOutByTheNextBackEnd)
{
    negotiate();
    keep(get(2, 8));
    EXPECT_EQ(hand_back(m_payload), 0u);
    start();
    submit(1, "first");
    EXPECT_EQ(request(0, "between"), "between");
    submit(1, "second");
    kick(1);
    settle();
    ASSERT_EQ(m_device->parked[1].size(), 2u);

    go_on_with_another();
    EXPECT_EQ(m_device->parked[1].size(), 2u);
    EXPECT_EQ(queue(1).counters().recovered, 2u);
    EXPECT_EQ(request(0, "again"), "again");
    EXPECT_EQ(rules(), "");
}

TEST_F(InflightSetupTest, ResetMeansThatNothingIsInFlight)
{
    negotiate();
    keep(get(2, 8));
    EXPECT_EQ(hand_back(m_payload), 0u);
    start();
    submit(1, "parked");
    kick(1);
    settle();
    EXPECT_EQ(number(Id::ResetDevice), 0u);
    std::vector<char> region(m_payload.mmap_size);
    ASSERT_EQ(
        ::pread(m_fd.get(), region.data(), region.size(), 0), static_cast<ssize_t>(region.size()));
    EXPECT_EQ(std::count(region.begin(), region.end(), 0), static_cast<long>(region.size()));
}

TEST_F(InflightSetupTest, MemoryThatMakesNoSenseCostsItsRequestsOnly)
{
    negotiate();
    keep(get(2, 8));
    EXPECT_EQ(hand_back(m_payload), 0u);
    start();
    submit(1, "parked");
    kick(1);
    settle();
    const uint16_t version = 77;
    ASSERT_EQ(::pwrite(m_fd.get(), &version, sizeof version, 8), 2);
    go_on_with_another();
    EXPECT_EQ(rules(), "vhost-user.inflight-invalid");
    EXPECT_EQ(request(0, "still"), "still");
}

TEST_F(InflightSetupTest, ComesOnlyWhileAllRingsAreStopped)
{
    start();
    keep(get(2, 8));
    EXPECT_NE(hand_back(m_payload), 0u);
    EXPECT_EQ(rules(), "vhost-user.set-inflight-fd");
}

} // namespace
} // namespace vwb::test
