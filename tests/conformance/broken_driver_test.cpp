// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Drivers that are wrong, each in one way: after each, one problem record says what was wrong, and
// the device serves the next good request: at once where the spec leaves a way, else after a reset.
#include "devices/gpio/gpio_wire.h"
#include "engine/memory/guest_access.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/raw_queue.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

using namespace vwb;
using namespace vwb::test;

namespace {

constexpr uint16_t NEXT = VIRTQ_DESC_F_NEXT;
constexpr uint16_t WRITE = VIRTQ_DESC_F_WRITE;
constexpr uint16_t INDIRECT = VIRTQ_DESC_F_INDIRECT;
constexpr uint64_t NOWHERE = 0x10;

struct Breakage {
    const char* name;
    const char* rule; // that a split ring breaks, or null where it cannot
    const char* packed_rule; // the same of a packed ring
    // Describes a chain from descriptor 0 on.
    void (*describe)(RawQueue& queue);
    bool indirect = true; // negotiated
};

struct BreakageIn {
    Breakage breakage;
    RingFormat format;

    const char* rule() const
    {
        return format == RingFormat::Packed ? breakage.packed_rule : breakage.rule;
    }
    DriverOptions options() const
    {
        DriverOptions options;
        options.indirect = breakage.indirect;
        options.packed = format == RingFormat::Packed;
        return options;
    }
};

void PrintTo(const BreakageIn& param, std::ostream* out)
{
    *out << param.breakage.name;
}

void describe_indirect(RawQueue& queue, uint32_t length, uint16_t flags, uint16_t inner_flags)
{
    const auto table = queue.buffer(256);
    const auto data = queue.buffer(64);
    queue.describe_at(table.data, 0, data.guest_address, 8, inner_flags, 0);
    queue.describe(0, table.guest_address, length, flags, 1);
}

const Breakage CHAIN_BREAKAGES[] = {
    { "ReadableAfterWritable", "ring.split.writable-last", "ring.packed.writable-last",
        [](RawQueue& queue) {
            queue.describe(0, queue.buffer(8).guest_address, 8, NEXT | WRITE, 1);
            queue.describe(1, queue.buffer(8).guest_address, 8, 0, 0);
        } },
    { "ChainLoop", "ring.split.chain-len", nullptr,
        [](RawQueue& queue) {
            queue.describe(0, queue.buffer(8).guest_address, 8, NEXT | WRITE, 1);
            queue.describe(1, queue.buffer(8).guest_address, 8, NEXT | WRITE, 0);
        } },
    { "NextOutOfRange", "d.next-range", nullptr,
        [](RawQueue& queue) {
            queue.describe(0, queue.buffer(8).guest_address, 8, NEXT | WRITE, 0xfff0);
        } },
    { "AddressOutsideMemory", "d.addr-range", "d.addr-range",
        [](RawQueue& queue) { queue.describe(0, NOWHERE, 8, WRITE, 0); } },
    { "AddressThatWraps", "d.addr-range", "d.addr-range",
        [](RawQueue& queue) { queue.describe(0, ~uint64_t { 0 } - 3, 8, WRITE, 0); } },
    { "LengthBeyondMemory", "d.addr-range", "d.addr-range",
        [](RawQueue& queue) {
            queue.describe(0, queue.buffer(8).guest_address, 0x7fffffff, WRITE, 0);
        } },
    { "UnknownFlags", "d.unknown-flags", "d.unknown-flags",
        [](RawQueue& queue) {
            queue.describe(0, queue.buffer(8).guest_address, 8, WRITE | 0x100, 0);
        } },
    { "EmptyChain", "d.empty-chain", "d.empty-chain",
        [](RawQueue& queue) { queue.describe(0, queue.buffer(8).guest_address, 0, WRITE, 0); } },
    { "IndirectInIndirect", "ring.split.indirect-nested", nullptr,
        [](RawQueue& queue) { describe_indirect(queue, 16, INDIRECT, INDIRECT); } },
    { "IndirectWithNext", "ring.split.indirect-and-next", "ring.packed.indirect-in-list",
        [](RawQueue& queue) { describe_indirect(queue, 16, INDIRECT | NEXT, WRITE); } },
    { "IndirectOfOddLength", "d.indirect-len", "d.indirect-len",
        [](RawQueue& queue) { describe_indirect(queue, 20, INDIRECT, WRITE); } },
    { "IndirectOfNoLength", "d.indirect-len", "d.indirect-len",
        [](RawQueue& queue) { describe_indirect(queue, 0, INDIRECT, WRITE); } },
    { "IndirectTableOutsideMemory", "d.indirect-range", "d.indirect-range",
        [](RawQueue& queue) { queue.describe(0, NOWHERE, 16, INDIRECT, 0); } },
    { "IndirectNotNegotiated", "ring.split.indirect-not-negotiated",
        "ring.packed.indirect-not-negotiated",
        [](RawQueue& queue) { describe_indirect(queue, 16, INDIRECT, WRITE); }, false },
};

// Needs the queue to be set up again.
const Breakage RING_BREAKAGES[] = {
    { "AvailIndexTooFarAhead", "d.overfull", nullptr,
        [](RawQueue& queue) { queue.set_avail_index(static_cast<uint16_t>(queue.size() + 1)); } },
    { "HeadOutOfRange", "d.head-range", "d.packed-id",
        [](RawQueue& queue) { queue.make_available(static_cast<uint16_t>(queue.size())); } },
    { "ListWithoutEnd", nullptr, "ring.packed.list-queue-size",
        [](RawQueue& queue) {
            for (uint32_t slot = 0; slot < queue.size(); ++slot)
                queue.put(slot, queue.buffer(8).guest_address, 8, 0,
                    NEXT | WRITE | queue.next().available());
        } },
    { "ListWhoseRestIsNotAvailable", nullptr, "ring.packed.head-last",
        [](RawQueue& queue) {
            queue.put(
                0, queue.buffer(8).guest_address, 8, 0, NEXT | WRITE | queue.next().available());
        } },
};

// All breakages that a ring of that format can have.
template <size_t N> std::vector<BreakageIn> in(RingFormat format, const Breakage (&breakages)[N])
{
    std::vector<BreakageIn> list;
    for (const Breakage& breakage : breakages) {
        const BreakageIn param { breakage, format };
        if (param.rule())
            list.push_back(param);
    }
    return list;
}

std::string name_of_breakage(const testing::TestParamInfo<BreakageIn>& info)
{
    return info.param.breakage.name;
}

// One good request to the entropy device on descriptor 7.
void expect_served(RawQueue& queue)
{
    const auto good = queue.buffer(64);
    queue.describe(7, good.guest_address, 64, WRITE, 0);
    queue.make_available(7);
    queue.kick();
    const auto used = queue.wait_used();
    EXPECT_EQ(used.head, 7u);
    EXPECT_EQ(used.length, 64u);
}

void expect_one_problem(TestBench& bench, const std::string& device, const std::string& rule)
{
    const auto problems = bench.problems(device);
    ASSERT_EQ(problems.size(), 1u) << bench.rules(device);
    EXPECT_EQ(problems[0].rule, rule);
    EXPECT_EQ(problems[0].side, Side::Driver);
    EXPECT_EQ(problems[0].queue, 0);
    EXPECT_FALSE(problems[0].message.empty());
    EXPECT_NE(problems[0].clause.find("virtio 1.4"), std::string::npos);
}

} // namespace

