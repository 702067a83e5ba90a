// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What holds for a virtqueue of any ring format, with the built-in driver's ring as the other end.
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/virtqueue/virtqueue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include <unistd.h>

using namespace vwb;

namespace {

struct Format {
    RingFormat ring;
    bool event_index;
    bool indirect;
};

std::shared_ptr<const GuestMemory> map_memory(const DriverMemory& memory)
{
    return GuestMemory::create(
        { MemoryRegion::map(memory.info(), UniqueFd(::dup(memory.fd()))).value() })
        .value();
}

class VirtqueueTest : public testing::TestWithParam<Format> {
protected:
    VirtqueueTest() { renew(8); }

    void renew(uint32_t size)
    {
        m_memory = DriverMemory::create(size_t { 4 } << 20).value();
        m_table = map_memory(*m_memory);
        m_driver = make_driver_ring(*m_memory,
            { size, GetParam().event_index, GetParam().indirect, m_in_order, GetParam().ring });
        m_buffer = m_memory->allocate(256);
        start(m_driver->fresh_base());
    }
    // The device's end, from that base on.
    void start(uint32_t base)
    {
        m_queue.reset();
        m_config.size = m_driver->size();
        m_config.base = base;
        m_config.event_index = GetParam().event_index;
        m_config.indirect = GetParam().indirect;
        m_config.in_order = m_in_order;
        m_config.format = GetParam().ring;
        m_config.memory = m_table;
        const auto part = [this](uint64_t user) { return m_table->translate_user(user, 2).data(); };
        m_config.parts = { part(m_driver->descriptors_user()), part(m_driver->driver_user()),
            part(m_driver->device_user()) };
        m_queue = Virtqueue::create(m_config).value();
        m_queue->set_fault_handler(
            [](const RingFault& fault) { ADD_FAILURE() << describe(fault); });
    }
    // A chain of two readable and one writable segment; answers its head.
    uint16_t add(uint64_t token)
    {
        const uint64_t at = m_buffer.guest_address;
        const std::vector<DriverSegment> readable { { at, 3 }, { at + 8, 5 } };
        const std::vector<DriverSegment> writable { { at + 64, 100 } };
        return m_driver->add(readable, writable, token).value();
    }
    // A chain of one writable segment: it takes one descriptor in any format.
    void add_small(uint64_t token)
    {
        const std::vector<DriverSegment> writable { { m_buffer.guest_address, 16 } };
        ASSERT_TRUE(m_driver->add({}, writable, token));
    }
    DescriptorChain pop()
    {
        auto chain = m_queue->pop();
        EXPECT_TRUE(chain);
        return std::move(*chain);
    }
    void finish(DescriptorChain chain, uint32_t written)
    {
        m_queue->push_used(std::move(chain), written);
        m_queue->publish();
    }
    // Tokens of everything that came back.
    std::vector<uint64_t> returned()
    {
        std::vector<uint64_t> tokens;
        while (const auto used = m_driver->pop_used())
            tokens.push_back(used->token);
        EXPECT_EQ(m_driver->violation(), "");
        return tokens;
    }

    bool packed() const { return GetParam().ring == RingFormat::Packed; }
    // What add() takes of the ring.
    uint32_t slots() const { return packed() && !GetParam().indirect ? 3 : 1; }

    bool m_in_order = false;
    std::unique_ptr<DriverMemory> m_memory;
    std::shared_ptr<const GuestMemory> m_table;
    std::unique_ptr<DriverRing> m_driver;
    GuestBuffer m_buffer;
    VirtqueueConfig m_config;
    std::unique_ptr<Virtqueue> m_queue;
};

constexpr auto SPLIT = RingFormat::Split;
constexpr auto PACKED = RingFormat::Packed;

INSTANTIATE_TEST_SUITE_P(Formats, VirtqueueTest,
    testing::Values(Format { SPLIT, false, false }, Format { SPLIT, true, false },
        Format { SPLIT, false, true }, Format { SPLIT, true, true },
        Format { PACKED, false, false }, Format { PACKED, true, false },
        Format { PACKED, false, true }, Format { PACKED, true, true }),
    [](const auto& format) {
        return std::string(format.param.ring == PACKED ? "Packed" : "Split")
            + (format.param.event_index ? "EventIdx" : "Flags")
            + (format.param.indirect ? "Indirect" : "Direct");
    });

} // namespace

