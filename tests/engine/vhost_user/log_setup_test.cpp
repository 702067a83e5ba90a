// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Dirty logging over the messages of a front-end: which pages are marked, and when.
#include "engine/driver/driver_log.h"
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;
using Pages = std::vector<uint64_t>;

class LogSetupTest : public SessionFixture {
protected:
    LogSetupTest()
        : m_log(DriverLog::create(*m_memory).value())
    {
        // Rings and buffers on pages of their own.
        m_memory->allocate(1, 4096);
    }

    static uint64_t page_of(uint64_t address) { return address & ~uint64_t { 4095 }; }
    uint64_t used_address(uint32_t ring) const
    {
        return m_rings[ring].ring->device_user() - m_memory->user_base() + m_memory->guest_base();
    }
    uint64_t set_log_base(uint64_t size, uint64_t offset = 0)
    {
        return number(
            Id::SetLogBase, bytes(LogPayload { size, offset }), { m_log->fd() }, MESSAGE_VERSION);
    }
    uint64_t log_payload(bool on)
    {
        const uint64_t log = on ? VHOST_F_LOG_ALL : 0;
        return number(Id::SetFeatures, bytes(FEATURES | VHOST_USER_F_PROTOCOL_FEATURES | log));
    }
    uint64_t log_ring(uint32_t ring, bool on)
    {
        VringAddr addr = address_of_ring(ring);
        addr.flags = on ? VRING_F_LOG : 0;
        addr.log = used_address(ring);
        return number(Id::SetVringAddr, bytes(addr));
    }
    // A request whose answer starts on a page of its own; answers that page.
    uint64_t request_on_new_page(const std::string& text)
    {
        const auto readable = m_memory->allocate(static_cast<uint32_t>(text.size()), 4096);
        const auto writable = m_memory->allocate(8192, 4096);
        std::ranges::copy(std::as_bytes(std::span(text)), readable.data);
        const DriverSegment in[] = { readable.segment() };
        const DriverSegment out[] = { writable.segment() };
        EXPECT_TRUE(m_rings[0].ring->add(in, out, m_buffers.size()));
        m_buffers.push_back(writable);
        m_rings[0].ring->publish();
        kick(0);
        EXPECT_EQ(used(0), text);
        return writable.guest_address;
    }

    std::unique_ptr<DriverLog> m_log;
};

TEST_F(LogSetupTest, IsOffered)
{
    EXPECT_NE(number(Id::GetFeatures) & VHOST_F_LOG_ALL, 0u);
    EXPECT_NE(number(Id::GetProtocolFeatures) & protocol_bit(ProtocolFeature::LogShmfd), 0u);
}

TEST_F(LogSetupTest, NothingIsMarkedBeforeItIsAskedFor)
{
    start();
    EXPECT_EQ(set_log_base(m_log->size()), 0u);
    request_on_new_page("hello");
    EXPECT_EQ(m_log->take(), Pages {});
}

TEST_F(LogSetupTest, PayloadIsMarkedUpToTheUsedLength)
{
    start();
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    ASSERT_EQ(log_payload(true), 0u);
    const uint64_t page = request_on_new_page("hello");
    // Five bytes: the second page of the buffer, and the ring, were not asked for or not written.
    EXPECT_EQ(m_log->take(), Pages { page });
}

TEST_F(LogSetupTest, UsedRingIsMarkedOnItsOwn)
{
    start();
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    ASSERT_EQ(log_ring(0, true), 0u);
    request_on_new_page("hello");
    EXPECT_EQ(m_log->take(), Pages { page_of(used_address(0)) });
}

TEST_F(LogSetupTest, UsedRingIsMarkedWhereTheFrontEndSays)
{
    start();
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    VringAddr addr = address_of_ring(0);
    addr.flags = VRING_F_LOG;
    addr.log = 0x7000; // in no memory region
    ASSERT_EQ(number(Id::SetVringAddr, bytes(addr)), 0u);
    request_on_new_page("hello");
    EXPECT_EQ(m_log->take(), Pages { 0x7000 });
}

TEST_F(LogSetupTest, GoesOnAndOffWhileRingsRun)
{
    start();
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    for (int round = 0; round < 3; ++round) {
        ASSERT_EQ(log_payload(true), 0u);
        ASSERT_EQ(log_ring(0, true), 0u);
        const uint64_t page = request_on_new_page("on");
        EXPECT_EQ(m_log->take(), (Pages { page_of(used_address(0)), page }));
        ASSERT_EQ(log_payload(false), 0u);
        ASSERT_EQ(log_ring(0, false), 0u);
        request_on_new_page("off");
        EXPECT_EQ(m_log->take(), Pages {});
    }
    EXPECT_EQ(rules(), "");
    EXPECT_EQ(m_device->starts, 2u) << "a ring was started anew";
}

