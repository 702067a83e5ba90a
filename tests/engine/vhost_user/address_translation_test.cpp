// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Rings and buffers at I/O virtual addresses, over the messages of a front-end.
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class AddressTranslationTest : public SessionFixture {
protected:
    static constexpr uint64_t PAGE = 4096;
    static constexpr uint64_t BUS
        = 0x5500'0000'0000; // IOVAs are so much larger than guest addresses

    AddressTranslationTest()
    {
        FeatureDial dial;
        dial.offer = F_ACCESS_PLATFORM;
        m_host->set_next_dial(dial);
        connect();
        negotiate(OFFERED_PROTOCOL_FEATURES, FEATURES | F_ACCESS_PLATFORM);
        UniqueFd theirs;
        m_channel = RawFrontEnd::pair(theirs);
        EXPECT_EQ(number(Id::SetBackendReqFd, {}, { theirs.get() }), 0u);
        EXPECT_EQ(share_memory(), 0u);
        m_memory->set_bus_offset(BUS);
    }

    uint64_t iotlb(uint8_t type, uint64_t iova, uint64_t size, uint64_t user = 0,
        uint8_t permission = IOTLB_READ | IOTLB_WRITE)
    {
        return number(Id::IotlbMsg, bytes(IotlbPayload { iova, size, user, permission, type, {} }));
    }
    uint64_t user_of(uint64_t iova) const
    {
        return iova - BUS - m_memory->guest_base() + m_memory->user_base();
    }
    // All of the memory, or one page of it.
    void map_all()
    {
        const uint64_t first = m_memory->guest_base() + BUS;
        EXPECT_EQ(iotlb(IOTLB_UPDATE, first, m_memory->size(), user_of(first)), 0u);
    }
    void map_page(uint64_t iova, uint8_t permission = IOTLB_READ | IOTLB_WRITE)
    {
        const uint64_t first = iova / PAGE * PAGE;
        EXPECT_EQ(iotlb(IOTLB_UPDATE, first, PAGE, user_of(first), permission), 0u);
    }
    VringAddr bus_address_of_ring(uint32_t index) const
    {
        VringAddr addr = address_of_ring(index);
        const uint64_t told = BUS + m_memory->guest_base() - m_memory->user_base();
        addr.descriptor += told;
        addr.available += told;
        addr.used += told;
        return addr;
    }
    void start_ring()
    {
        call(Id::SetVringNum, bytes(VringState { 0, m_rings[0].ring->size() }));
        call(Id::SetVringBase, bytes(VringState { 0, 0 }));
        EXPECT_EQ(number(Id::SetVringAddr, bytes(bus_address_of_ring(0))), 0u);
        EXPECT_EQ(number(Id::SetVringKick, bytes(uint64_t { 0 }), { m_rings[0].kick.get() }), 0u);
        call(Id::SetVringCall, bytes(uint64_t { 0 }), { m_rings[0].call.get() });
        enable(0);
    }
    // What the back-end has asked for by now: "miss IOVA PERMISSION ..." or "fail ...".
    std::vector<IotlbPayload> asked()
    {
        std::vector<IotlbPayload> all;
        while (const auto message = m_channel.receive()) {
            EXPECT_EQ(message->header.request, static_cast<uint32_t>(BackEndMessage::IotlbMsg));
            all.push_back(message->read<IotlbPayload>());
            m_channel.send_bytes(bytes(
                MessageHeader { message->header.request, MESSAGE_REPLY_FLAGS, 8 }, uint64_t { 0 }));
        }
        settle();
        return all;
    }
    // Makes a request of a readable and a writable buffer available, on pages of their own.
    std::pair<GuestBuffer, GuestBuffer> submit_pages(const std::string& text)
    {
        const auto readable = m_memory->allocate(static_cast<uint32_t>(text.size()), PAGE);
        const auto writable = m_memory->allocate(64, PAGE);
        std::ranges::copy(std::as_bytes(std::span(text)), readable.data);
        submit_at(readable.segment(), writable.segment(), writable);
        return { readable, writable };
    }
    void submit_at(DriverSegment in, DriverSegment out, const GuestBuffer& answer)
    {
        const DriverSegment ins[] = { in };
        const DriverSegment outs[] = { out };
        EXPECT_TRUE(m_rings[0].ring->add(ins, outs, m_buffers.size()));
        m_buffers.push_back(answer);
        m_rings[0].ring->publish();
        kick(0);
    }

    RawFrontEnd m_channel;
};