TEST_P(VirtqueueTest, ChainCarriesItsSegmentsAndComesBackWithItsLength)
{
    add(77);
    m_driver->publish();
    auto chain = pop();
    EXPECT_EQ(chain.record().readable_bytes, 8u);
    EXPECT_EQ(chain.record().writable_bytes, 100u);
    EXPECT_EQ(chain.record().indirect, GetParam().indirect);
    EXPECT_EQ(m_queue->in_flight(), 1u);
    finish(std::move(chain), 42);
    EXPECT_EQ(m_queue->in_flight(), 0u);
    const auto used = m_driver->pop_used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->token, 77u);
    EXPECT_EQ(used->length, 42u);
}

TEST_P(VirtqueueTest, ChainsComeInTheOrderOfTheDriverAndGoBackInAnyOrder)
{
    add(1);
    add(2);
    m_driver->publish();
    auto first = pop();
    auto second = pop();
    EXPECT_FALSE(m_queue->pop());
    finish(std::move(second), 0);
    EXPECT_EQ(returned(), std::vector<uint64_t> { 2 });
    finish(std::move(first), 0);
    EXPECT_EQ(returned(), std::vector<uint64_t> { 1 });
}

TEST_P(VirtqueueTest, OneEntryAnd32768EntriesAreQueuesLikeAnyOther)
{
    std::vector<uint32_t> sizes { 1, 2, 32768 };
    if (packed())
        sizes.insert(sizes.end(), { 3, 100, 32767 }); // any size will do
    for (const uint32_t size : sizes) {
        renew(size);
        for (int round = 0; round < 3; ++round) {
            for (uint32_t i = 0; i < size; ++i)
                add_small(i);
            m_driver->publish();
            for (uint32_t i = 0; i < size; ++i)
                m_queue->push_used(pop(), 16);
            EXPECT_FALSE(m_queue->pop());
            m_queue->publish();
            EXPECT_EQ(returned().size(), size);
        }
    }
}

TEST_P(VirtqueueTest, GivenBackChainsGoNowhereAndAreTakenUpByTheNextQueue)
{
    add(1);
    add(2);
    m_driver->publish();
    auto first = pop();
    auto second = pop();
    const uint16_t heads[] = { first.record().head, second.record().head };
    m_queue->give_back(std::move(second));
    m_queue->give_back(std::move(first));
    EXPECT_EQ(m_queue->in_flight(), 0u);
    EXPECT_EQ(m_queue->unreturned(), 2 * slots());
    EXPECT_FALSE(m_queue->publish());
    EXPECT_TRUE(returned().empty());
    const auto carried = m_queue->carry_over();
    ASSERT_EQ(carried.size(), 2u);
    EXPECT_TRUE(m_queue->carry_over().empty());

    start(m_queue->base()); // a later session goes on in the same ring
    EXPECT_EQ(m_queue->unreturned(), 2 * slots());
    EXPECT_FALSE(m_queue->pop()); // nothing new
    for (size_t i = 0; i < 2; ++i) {
        auto again = m_queue->resume(carried[i]);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->record().head, heads[i]); // in the order of their pop
        EXPECT_EQ(again->record().readable_bytes, 8u);
        EXPECT_EQ(again->record().writable_bytes, 100u);
        EXPECT_EQ(again->record().indirect, GetParam().indirect);
        EXPECT_FALSE(m_queue->resume(carried[i])); // it is in flight
        finish(std::move(*again), 0);
    }
    EXPECT_EQ(returned(), (std::vector<uint64_t> { 1, 2 }));
    EXPECT_EQ(m_queue->unreturned(), 0u);
}