TEST_F(LogSetupTest, RingThatIsOnlyDisabledKeepsItsPlace)
{
    start();
    request(0, "before");
    enable(0, 0);
    enable(1, 0);
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    ASSERT_EQ(log_payload(true), 0u);
    ASSERT_EQ(log_ring(0, true), 0u);
    enable(0);
    const uint64_t page = request_on_new_page("after");
    EXPECT_EQ(m_log->take(), (Pages { page_of(used_address(0)), page }));
    EXPECT_EQ(m_device->resets, 0u);
}

TEST_F(LogSetupTest, FeaturesMayComeBeforeTheLog)
{
    negotiate(OFFERED_PROTOCOL_FEATURES, FEATURES | VHOST_F_LOG_ALL);
    ASSERT_EQ(share_memory(), 0u);
    set_up_ring(0);
    enable(0);
    request_on_new_page("unlogged");
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    const uint64_t page = request_on_new_page("logged");
    EXPECT_EQ(m_log->take(), Pages { page });
}

TEST_F(LogSetupTest, LargerLogTakesOver)
{
    start();
    ASSERT_EQ(set_log_base(1), 0u);
    EXPECT_EQ(rules(), "vhost-user.log-too-small");
    ASSERT_EQ(log_payload(true), 0u);
    request_on_new_page("missed");
    EXPECT_EQ(m_log->take(), Pages {});
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    EXPECT_EQ(rules(), "vhost-user.log-too-small vhost-user.log-out-of-range");
    const uint64_t page = request_on_new_page("found");
    EXPECT_EQ(m_log->take(), Pages { page });
    EXPECT_EQ(*inspect().find("session")->find("log")->find("pages_out_of_range")->as_integer(), 0);
}

TEST_F(LogSetupTest, LogOutsideItsFileIsRefusedAndTheOldOneStays)
{
    start();
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    ASSERT_EQ(log_payload(true), 0u);
    EXPECT_EQ(set_log_base(m_log->size(), m_log->size()), 1u);
    EXPECT_EQ(set_log_base(0), 1u);
    EXPECT_EQ(set_log_base(~uint64_t { 0 }, 1), 1u);
    EXPECT_EQ(rules(), "vhost-user.set-log-base");
    const uint64_t page = request_on_new_page("still");
    EXPECT_EQ(m_log->take(), Pages { page });
}

TEST_F(LogSetupTest, RingOutsideTheLogIsRefused)
{
    start();
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    VringAddr addr = address_of_ring(0);
    addr.flags = VRING_F_LOG;
    addr.log = m_log->size() * 8 * 4096 - 4; // its last bytes have no bit
    EXPECT_EQ(number(Id::SetVringAddr, bytes(addr)), 1u);
    EXPECT_EQ(rules(), "vhost-user.set-vring-addr");
}

TEST_F(LogSetupTest, LogDescriptorIsSignalledAfterAWrite)
{
    start();
    const UniqueFd poke(::eventfd(0, EFD_NONBLOCK));
    EXPECT_EQ(number(Id::SetLogFd, {}, { poke.get() }), 0u);
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    uint64_t count = 0;
    request_on_new_page("unlogged");
    EXPECT_EQ(::read(poke.get(), &count, sizeof count), -1);
    ASSERT_EQ(log_payload(true), 0u);
    request_on_new_page("logged");
    EXPECT_EQ(::read(poke.get(), &count, sizeof count), 8);
}

TEST_F(LogSetupTest, TruncatedLogEndsTheSession)
{
    start();
    ASSERT_EQ(set_log_base(m_log->size()), 0u);
    ASSERT_EQ(log_payload(true), 0u);
    ASSERT_EQ(::ftruncate(m_log->fd(), 0), 0);
    submit(0, "boom");
    kick(0);
    EXPECT_TRUE(m_peer.closed());
    EXPECT_EQ(rules(), "vhost-user.memory-truncated");
}

TEST_F(LogSetupTest, DeviceSeesNothingOfIt)
{
    start();
    ASSERT_EQ(log_payload(true), 0u);
    EXPECT_EQ(m_device->accepted, FEATURES);
    EXPECT_EQ(m_host->accepted_features(), FEATURES);
}

} // namespace
} // namespace vwb::test