class BrokenChain : public testing::TestWithParam<BreakageIn> { };

TEST_P(BrokenChain, IsReturnedEmptyAndTheNextRequestIsServed)
{
    TestBench bench;
    const auto driver = bench.connect("rng0", GetParam().options());
    RawQueue queue(*driver, 0);
    GetParam().breakage.describe(queue);
    queue.make_available(0);
    queue.kick();
    const auto used = queue.wait_used();
    EXPECT_EQ(used.head, 0u);
    EXPECT_EQ(used.length, 0u);
    expect_served(queue);
    expect_one_problem(bench, "rng0", GetParam().rule());
}

INSTANTIATE_TEST_SUITE_P(Split, BrokenChain,
    testing::ValuesIn(in(RingFormat::Split, CHAIN_BREAKAGES)), name_of_breakage);
INSTANTIATE_TEST_SUITE_P(Packed, BrokenChain,
    testing::ValuesIn(in(RingFormat::Packed, CHAIN_BREAKAGES)), name_of_breakage);

class BrokenRing : public testing::TestWithParam<BreakageIn> { };

TEST_P(BrokenRing, BreaksThatQueueUntilItIsSetUpAgain)
{
    TestBench bench;
    const auto driver = bench.connect("rng0", GetParam().options());
    const UniqueFd err(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    ASSERT_TRUE(driver->frontend().set_vring_err(0, err.get()));
    RawQueue queue(*driver, 0);
    GetParam().breakage.describe(queue);
    queue.kick();
    bench.wait_until("rng0", [](RunningDevice& device) { return device.host().queue(0).broken(); });
    uint64_t errors = 0;
    EXPECT_EQ(::read(err.get(), &errors, sizeof errors), ssize_t { sizeof errors });
    expect_one_problem(bench, "rng0", GetParam().rule());
    ASSERT_TRUE(driver->reset_device());
    const auto answer = driver->request(0, {}, 64);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->used_length, 64u);
}