TEST_P(VirtqueueTest, ParkedChainIsTakenUpThoughUsedOnesWentOverItsDescriptors)
{
    add(1000);
    m_driver->publish();
    std::optional<DescriptorChain> parked = pop();
    for (uint64_t token = 0; token < 20; ++token) {
        add(token);
        m_driver->publish();
        finish(pop(), 5);
        EXPECT_EQ(returned(), std::vector<uint64_t> { token });
        // The queue stops and goes on between any two requests.
        m_queue->give_back(std::move(*parked));
        const auto carried = m_queue->carry_over();
        start(m_queue->base());
        parked = m_queue->resume(carried[0]);
        ASSERT_TRUE(parked);
        EXPECT_EQ(parked->record().segments[2].guest_address, m_buffer.guest_address + 64);
    }
    finish(std::move(*parked), 7);
    const auto used = m_driver->pop_used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->token, 1000u);
    EXPECT_EQ(used->length, 7u);
}

TEST_P(VirtqueueTest, CarriedChainOutsideTheNewMemoryGoesBackEmpty)
{
    add(1);
    m_driver->publish();
    m_queue->give_back(pop());
    auto carried = m_queue->carry_over();
    carried[0].pieces[1].guest_address = 0;
    start(m_queue->base());
    std::vector<RingFaultKind> kinds;
    m_queue->set_fault_handler([&kinds](const RingFault& fault) { kinds.push_back(fault.kind); });
    EXPECT_FALSE(m_queue->resume(carried[0]));
    EXPECT_EQ(kinds, std::vector<RingFaultKind> { RingFaultKind::AddressOutsideMemory });
    m_queue->publish();
    EXPECT_EQ(returned(), std::vector<uint64_t> { 1 });
}

// --- IN_ORDER ---

TEST_P(VirtqueueTest, InOrderHoldsUsedChainsBackUntilTheirTurn)
{
    m_in_order = true;
    renew(16);
    for (uint64_t token = 0; token < 4; ++token)
        add(token);
    m_driver->publish();
    auto first = pop();
    auto second = pop();
    auto third = pop();
    auto fourth = pop();
    m_queue->push_used(std::move(third), 3);
    m_queue->push_used(std::move(second), 2);
    EXPECT_FALSE(m_queue->publish());
    EXPECT_FALSE(m_queue->driver_wants_call());
    EXPECT_EQ(m_queue->in_flight(), 2u);
    finish(std::move(first), 1);
    EXPECT_EQ(returned(), (std::vector<uint64_t> { 0, 1, 2 }));
    finish(std::move(fourth), 4);
    EXPECT_EQ(returned(), (std::vector<uint64_t> { 3 }));
}

TEST_P(VirtqueueTest, InOrderChainThatWaitsSurvivesAStop)
{
    m_in_order = true;
    renew(8);
    add(1);
    add(2);
    m_driver->publish();
    auto first = pop();
    m_queue->push_used(pop(), 22);
    m_queue->give_back(std::move(first));
    const auto carried = m_queue->carry_over();
    ASSERT_EQ(carried.size(), 2u);
    start(m_queue->base());
    auto again = m_queue->resume(carried[0]);
    ASSERT_TRUE(again);
    EXPECT_FALSE(m_queue->resume(carried[1])); // its device has done it
    EXPECT_FALSE(m_queue->publish());
    finish(std::move(*again), 11);
    for (const uint32_t length : { 11u, 22u }) {
        const auto used = m_driver->pop_used();
        ASSERT_TRUE(used);
        EXPECT_EQ(used->length, length);
    }
    EXPECT_EQ(m_queue->unreturned(), 0u);
}

