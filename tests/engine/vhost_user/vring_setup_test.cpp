// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The life of rings under all orders in which front-ends bring their messages.
#include "engine/memory/guest_access.h"
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/eventfd.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class VringSetupTest : public SessionFixture {
protected:
    uint32_t vring_base(uint32_t index)
    {
        const auto reply = call(Id::GetVringBase, bytes(VringState { index, 0 }));
        EXPECT_TRUE(reply && reply->payload.size() == 8);
        const auto state = reply->read<VringState>();
        EXPECT_EQ(state.index, index);
        return state.num;
    }
    // Refused, with these words in its problem.
    void expect_refused(
        Id id, const Bytes& payload, const std::string& words, std::initializer_list<int> fds = {})
    {
        EXPECT_NE(number(id, payload, fds), 0u);
        ASSERT_FALSE(problems().empty());
        EXPECT_NE(problems().back().message.find(words), std::string::npos)
            << problems().back().message;
    }
};

TEST_F(VringSetupTest, EverySetupMessageIsCheckedByItself)
{
    negotiate();
    share_memory();
    expect_refused(Id::SetVringNum, bytes(VringState { 2, 8 }), "names ring 2; the device has 2");
    expect_refused(Id::SetVringNum, bytes(VringState { 0, 0 }), "with 0 entries, expected a power");
    expect_refused(Id::SetVringNum, bytes(VringState { 0, 24 }), "with 24 entries");
    expect_refused(Id::SetVringNum, bytes(VringState { 0, 8192 }), "power of two up to 4096");
    expect_refused(Id::SetVringBase, bytes(VringState { 0, 65536 }), "with base 65536");
    expect_refused(Id::SetVringBase, bytes(VringState { 7, 0 }), "names ring 7");
    expect_refused(Id::SetVringEnable, bytes(VringState { 0, 2 }), "has 2 for ring 0, expected 0");
    expect_refused(Id::SetVringEnable, bytes(VringState { 9, 1 }), "names ring 9");
    const UniqueFd fd(::eventfd(0, 0));
    expect_refused(Id::SetVringCall, bytes(uint64_t { 2 }), "names ring 2", { fd.get() });
    expect_refused(
        Id::SetVringErr, bytes(uint64_t { 0x200 }), "reserved bits: 0x200", { fd.get() });
    expect_refused(Id::SetVringKick, bytes(uint64_t { 0 }), "came without a descriptor");
    expect_refused(
        Id::SetVringKick, bytes(uint64_t { 0x100 }), "came with a descriptor", { fd.get() });
    EXPECT_EQ(call(Id::GetVringBase, bytes(VringState { 5, 0 }))->header.size, 0u);
}

TEST_F(VringSetupTest, RefusalsSayWhichQueueTheyAreAbout)
{
    negotiate();
    call(Id::SetVringNum, bytes(VringState { 1, 3 }));
    call(Id::SetVringNum, bytes(VringState { 0, 3 }));
    call(Id::SetVringNum, bytes(VringState { 2, 8 }));
    call(Id::SetVringKick, bytes(uint64_t { 0x101 }));
    ASSERT_EQ(problems().size(), 4u);
    EXPECT_EQ(problems()[0].queue, 1);
    EXPECT_EQ(problems()[1].queue, 0);
    EXPECT_EQ(problems()[2].queue, Problem::NO_QUEUE);
    EXPECT_EQ(problems()[3].queue, 1);
}

TEST_F(VringSetupTest, AddressesMustLieInMemoryAsAWhole)
{
    negotiate();
    share_memory();
    call(Id::SetVringNum, bytes(VringState { 0, 8 }));
    VringAddr addr = address_of_ring(0);
    addr.used = m_memory->user_base() + m_memory->size() - 8;
    expect_refused(Id::SetVringAddr, bytes(addr), "used ring of ring 0 at user address");
    addr = address_of_ring(0);
    addr.descriptor = m_memory->guest_base();
    expect_refused(Id::SetVringAddr, bytes(addr), "descriptor table of ring 0");
    addr = address_of_ring(0);
    addr.available += 1;
    expect_refused(Id::SetVringAddr, bytes(addr), "is not aligned to 2 bytes");
    addr.index = 4;
    expect_refused(Id::SetVringAddr, bytes(addr), "names ring 4");
    EXPECT_EQ(number(Id::SetVringAddr, bytes(address_of_ring(0))), 0u);
}

