// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What virtio 1.4, chapters 2 and 6, wants of a device beside its rings, seen from a front-end over
// vhost-user. Suites are named after their clause; clauses.tsv says which test is for which.
#include "devices/rng/rng_device.h"
#include "sim/rng/seeded_rng.h"
#include "tests/support/gpio_harness.h"
#include "tests/support/i2c_harness.h"
#include "tests/support/scmi_harness.h"
#include "tests/support/session_fixture.h"

#include <algorithm>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class BasicFacilities : public SessionFixture, public testing::WithParamInterface<RingFormat> {
protected:
    static constexpr uint32_t SIZE = 8;

    BasicFacilities() { renew_rings(SIZE, F_INDIRECT_DESC | F_EVENT_IDX); }

    // Rings that nobody has used, and the features that go with them.
    void renew_rings(uint32_t size, uint64_t ring_features)
    {
        const bool packed = GetParam() == RingFormat::Packed;
        m_features = F_VERSION_1 | ring_features | (packed ? F_RING_PACKED : 0);
        for (auto& ring : m_rings) {
            ring.ring = make_driver_ring(*m_memory,
                { size, (ring_features & F_EVENT_IDX) != 0, (ring_features & F_INDIRECT_DESC) != 0,
                    false, GetParam() });
            ring.base = ring.ring->fresh_base();
        }
    }
    void set_up_and_enable()
    {
        for (uint32_t i = 0; i < m_rings.size(); ++i) {
            set_up_ring(i);
            enable(i);
        }
    }
    void stop_ring(uint32_t index) { call(Id::GetVringBase, bytes(VringState { index, 0 })); }
    // Kicks, and all the time that a device could want.
    void tempt(uint32_t ring)
    {
        kick(ring);
        m_clock.advance(std::chrono::seconds(10));
        settle();
    }
    // Calls so far; asks for no further one.
    uint64_t signalled(uint32_t ring)
    {
        uint64_t count = 0;
        return ::read(m_rings[ring].call.get(), &count, sizeof count) == 8 ? count : 0;
    }
    std::vector<std::byte> memory() const
    {
        return { m_memory->data(), m_memory->data() + m_memory->info().size };
    }
};

std::string format_name(const testing::TestParamInfo<RingFormat>& format)
{
    return format.param == RingFormat::Packed ? "Packed" : "Split";
}

constexpr RingFormat FORMATS[] = { RingFormat::Split, RingFormat::Packed };

// --- 2.2 Feature bits ---

class FeatureBits2_2_2 : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(Formats, FeatureBits2_2_2, testing::ValuesIn(FORMATS), format_name);

TEST_P(FeatureBits2_2_2, AnyValidSubsetIsAccepted)
{
    constexpr uint64_t bits[] = { F_INDIRECT_DESC, F_EVENT_IDX, F_RING_RESET, EchoDevice::FEATURE };
    for (unsigned subset = 0; subset < 16; ++subset) {
        uint64_t chosen = 0;
        for (unsigned i = 0; i < 4; ++i)
            chosen |= subset >> i & 1 ? bits[i] : 0;
        connect();
        renew_rings(SIZE, chosen);
        start();
        EXPECT_EQ(m_device->accepted, m_features);
        for (int i = 0; i < 10; ++i)
            EXPECT_EQ(request(0, "subset"), "subset") << "subset " << subset;
    }
    EXPECT_EQ(rules(), "");
}

TEST_P(FeatureBits2_2_2, SameFeaturesAreAcceptedAgainAfterEachReset)
{
    for (const bool by_status : { true, false, true }) {
        start();
        EXPECT_EQ(m_device->accepted, m_features);
        EXPECT_EQ(request(0, "again"), "again");
        EXPECT_EQ(number(by_status ? Id::SetStatus : Id::ResetDevice,
                      by_status ? bytes(uint64_t { 0 }) : Bytes {}),
            0u);
        renew_rings(SIZE, F_INDIRECT_DESC | F_EVENT_IDX);
    }
    EXPECT_EQ(rules(), "");
}