TEST_P(VirtqueueTest, InOrderGoesRoundAnyNumberOfTimes)
{
    m_in_order = true;
    renew(packed() ? 7 : 8);
    std::mt19937 random(3);
    std::vector<DescriptorChain> held;
    uint64_t sent = 0;
    uint64_t back = 0;
    while (back < 20'000) {
        while (m_driver->free_descriptors() >= 3 && random() % 3 != 0)
            add(sent++);
        m_driver->publish();
        while (auto chain = m_queue->pop())
            held.push_back(std::move(*chain));
        while (!held.empty() && random() % 4 != 0) {
            std::swap(held[random() % held.size()], held.back());
            m_queue->push_used(std::move(held.back()), 1);
            held.pop_back();
        }
        m_queue->publish();
        while (const auto used = m_driver->pop_used())
            ASSERT_EQ(used->token, back++);
        ASSERT_EQ(m_driver->violation(), "");
    }
    while (!held.empty()) {
        m_queue->push_used(std::move(held.back()), 0);
        held.pop_back();
    }
}

// --- memory ---

TEST_P(VirtqueueTest, ChainKeepsItsMemoryMappedWhenTheTableIsReplaced)
{
    const std::weak_ptr<const MemoryRegion> region = m_table->regions()[0];
    add(1);
    m_driver->publish();
    auto chain = pop();
    // The new table maps the same file a second time; the ring's own parts keep the first one here.
    const auto ring_memory = m_table;
    m_table = map_memory(*m_memory);
    m_queue->set_memory(m_table);
    EXPECT_EQ(chain.record().memory, ring_memory);
    chain.record().writable()[0].data[0] = std::byte { 9 };
    EXPECT_EQ(m_buffer.data[64], std::byte { 9 });
    finish(std::move(chain), 1);
    EXPECT_EQ(returned().size(), 1u);

    add(2);
    m_driver->publish();
    auto next = pop();
    EXPECT_EQ(next.record().memory, m_table);
    finish(std::move(next), 0);
    EXPECT_FALSE(region.expired());
}

TEST_P(VirtqueueTest, OldMemoryIsUnmappedWithItsLastChain)
{
    std::weak_ptr<const GuestMemory> old_table = m_table;
    add(1);
    m_driver->publish();
    std::optional<DescriptorChain> chain = pop();
    m_queue->give_back(std::move(*chain));
    chain.reset();
    const auto carried = m_queue->carry_over(); // pins nothing
    m_table = map_memory(*m_memory);
    start(m_queue->base());
    m_config.memory.reset();
    EXPECT_TRUE(old_table.expired());
}

TEST_P(VirtqueueTest, RingsThatMakeNoSenseAreRefusedByName)
{
    const auto refused = [this](auto&& change) {
        VirtqueueConfig config = m_config;
        change(config);
        const auto queue = Virtqueue::create(config);
        return queue ? std::string("no error") : queue.error().message();
    };
    const std::vector<uint32_t> sizes
        = packed() ? std::vector { 0u, 32769u } : std::vector { 0u, 3u, 100u, 65536u };
    for (const uint32_t size : sizes)
        EXPECT_EQ(refused([size](VirtqueueConfig& config) { config.size = size; }),
            "queue size " + std::to_string(size)
                + (packed() ? " is not from 1 to 32768"
                            : " is not a power of two from 1 to 32768"));
    EXPECT_EQ(refused([](VirtqueueConfig& config) { config.parts.descriptors += 8; }),
        packed() ? "descriptor ring is not aligned to 16 bytes"
                 : "descriptor table is not aligned to 16 bytes");
    EXPECT_EQ(refused([](VirtqueueConfig& config) { config.parts.driver += 1; }),
        packed() ? "driver event suppression is not aligned to 4 bytes"
                 : "available ring is not aligned to 2 bytes");
    EXPECT_EQ(refused([](VirtqueueConfig& config) { config.parts.device += 2; }),
        packed() ? "device event suppression is not aligned to 4 bytes"
                 : "used ring is not aligned to 4 bytes");
    // An index behind the ring, either position; more in flight than the ring has.
    const std::vector<uint32_t> bases
        = packed() ? std::vector { 0x80008008u, 0x80088000u, 0x80060007u } : std::vector { 65536u };
    for (const uint32_t base : bases)
        EXPECT_NE(
            refused([base](VirtqueueConfig& config) { config.base = base; }).find("vring base"),
            std::string::npos);
}