TEST_F(VringSetupTest, KickSaysWhatIsMissing)
{
    negotiate();
    const Bytes ring = bytes(uint64_t { 0 });
    const int kick = m_rings[0].kick.get();
    expect_refused(Id::SetVringKick, ring, "there is no memory table yet", { kick });
    share_memory();
    expect_refused(Id::SetVringKick, ring, "SET_VRING_NUM is missing", { kick });
    call(Id::SetVringNum, bytes(VringState { 0, 8 }));
    expect_refused(Id::SetVringKick, ring, "SET_VRING_ADDR is missing", { kick });
    call(Id::SetVringAddr, bytes(address_of_ring(0)));
    EXPECT_EQ(number(Id::SetVringKick, ring, { kick }), 0u);
    EXPECT_TRUE(queue(0).started());
}

TEST_F(VringSetupTest, MemoryMayComeAfterAddresses)
{
    negotiate();
    call(Id::SetVringNum, bytes(VringState { 0, 8 }));
    EXPECT_EQ(number(Id::SetVringAddr, bytes(address_of_ring(0))), 0u);
    share_memory();
    set_up_ring(0);
    enable(0);
    EXPECT_EQ(request(0, "late"), "late");
}

TEST_F(VringSetupTest, AddressesInNoMemoryAreFoundAtTheLatestByKick)
{
    negotiate();
    VringAddr addr = address_of_ring(0);
    addr.available = 0;
    EXPECT_EQ(number(Id::SetVringAddr, bytes(addr)), 0u);
    call(Id::SetVringNum, bytes(VringState { 0, 8 }));
    share_memory();
    expect_refused(Id::SetVringKick, bytes(uint64_t { 0 }),
        "available ring of ring 0 at user address 0x0", { m_rings[0].kick.get() });
    EXPECT_FALSE(queue(0).started());
}

TEST_F(VringSetupTest, DescriptorThatCannotBeWaitedForIsRefused)
{
    start();
    const UniqueFd file(::open("/proc/self/exe", O_RDONLY));
    expect_refused(Id::SetVringKick, bytes(uint64_t { 0 }), "kick descriptor", { file.get() });
    EXPECT_EQ(request(0, "the old kick still works"), "the old kick still works");
}

TEST_F(VringSetupTest, PendingEntriesAreServedWhenTheRingIsEnabled)
{
    negotiate();
    share_memory();
    submit(0, "early");
    set_up_ring(0);
    EXPECT_FALSE(used(0)); // disabled: no side effects
    kick(0);
    EXPECT_FALSE(used(0));
    calls(0);
    enable(0);
    EXPECT_EQ(used(0), "early");
    EXPECT_EQ(calls(0), 1u);
}

TEST_F(VringSetupTest, EnableMayComeBeforeKick)
{
    negotiate();
    share_memory();
    submit(0, "early");
    enable(0);
    set_up_ring(0);
    EXPECT_EQ(used(0), "early");
}

TEST_F(VringSetupTest, WithoutBit30RingsAreEnabledAtOnce)
{
    call(Id::SetFeatures, bytes(FEATURES));
    call(Id::SetMemTable, memory_table(), { m_memory->fd() });
    set_up_ring(0);
    EXPECT_EQ(request(0, "no enable"), "no enable");
    EXPECT_FALSE(call(Id::SetVringEnable, bytes(VringState { 0, 0 })));
    EXPECT_EQ(rules(), "vhost-user.set-vring-enable"); // needs bit 30
    EXPECT_EQ(request(0, "still"), "still");
}