TEST(DefinedFeatureBits2_2_2, NoDeviceOffersAnUndefinedOrForeignBitAndAllOfferVersion1)
{
    GpioHarness gpio;
    I2cHarness i2c;
    ScmiHarness scmi;
    DeviceHarness rng(DeviceHarness::MakeDevice([](EventLoop& loop) {
        return std::make_unique<RngDevice>(loop, std::make_unique<SeededRng>(1), RngRate {});
    }));
    constexpr uint64_t ring = F_INDIRECT_DESC | F_EVENT_IDX | F_VERSION_1 | F_ACCESS_PLATFORM
        | F_RING_PACKED | F_IN_ORDER | F_RING_RESET;
    struct Offer {
        DeviceHost& host;
        uint64_t own; // that the chapter of the device defines
    };
    const Offer offers[]
        = { { gpio.host(), 1 }, { i2c.host(), 1 }, { scmi.guest().host(), 3 }, { rng.host(), 0 } };
    for (const auto& [host, own] : offers) {
        host.set_next_dial({ .offer = ~uint64_t { 0 } }); // whatever a user may turn on
        host.apply_dial();
        EXPECT_EQ(host.offered_features() & ~(ring | own), 0u) << host.traits().schema->device;
        EXPECT_NE(host.offered_features() & F_VERSION_1, 0u);
    }
}

// --- 2.4 Device reset ---

class DeviceReset2_4_1 : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(Formats, DeviceReset2_4_1, testing::ValuesIn(FORMATS), format_name);

TEST_P(DeviceReset2_4_1, NothingIsSentOrTouchedUntilTheDriverStartsAnew)
{
    for (const bool by_status : { true, false }) {
        renew_rings(SIZE, F_INDIRECT_DESC | F_EVENT_IDX);
        start();
        submit(1, "parked");
        kick(1);
        ASSERT_EQ(m_device->parked[1].size(), 1u);
        EXPECT_EQ(number(by_status ? Id::SetStatus : Id::ResetDevice,
                      by_status ? bytes(uint64_t { 0 }) : Bytes {}),
            0u);
        EXPECT_TRUE(m_device->parked[1].empty());
        submit(0, "too early");
        signalled(0);
        signalled(1);
        const auto before = memory();
        tempt(0);
        tempt(1);
        EXPECT_TRUE(memory() == before);
        EXPECT_EQ(signalled(0) + signalled(1), 0u);
    }
}

// --- 2.5 Configuration space ---

class ConfigSpace2_5_2 : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(Formats, ConfigSpace2_5_2, testing::ValuesIn(FORMATS), format_name);

TEST_P(ConfigSpace2_5_2, IsReadableBeforeFeaturesAreAccepted)
{
    m_device->config.fill(std::byte { 7 });
    call(Id::SetProtocolFeatures, bytes(OFFERED_PROTOCOL_FEATURES));
    const auto reply = call(Id::GetConfig, bytes(ConfigPayload { 0, 8, 0 }, uint64_t { 0 }));
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->payload.size(), sizeof(ConfigPayload) + 8);
    EXPECT_EQ(reply->read<uint64_t>(sizeof(ConfigPayload)), 0x0707070707070707u);
    EXPECT_EQ(rules(), "");
}

// --- 2.6.1 Virtqueue reset ---

class QueueReset2_6_1 : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(Formats, QueueReset2_6_1, testing::ValuesIn(FORMATS), format_name);

TEST_P(QueueReset2_6_1, ResetQueueIsNeitherServedNorNotified)
{
    start();
    submit(0, "left");
    stop_ring(0);
    signalled(0);
    const auto before = memory();
    tempt(0);
    EXPECT_TRUE(memory() == before);
    EXPECT_EQ(signalled(0), 0u);
    EXPECT_EQ(request(1, "d"), "E"); // the other queue goes on
}