TEST_P(VirtqueueTest, LongChainsLeaveOnlySomeOfTheirMemoryBehind)
{
    renew(32768);
    const std::vector<DriverSegment> many(200, { m_buffer.guest_address, 1 });
    std::vector<DescriptorChain> held;
    const auto round = [&](const std::vector<DriverSegment>& segments) {
        for (uint64_t token = 0; token < 100; ++token)
            ASSERT_TRUE(m_driver->add({}, segments, token));
        m_driver->publish();
        while (auto chain = m_queue->pop())
            held.push_back(std::move(*chain));
    };
    const auto finish_all = [&] {
        for (auto& chain : held)
            m_queue->push_used(std::move(chain), 0);
        held.clear();
        m_queue->publish();
        EXPECT_EQ(returned().size(), 100u);
    };
    round(many);
    finish_all();
    round({ { m_buffer.guest_address, 1 } });
    const auto grown = std::ranges::count_if(held,
        [](const DescriptorChain& chain) { return chain.record().segments.capacity() > 128; });
    EXPECT_GT(grown, 0);
    EXPECT_LE(grown, 64);
    finish_all();
}

TEST_P(VirtqueueTest, InFlightChainsCanBeVisited)
{
    add(1);
    const uint16_t head = add(2);
    m_driver->publish();
    finish(pop(), 0);
    auto second = pop();
    std::vector<uint16_t> heads;
    m_queue->for_each_in_flight(
        [&heads](const ChainRecord& record) { heads.push_back(record.head); });
    EXPECT_EQ(heads, std::vector<uint16_t> { head });
    finish(std::move(second), 0);
}

TEST_P(VirtqueueTest, LostChainIsABug)
{
    add(1);
    m_driver->publish();
    EXPECT_DEATH((void)m_queue->pop(), "vhost-workbench: bug");
}

// Random traffic against a simple model, over several turns of the 16-bit index.
TEST_P(VirtqueueTest, EveryTokenComesBackOnceWithItsLengthInRandomTraffic)
{
    std::mt19937 random(GetParam().event_index ? 1 : 2);
    std::vector<DescriptorChain> held;
    std::vector<uint64_t> sent; // tokens in order, as the device will see them
    size_t popped = 0;
    std::vector<std::optional<uint32_t>> lengths; // by token, once used
    size_t back = 0;
    while (back < 100'000) {
        switch (random() % 4) {
        case 0:
            while (m_driver->free_descriptors() >= 3 && random() % 4 != 0) {
                add(sent.size());
                sent.push_back(sent.size());
                lengths.emplace_back();
            }
            m_driver->publish();
            break;
        case 1:
            while (auto chain = m_queue->pop()) {
                chain->record().request = static_cast<uint32_t>(sent[popped++]);
                held.push_back(std::move(*chain));
            }
            break;
        case 2:
            while (!held.empty() && random() % 4 != 0) {
                std::swap(held[random() % held.size()], held.back());
                const uint32_t token = held.back().record().request;
                lengths[token] = random() % 101;
                m_queue->push_used(std::move(held.back()), *lengths[token]);
                held.pop_back();
            }
            m_queue->publish();
            break;
        default:
            while (const auto used = m_driver->pop_used()) {
                ASSERT_TRUE(lengths[used->token]);
                ASSERT_EQ(used->length, *lengths[used->token]);
                lengths[used->token].reset();
                ++back;
            }
        }
        ASSERT_EQ(m_queue->in_flight(), held.size());
        ASSERT_LE(m_queue->unreturned(), m_driver->size());
    }
    while (!held.empty()) {
        m_queue->push_used(std::move(held.back()), 0);
        held.pop_back();
    }
    EXPECT_EQ(m_driver->violations(), 0u);
}