INSTANTIATE_TEST_SUITE_P(
    Split, BrokenRing, testing::ValuesIn(in(RingFormat::Split, RING_BREAKAGES)), name_of_breakage);
INSTANTIATE_TEST_SUITE_P(Packed, BrokenRing,
    testing::ValuesIn(in(RingFormat::Packed, RING_BREAKAGES)), name_of_breakage);

class BrokenDriver : public testing::TestWithParam<RingFormat> { };

INSTANTIATE_TEST_SUITE_P(Formats, BrokenDriver,
    testing::Values(RingFormat::Split, RingFormat::Packed),
    [](const auto& format) { return format.param == RingFormat::Packed ? "Packed" : "Split"; });

TEST_P(BrokenDriver, HeadMadeAvailableTwiceBreaksOnlyThatQueue)
{
    TestBench bench;
    DriverOptions options;
    options.packed = GetParam() == RingFormat::Packed;
    const auto driver = bench.connect("gpio0", options);
    driver->request(GPIO_REQUESTQ, gpio_request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2), 2).value();
    driver->request(GPIO_REQUESTQ, gpio_request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, 1), 2).value();
    RawQueue events(*driver, GPIO_EVENTQ);
    const auto line = events.buffer(2);
    line.data[0] = std::byte { 3 };
    events.describe(0, line.guest_address, 2, NEXT, 1);
    events.describe(1, events.buffer(1).guest_address, 1, WRITE, 0);
    events.make_available(0);
    events.make_available(0);
    events.kick();
    bench.wait_until(
        "gpio0", [](RunningDevice& device) { return device.host().queue(1).broken(); });
    EXPECT_EQ(bench.rules("gpio0"), options.packed ? "d.packed-id" : "d.dup-head");
    const auto answer
        = driver->request(GPIO_REQUESTQ, gpio_request(VIRTIO_GPIO_MSG_GET_VALUE, 3, 0), 2);
    ASSERT_TRUE(answer);
    EXPECT_EQ(numbers(*answer), (std::vector<int> { 0, 0 }));
}

TEST(BrokenRequest, GpioRequestsOfAnyShapeAreAnsweredAndNamed)
{
    struct Shape {
        Bytes readable;
        uint32_t writable;
        const char* rule;
    };
    const Shape shapes[] = {
        { gpio_request(99, 0, 0), 2, "gpio.request-filled" },
        { gpio_request(VIRTIO_GPIO_MSG_GET_VALUE, 800, 0), 2, "gpio.request-filled" },
        { gpio_request(VIRTIO_GPIO_MSG_SET_DIRECTION, 1, 0x101), 2, "gpio.request-filled" },
        { Bytes(7), 2, "gpio.req-resp-pair" },
        { Bytes(), 2, "gpio.req-resp-pair" },
        { gpio_request(VIRTIO_GPIO_MSG_GET_VALUE, 1, 0), 1, "gpio.req-resp-pair" },
        { gpio_request(VIRTIO_GPIO_MSG_GET_LINE_NAMES, 0, 0), 2, "gpio.req-resp-pair" },
    };
    for (const auto& shape : shapes) {
        TestBench bench;
        const auto driver = bench.connect("gpio0");
        const auto wrong = driver->request(0, shape.readable, shape.writable);
        ASSERT_TRUE(wrong) << wrong.error().message();
        EXPECT_GE(wrong->used_length, 1u);
        EXPECT_EQ(numbers(*wrong)[0], VIRTIO_GPIO_STATUS_ERR);
        const auto problems = bench.problems("gpio0");
        ASSERT_EQ(problems.size(), 1u) << shape.rule;
        EXPECT_EQ(problems[0].rule, shape.rule) << problems[0].message;
        const auto good = driver->request(0, gpio_request(VIRTIO_GPIO_MSG_GET_DIRECTION, 1, 0), 2);
        ASSERT_TRUE(good);
        EXPECT_EQ(numbers(*good), (std::vector<int> { 0, 0 }));
    }
}