TEST_P(QueueReset2_6_1, StateOfTheQueueIsTheDefaultAgain)
{
    start();
    for (int i = 0; i < 5; ++i)
        request(0, "x");
    submit(1, "of the old ring");
    kick(1);
    ASSERT_EQ(m_device->parked[1].size(), 1u);
    stop_ring(0);
    stop_ring(1);
    renew_rings(SIZE, F_INDIRECT_DESC | F_EVENT_IDX);
    set_up_and_enable();
    EXPECT_TRUE(m_device->parked[1].empty());
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(request(0, "fresh"), "fresh");
    EXPECT_EQ(rules(), "");
}

TEST_P(QueueReset2_6_1, OtherSizeAndPlaceAreObserved)
{
    start();
    request(0, "x");
    for (const uint32_t size : { 4u, 16u, 1u, 64u }) {
        stop_ring(0);
        stop_ring(1);
        renew_rings(size, F_EVENT_IDX);
        // Features stay as negotiated: direct descriptors are for any driver.
        set_up_and_enable();
        for (uint32_t i = 0; size > 1 && i < 2 * size; ++i)
            EXPECT_EQ(request(0, "y"), "y") << "size " << size;
    }
    EXPECT_EQ(rules(), "");
}

// --- 2.7.4, 2.7.5 and 2.8.15: buffers ---

class Buffers2_7_5_1 : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(Formats, Buffers2_7_5_1, testing::ValuesIn(FORMATS), format_name);

TEST_P(Buffers2_7_5_1, DeviceReadableOnesAreNeverWritten)
{
    start();
    const auto readable = m_memory->allocate(5);
    std::ranges::fill(readable.bytes(), std::byte { 'r' });
    const auto writable = m_memory->allocate(64);
    const DriverSegment in[] = { readable.segment() };
    const DriverSegment out[] = { writable.segment() };
    ASSERT_TRUE(m_rings[0].ring->add(in, out, 0));
    m_rings[0].ring->publish();
    kick(0);
    const auto used = m_rings[0].ring->pop_used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->length, 5u);
    EXPECT_TRUE(
        std::ranges::all_of(readable.bytes(), [](std::byte b) { return b == std::byte { 'r' }; }));
    EXPECT_EQ(writable.bytes()[4], std::byte { 'r' });
}

TEST_P(Buffers2_7_5_1, ChainWithoutWritableBytesComesBackWithLengthZero)
{
    start();
    const auto readable = m_memory->allocate(5);
    const DriverSegment in[] = { readable.segment() };
    ASSERT_TRUE(m_rings[0].ring->add(in, {}, 0));
    m_rings[0].ring->publish();
    kick(0);
    const auto used = m_rings[0].ring->pop_used();
    ASSERT_TRUE(used);
    EXPECT_EQ(used->length, 0u);
}

class Framing2_7_4_1 : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(Formats, Framing2_7_4_1, testing::ValuesIn(FORMATS), format_name);

TEST_P(Framing2_7_4_1, NothingDependsOnWhereDescriptorsEnd)
{
    start();
    const std::string text = "twelve bytes";
    for (const uint32_t piece : { 12u, 6u, 5u, 4u }) {
        std::vector<DriverSegment> in;
        std::vector<GuestBuffer> parts;
        std::vector<DriverSegment> out;
        for (size_t at = 0; at < text.size(); at += piece) {
            const auto size = static_cast<uint32_t>(std::min<size_t>(piece, text.size() - at));
            const auto buffer = m_memory->allocate(size);
            std::memcpy(buffer.data, text.data() + at, size);
            in.push_back(buffer.segment());
            parts.push_back(m_memory->allocate(size));
            out.push_back(parts.back().segment());
        }
        ASSERT_TRUE(m_rings[0].ring->add(in, out, 0));
        m_rings[0].ring->publish();
        kick(0);
        const auto used = m_rings[0].ring->pop_used();
        ASSERT_TRUE(used);
        EXPECT_EQ(used->length, text.size());
        std::string answer;
        for (const auto& part : parts)
            answer.append(reinterpret_cast<const char*>(part.data), part.size);
        EXPECT_EQ(answer, text) << "pieces of " << piece;
    }
}