TEST_F(AddressTranslationTest, RingsAndBuffersAreFoundWhereTheFrontEndSays)
{
    map_all();
    start_ring();
    EXPECT_EQ(request(0, "hello"), "hello");
    EXPECT_TRUE(asked().empty());
    EXPECT_EQ(rules(), "");
}

TEST_F(AddressTranslationTest, RingWaitsForItsTranslation)
{
    start_ring();
    EXPECT_FALSE(queue(0).started());
    const auto misses = asked();
    ASSERT_FALSE(misses.empty());
    EXPECT_EQ(misses[0].type, IOTLB_MISS);
    EXPECT_EQ(misses[0].permission, IOTLB_READ | IOTLB_WRITE);
    submit(0, "early");
    kick(0);
    EXPECT_TRUE(call(Id::GetFeatures)) << "the loop waits";
    for (auto next = misses; !next.empty(); next = asked()) {
        for (const auto& miss : next)
            map_page(miss.iova);
    }
    EXPECT_TRUE(queue(0).running());
    EXPECT_EQ(used(0), "early");
    EXPECT_EQ(rules(), "");
}

TEST_F(AddressTranslationTest, ChainWaitsForItsTranslationAndIsAskedForOnce)
{
    map_all();
    start_ring();
    submit_pages("first");
    EXPECT_EQ(used(0), "first");
    ASSERT_EQ(
        iotlb(IOTLB_INVALIDATE, m_memory->guest_base() + BUS + m_memory->used(), 8 * PAGE), 0u);
    asked();
    const auto pages = submit_pages("second");
    kick(0);
    kick(0);
    auto misses = asked();
    ASSERT_EQ(misses.size(), 1u);
    EXPECT_EQ(misses[0].iova, pages.first.guest_address);
    EXPECT_EQ(misses[0].permission, IOTLB_READ);
    EXPECT_FALSE(used(0));
    map_page(misses[0].iova);
    misses = asked();
    ASSERT_EQ(misses.size(), 1u);
    EXPECT_EQ(misses[0].iova, pages.second.guest_address);
    EXPECT_EQ(misses[0].permission, IOTLB_WRITE);
    map_page(misses[0].iova);
    EXPECT_EQ(used(0), "second");
    EXPECT_EQ(request(0, "third, in the old place"), "third, in the old place");
    EXPECT_EQ(rules(), "");
}

TEST_F(AddressTranslationTest, NewsOfOtherAddressesIsNoReasonToAskAgain)
{
    map_all();
    start_ring();
    ASSERT_EQ(
        iotlb(IOTLB_INVALIDATE, m_memory->guest_base() + BUS + m_memory->used(), 8 * PAGE), 0u);
    const auto pages = submit_pages("once");
    ASSERT_EQ(asked().size(), 1u);
    map_page(pages.second.guest_address);
    ASSERT_EQ(iotlb(IOTLB_INVALIDATE, pages.second.guest_address + PAGE, PAGE), 0u);
    EXPECT_TRUE(asked().empty());
    // An answer that was taken back is one to ask for again.
    ASSERT_EQ(iotlb(IOTLB_INVALIDATE, pages.first.guest_address, PAGE), 0u);
    EXPECT_EQ(asked().size(), 1u);
    map_page(pages.first.guest_address);
    EXPECT_EQ(used(0), "once");
    EXPECT_EQ(rules(), "");
}

TEST_F(AddressTranslationTest, WaitingQueueCanBeStopped)
{
    map_all();
    start_ring();
    ASSERT_EQ(
        iotlb(IOTLB_INVALIDATE, m_memory->guest_base() + BUS + m_memory->used(), 8 * PAGE), 0u);
    submit_pages("waits");
    const auto base = call(Id::GetVringBase, bytes(VringState { 0, 0 }))->read<VringState>();
    EXPECT_EQ(base.num, 0u) << "the chain was not taken";
}

TEST_F(AddressTranslationTest, BufferOfScatteredPagesSpansSegments)
{
    map_all();
    start_ring();
    // Two IO pages side by side, which are guest pages in the other order with one between them.
    const auto memory = m_memory->allocate(3 * PAGE, PAGE);
    const uint64_t iova = 0x1000'0000;
    ASSERT_EQ(iotlb(IOTLB_UPDATE, iova, PAGE, user_of(memory.guest_address + 2 * PAGE)), 0u);
    ASSERT_EQ(iotlb(IOTLB_UPDATE, iova + PAGE, PAGE, user_of(memory.guest_address)), 0u);
    const std::string text = "over the edge";
    const auto* bytes_of_text = reinterpret_cast<const std::byte*>(text.data());
    std::copy_n(bytes_of_text, 4, memory.data + 3 * PAGE - 4);
    std::copy_n(bytes_of_text + 4, text.size() - 4, memory.data);
    const auto answer = m_memory->allocate(64);
    submit_at({ iova + PAGE - 4, static_cast<uint32_t>(text.size()) }, answer.segment(), answer);
    EXPECT_EQ(used(0), text);
}