// virtio 1.4, 2.8.7: reserved flags are ignored by the device, and told.
TEST(BrokenRequest, FlagsInAPackedIndirectTableCostNothing)
{
    TestBench bench;
    DriverOptions options;
    options.packed = true;
    const auto driver = bench.connect("rng0", options);
    RawQueue queue(*driver, 0);
    describe_indirect(queue, 16, INDIRECT, WRITE | NEXT);
    queue.make_available(0);
    queue.kick();
    EXPECT_EQ(queue.wait_used().length, 8u);
    expect_one_problem(bench, "rng0", "ring.packed.indirect-flags");
}

TEST(BrokenFrontEnd, MemoryTruncatedUnderUsCostsItsSession)
{
    TestBench bench;
    auto driver = bench.connect("rng0");
    ASSERT_TRUE(driver->request(0, {}, 64));
    ASSERT_EQ(::ftruncate(driver->memory().fd(), 0), 0);
    driver->kick(0);
    bench.wait_until(
        "rng0", [](RunningDevice& device) { return device.status().stage == "listening"; });
    driver = bench.connect("rng0");
    ASSERT_TRUE(driver->request(0, {}, 64));
    EXPECT_NE(bench.rules("rng0").find("vhost-user.memory-truncated"), std::string::npos);
}

TEST(BrokenFrontEnd, FeaturesThatWereNotOfferedAreNamedAndLeftOut)
{
    TestBench bench;
    const auto driver = bench.connect("rng0");
    ASSERT_TRUE(driver->stop_queues());
    const uint64_t features = driver->offered() | feature_bit(30) | feature_bit(41);
    [[maybe_unused]] const auto refused = driver->frontend().set_features(features);
    EXPECT_EQ(bench.rules("rng0"), "features.not-offered");
    ASSERT_TRUE(driver->reset_device());
    ASSERT_TRUE(driver->request(0, {}, 64));
}

TEST(BrokenFrontEnd, ConfigReadPastTheEndIsRefusedWithoutAByte)
{
    TestBench bench;
    const auto driver = bench.connect("gpio0");
    EXPECT_FALSE(driver->read_config(0, 256));
    EXPECT_FALSE(driver->read_config(4000, 4));
    EXPECT_FALSE(driver->read_config(4, 8));
    EXPECT_TRUE(driver->read_config(0, 8));
    EXPECT_TRUE(driver->request(0, gpio_request(VIRTIO_GPIO_MSG_GET_VALUE, 1, 0), 2));
    EXPECT_EQ(bench.problems("gpio0").size(), 1u);
}

TEST(BrokenFrontEnd, UnknownAndMalformedMessagesAreNamed)
{
    struct Malformed {
        uint32_t id;
        size_t payload;
        size_t fds;
    };
    // Unknown; too short; too long; descriptors where none belong; one message with nine of them.
    for (const auto& malformed : { Malformed { 99, 0, 0 }, Malformed { 8, 4, 0 },
             Malformed { 8, 12, 0 }, Malformed { 8, 8, 1 }, Malformed { 3, 0, 8 } }) {
        TestBench bench;
        auto driver = bench.connect("rng0");
        const std::vector<std::byte> payload(malformed.payload, std::byte { 0 });
        const UniqueFd spare(::eventfd(0, EFD_CLOEXEC));
        const std::vector<int> fds(malformed.fds, spare.get());
        ASSERT_TRUE(driver->frontend().send_raw(malformed.id, 1, payload, fds));
        bench.wait_until(
            "rng0", [](RunningDevice& device) { return device.problems().total() == 1; });
        EXPECT_EQ(bench.problems("rng0")[0].side, Side::FrontEnd);
        const auto answer = driver->request(0, {}, 64);
        ASSERT_TRUE(answer) << malformed.id << ": " << answer.error().message();
    }
}