// --- 2.7.10 and 2.9: notifications of the driver ---

class DriverNotifications2_7_10_2 : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(
    Formats, DriverNotifications2_7_10_2, testing::ValuesIn(FORMATS), format_name);

TEST_P(DriverNotifications2_7_10_2, SpuriousOnesAreHandled)
{
    start();
    for (int i = 0; i < 3; ++i)
        kick(0);
    EXPECT_EQ(queue(0).counters().kicks_empty, 3u);
    EXPECT_EQ(request(0, "real"), "real");
    kick(0);
    EXPECT_FALSE(used(0));
    EXPECT_EQ(rules(), "");
}

// --- vhost-user, Ring states ---

class RingStates : public BasicFacilities { };
INSTANTIATE_TEST_SUITE_P(Formats, RingStates, testing::ValuesIn(FORMATS), format_name);

TEST_P(RingStates, RingsBeginStoppedAndDisabled)
{
    negotiate();
    share_memory();
    submit(0, "early");
    tempt(0);
    for (size_t i = 0; i < 2; ++i)
        EXPECT_FALSE(queue(i).started() || queue(i).enabled());
    EXPECT_FALSE(used(0));
}

TEST_P(RingStates, StoppedAndEnabledAreIndependent)
{
    start();
    stop_ring(0);
    EXPECT_TRUE(!queue(0).started() && queue(0).enabled());
    set_up_ring(0);
    enable(0, 0);
    EXPECT_TRUE(queue(0).started() && !queue(0).enabled());
    stop_ring(0);
    EXPECT_TRUE(!queue(0).started() && !queue(0).enabled());
}

TEST_P(RingStates, DisabledRingIsServedWhenItIsEnabled)
{
    start();
    enable(0, 0);
    EXPECT_EQ(request(0, "later"), "(no answer)");
    enable(0);
    EXPECT_EQ(used(0), "later");
}

TEST_P(RingStates, SuspendedDeviceAnswersMessagesAndWritesNothing)
{
    start();
    submit(1, "parked");
    kick(1);
    stop_ring(0);
    stop_ring(1);
    signalled(0);
    signalled(1);
    const auto before = memory();
    tempt(0);
    tempt(1);
    EXPECT_NE(number(Id::GetFeatures, {}, {}, 1), 0u);
    EXPECT_EQ(number(Id::GetQueueNum), 2u);
    EXPECT_EQ(number(Id::GetStatus), 0u);
    EXPECT_TRUE(memory() == before);
    EXPECT_EQ(signalled(0) + signalled(1), 0u);
}

TEST_P(RingStates, RingThatIsNeverSetUpIsNoObstacle)
{
    negotiate();
    share_memory();
    set_up_ring(0);
    enable(0);
    EXPECT_EQ(request(0, "alone"), "alone");
    EXPECT_FALSE(queue(1).started());
    EXPECT_EQ(rules(), "");
}

TEST_P(RingStates, QemuStopsAndStartsInItsOrder)
{
    start();
    EXPECT_EQ(request(0, "before"), "before");
    for (uint32_t i = 0; i < 2; ++i)
        enable(i, 0);
    for (uint32_t i = 0; i < 2; ++i) {
        const auto reply = call(Id::GetVringBase, bytes(VringState { i, 0 }));
        ASSERT_TRUE(reply);
        m_rings[i].base = reply->read<VringState>().num;
    }
    EXPECT_EQ(number(Id::SetStatus, bytes(uint64_t { 0 })), 0u);
    renew_rings(SIZE, F_INDIRECT_DESC | F_EVENT_IDX);
    start();
    EXPECT_EQ(request(0, "after"), "after");
    EXPECT_EQ(rules(), "");
}

} // namespace
} // namespace vwb::test