TEST_F(AddressTranslationTest, ForbiddenAccessIsAFaultThatNamesAddressAndPermission)
{
    map_all();
    start_ring();
    const auto page = m_memory->allocate(PAGE, PAGE);
    map_page(page.guest_address, IOTLB_READ);
    const auto text = m_memory->allocate(8);
    submit_at(text.segment(), { page.guest_address, 64 }, page);
    EXPECT_EQ(used(0), "") << "returned with length 0";
    ASSERT_EQ(rules(), "d.iova-access");
    EXPECT_NE(problems()[0].message.find(hex_text(page.guest_address)), std::string::npos);
    EXPECT_NE(problems()[0].message.find("write is not permitted"), std::string::npos);
    const auto told = asked();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].type, IOTLB_ACCESS_FAIL);
    EXPECT_EQ(told[0].iova, page.guest_address);
    EXPECT_EQ(request(0, "the queue goes on"), "the queue goes on");
}

TEST_F(AddressTranslationTest, RefusalOfTheFrontEndEndsTheWait)
{
    map_all();
    start_ring();
    ASSERT_EQ(
        iotlb(IOTLB_INVALIDATE, m_memory->guest_base() + BUS + m_memory->used(), 8 * PAGE), 0u);
    const auto pages = submit_pages("nowhere");
    asked();
    EXPECT_EQ(iotlb(IOTLB_ACCESS_FAIL, pages.first.guest_address, PAGE), 0u);
    EXPECT_EQ(used(0), "");
    EXPECT_EQ(rules(), "d.iova-access");
}

TEST_F(AddressTranslationTest, RingThatLosesItsTranslationWaitsAndGoesOn)
{
    map_all();
    start_ring();
    EXPECT_EQ(request(0, "before"), "before");
    ASSERT_EQ(iotlb(IOTLB_INVALIDATE, 0, ~uint64_t { 0 }), 0u);
    EXPECT_FALSE(queue(0).started());
    submit(0, "meanwhile");
    kick(0);
    EXPECT_FALSE(used(0));
    map_all();
    EXPECT_EQ(used(0), "meanwhile");
    EXPECT_EQ(rules(), "");
}

TEST_F(AddressTranslationTest, TranslationOutsideTheMemoryIsAFault)
{
    map_all();
    start_ring();
    ASSERT_EQ(iotlb(IOTLB_UPDATE, 0x1000, PAGE, 0x77), 0u);
    const auto answer = m_memory->allocate(64);
    submit_at({ 0x1000, 4 }, answer.segment(), answer);
    EXPECT_EQ(rules(), "d.addr-range");
}

TEST_F(AddressTranslationTest, MessagesThatMakeNoSenseAreRefused)
{
    EXPECT_EQ(iotlb(0, 0, PAGE), 1u);
    EXPECT_EQ(iotlb(IOTLB_MISS, 0, PAGE), 1u);
    EXPECT_EQ(iotlb(5, 0, PAGE), 1u);
    EXPECT_EQ(iotlb(IOTLB_UPDATE, 0, 0), 1u);
    EXPECT_EQ(iotlb(IOTLB_UPDATE, 0, PAGE, 0, 0), 1u);
    EXPECT_EQ(iotlb(IOTLB_UPDATE, 0, PAGE, 0, 4), 1u);
    EXPECT_EQ(iotlb(IOTLB_UPDATE, ~uint64_t { 0 }, PAGE), 1u);
    EXPECT_EQ(rules(), "vhost-user.iotlb-msg");
}

TEST_F(AddressTranslationTest, NeedsTheFeature)
{
    connect();
    negotiate();
    EXPECT_EQ(iotlb(IOTLB_UPDATE, 0, PAGE), 1u);
    EXPECT_NE(problems()[0].message.find("ACCESS_PLATFORM"), std::string::npos);
}

TEST_F(AddressTranslationTest, UsualSessionsAreNotOfferedIt)
{
    m_host->set_next_dial({});
    connect();
    EXPECT_EQ(number(Id::GetFeatures) & F_ACCESS_PLATFORM, 0u);
}

} // namespace
} // namespace vwb::test