TEST_F(VringSetupTest, RingWithoutKickDescriptorIsPolled)
{
    negotiate();
    share_memory();
    set_up_ring(0);
    call(Id::GetVringBase, bytes(VringState { 0, 0 }));
    submit(0, "one");
    EXPECT_EQ(number(Id::SetVringKick, bytes(uint64_t { 0x100 })), 0u);
    enable(0);
    EXPECT_EQ(used(0), "one");
    submit(0, "two");
    settle();
    EXPECT_FALSE(used(0));
    m_clock.advance(std::chrono::milliseconds(1));
    settle();
    EXPECT_EQ(used(0), "two");
    const Value tree = inspect();
    EXPECT_EQ(*tree.find("session")->find("rings")->find("echoq")->find("kick"), Value("polled"));
}

TEST_F(VringSetupTest, StoppedRingAnswersItsBaseAndGoesOnFromThere)
{
    start();
    for (int i = 0; i < 5; ++i)
        request(0, "x");
    EXPECT_EQ(vring_base(0), 5u);
    EXPECT_FALSE(queue(0).started());
    EXPECT_EQ(request(0, "while stopped"), "(no answer)");
    m_rings[0].base = 5;
    set_up_ring(0);
    EXPECT_EQ(used(0), "while stopped");
    EXPECT_EQ(rules(), "");
}

TEST_F(VringSetupTest, BaseOfARingThatNeverRanIsWhatWasSet)
{
    negotiate();
    EXPECT_EQ(vring_base(1), 0u);
    call(Id::SetVringBase, bytes(VringState { 1, 77 }));
    EXPECT_EQ(vring_base(1), 77u);
}

// vhost-user, Inflight I/O tracking: without it, what lies between the used index and the base is
// known to nobody.
TEST_F(VringSetupTest, BaseAheadOfTheUsedRingIsToldWhenTheRingStarts)
{
    m_rings[0].base = 3;
    start();
    // The driver of this test has made nothing available, which shows too.
    ASSERT_EQ(rules(), "vhost-user.requests-unknown d.overfull");
    EXPECT_NE(problems()[0].message.find("3 requests ahead of the used ring"), std::string::npos);
}

TEST_F(VringSetupTest, BaseThatIsNotOfThisRingMemoryIsToldWhenTheRingStarts)
{
    m_rings[0].base = 300;
    start();
    EXPECT_EQ(rules(), "vhost-user.base-mismatch d.overfull");
}

TEST_F(VringSetupTest, ParkedRequestsSurviveAnOrderlyStop)
{
    start();
    submit(1, "wait");
    kick(1);
    ASSERT_EQ(m_device->parked[1].size(), 1u);
    m_rings[1].base = vring_base(1);
    EXPECT_EQ(m_device->parked[1].size(), 0u);
    set_up_ring(1);
    EXPECT_EQ(m_device->parked[1].size(), 1u);
}

// --- packed rings ---

TEST_F(VringSetupTest, PackedRingsMayHaveAnySizeAndBasesOfTwoPositions)
{
    use_packed_rings(7);
    negotiate();
    share_memory();
    expect_refused(
        Id::SetVringNum, bytes(VringState { 0, 0 }), "with 0 entries, expected 1 to 4096");
    expect_refused(Id::SetVringNum, bytes(VringState { 0, 5000 }), "expected 1 to 4096");
    EXPECT_EQ(number(Id::SetVringNum, bytes(VringState { 0, 7 })), 0u);
    VringAddr addr = address_of_ring(0);
    addr.available += 2;
    expect_refused(Id::SetVringAddr, bytes(addr), "driver event suppression of ring 0");
    EXPECT_EQ(number(Id::SetVringAddr, bytes(address_of_ring(0))), 0u);
    // An index behind the ring is seen when the ring starts.
    EXPECT_EQ(number(Id::SetVringBase, bytes(VringState { 0, 0x80098009 })), 0u);
    expect_refused(Id::SetVringKick, bytes(uint64_t { 0 }), "vring base 0x80098009",
        { m_rings[0].kick.get() });
    EXPECT_EQ(number(Id::SetVringBase, bytes(VringState { 0, 0x80008000 })), 0u);
    EXPECT_EQ(number(Id::SetVringKick, bytes(uint64_t { 0 }), { m_rings[0].kick.get() }), 0u);
    EXPECT_TRUE(queue(0).started());
}

TEST_F(VringSetupTest, PackedRingAnswersBothPositionsAndGoesOnFromThere)
{
    use_packed_rings(7);
    start();
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(request(0, "x"), "x");
    // Two descriptors each: ten, which is three in the second round.
    EXPECT_EQ(vring_base(0), 0x00030003u);
    EXPECT_EQ(request(0, "while stopped"), "(no answer)");
    m_rings[0].base = 0x00030003;
    set_up_ring(0);
    EXPECT_EQ(used(0), "while stopped");
    EXPECT_EQ(rules(), "");
    Inspector inspector;
    m_host->inspect(inspector);
    const Value tree = std::move(inspector).tree();
    EXPECT_EQ(*tree.find("queues")->find("echoq")->find("format"), Value("packed"));
}

TEST_F(VringSetupTest, PackedRingWithBaseZeroIsAFreshOne)
{
    use_packed_rings(8);
    m_rings[0].base = 0; // as virtio_uml says
    start();
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(request(0, "uml"), "uml");
    EXPECT_EQ(rules(), "");
}

TEST_F(VringSetupTest, ParkedRequestsOfAPackedRingSurviveAStopThoughOthersWentOverThem)
{
    use_packed_rings(8);
    start();
    submit(1, "wait");
    submit(1, "event");
    kick(1);
    ASSERT_EQ(m_device->parked[1].size(), 2u);
    std::move(m_device->parked[1].back()).complete(1); // over the descriptors of the first
    m_device->parked[1].pop_back();
    settle();
    ASSERT_TRUE(used(1));
    for (int i = 0; i < 3; ++i) {
        m_rings[1].base = vring_base(1);
        EXPECT_EQ(m_device->parked[1].size(), 0u);
        set_up_ring(1);
        ASSERT_EQ(m_device->parked[1].size(), 1u);
    }
    std::array<std::byte, 4> text;
    EXPECT_EQ(m_device->parked[1].front().reader().read(text), 4u);
    EXPECT_EQ(text[0], std::byte { 'w' });
    EXPECT_EQ(rules(), "");
}

TEST_F(VringSetupTest, RunningRingIsNotSetUpAnew)
{
    start();
    expect_refused(Id::SetVringNum, bytes(VringState { 0, 16 }), "ring 0 runs");
    expect_refused(Id::SetVringBase, bytes(VringState { 0, 1 }), "ring 0 runs");
    VringAddr addr = address_of_ring(0);
    addr.used = address_of_ring(1).used;
    expect_refused(Id::SetVringAddr, bytes(addr), "ring 0 runs");
    // QEMU sends the same once more to switch logging.
    addr = address_of_ring(0);
    addr.flags = 1;
    addr.log = 4096;
    EXPECT_EQ(number(Id::SetVringAddr, bytes(addr)), 0u);
    EXPECT_EQ(number(Id::SetVringNum, bytes(VringState { 0, 8 })), 0u);
    EXPECT_EQ(request(0, "unharmed"), "unharmed");
}

TEST_F(VringSetupTest, FeaturesDoNotChangeWhileRingsRun)
{
    start();
    const uint64_t all = FEATURES | VHOST_USER_F_PROTOCOL_FEATURES;
    EXPECT_EQ(number(Id::SetFeatures, bytes(all)), 0u);
    expect_refused(Id::SetFeatures, bytes(all & ~F_EVENT_IDX), "while rings run");
    EXPECT_EQ(m_host->accepted_features(), FEATURES);
    EXPECT_EQ(request(0, "unharmed"), "unharmed");
}

TEST_F(VringSetupTest, KickAndCallMayBeReplacedWhileItRuns)
{
    start();
    m_rings[0].kick.reset(::eventfd(0, EFD_NONBLOCK));
    m_rings[0].call.reset(::eventfd(0, EFD_NONBLOCK));
    submit(0, "between"); // its kick went to nobody
    call(Id::SetVringKick, bytes(uint64_t { 0 }), { m_rings[0].kick.get() });
    EXPECT_EQ(used(0), "between");
    call(Id::SetVringCall, bytes(uint64_t { 0 }), { m_rings[0].call.get() });
    EXPECT_EQ(calls(0), 1u);
    EXPECT_EQ(request(0, "after"), "after");
    EXPECT_EQ(calls(0), 1u);
}

TEST_F(VringSetupTest, CallMayBeTakenAway)
{
    start();
    EXPECT_EQ(number(Id::SetVringCall, bytes(uint64_t { 0x100 })), 0u);
    EXPECT_EQ(request(0, "polled"), "polled");
    EXPECT_EQ(calls(0), 0u);
}

TEST_F(VringSetupTest, BrokenRingSignalsErrAndRunsAgainWhenSetUpAnew)
{
    start();
    const UniqueFd err(::eventfd(0, EFD_NONBLOCK));
    call(Id::SetVringErr, bytes(uint64_t { 0 }), { err.get() });
    // An available index too far ahead.
    std::byte* index = m_rings[0].ring->raw().driver + 2;
    guest_store<uint16_t>(index, 100, std::memory_order_release);
    kick(0);
    EXPECT_TRUE(queue(0).broken());
    uint64_t count = 0;
    EXPECT_EQ(::read(err.get(), &count, sizeof count), 8);
    EXPECT_EQ(request(1, "k"), "(no answer)"); // parked: the other ring works
    EXPECT_EQ(m_device->parked[1].size(), 1u);
    vring_base(0);
    m_rings[0].ring->reset();
    set_up_ring(0);
    EXPECT_EQ(request(0, "repaired"), "repaired");
}

// What virtio_uml does when its driver is unbound and bound: no GET_VRING_BASE, no reset.
TEST_F(VringSetupTest, DriverIsBoundAgainTenTimesOnOneConnection)
{
    constexpr uint64_t uml = protocol_bit(ProtocolFeature::ReplyAck)
        | protocol_bit(ProtocolFeature::BackendReq) | protocol_bit(ProtocolFeature::Config);
    call(Id::SetOwner);
    call(Id::SetProtocolFeatures, bytes(uml));
    for (int round = 0; round < 10; ++round) {
        for (auto& ring : m_rings)
            ring.ring->reset();
        call(Id::SetFeatures, bytes(FEATURES | VHOST_USER_F_PROTOCOL_FEATURES), {}, NEED_REPLY);
        // 72 bytes, as if there were two regions.
        Bytes table = memory_table();
        table.resize(72);
        EXPECT_EQ(number(Id::SetMemTable, table, { m_memory->fd() }), 0u);
        for (uint32_t i = 0; i < 2; ++i) {
            call(Id::SetVringCall, bytes(uint64_t { i }), { m_rings[i].call.get() });
            EXPECT_EQ(number(Id::SetVringNum, bytes(VringState { i, 8 })), 0u);
            EXPECT_EQ(number(Id::SetVringBase, bytes(VringState { i, 0 })), 0u);
            EXPECT_EQ(number(Id::SetVringAddr, bytes(address_of_ring(i))), 0u);
        }
        for (uint32_t i = 0; i < 2; ++i) {
            EXPECT_EQ(
                number(Id::SetVringKick, bytes(uint64_t { i }), { m_rings[i].kick.get() }), 0u);
            EXPECT_EQ(number(Id::SetVringEnable, bytes(VringState { i, 1 })), 0u);
        }
        for (int i = 0; i < 11; ++i)
            EXPECT_EQ(request(0, "uml"), "uml");
        submit(1, "event buffer");
        kick(1);
        EXPECT_EQ(m_device->parked[1].size(), 1u) << "round " << round;
        EXPECT_EQ(number(Id::SetVringEnable, bytes(VringState { 1, 0 })), 0u);
        EXPECT_EQ(number(Id::SetVringEnable, bytes(VringState { 0, 0 })), 0u);
        EXPECT_TRUE(call(Id::GetFeatures));
        m_memory->release_all();
        for (auto& ring : m_rings)
            ring.ring = make_driver_ring(*m_memory, { 8, true, false });
        m_buffers.clear();
    }
    EXPECT_EQ(m_device->resets, 9u); // each new driver finds a device that was reset
    EXPECT_EQ(rules(), "");
}

} // namespace
} // namespace vwb::test
