// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Defects seen in other GPIO back-ends (vhost-device-gpio 0.1.0 first of all): each must stay
// impossible here.
#include "devices/gpio/gpio_type.h"
#include "engine/bench/bench_file.h"
#include "sim/gpio/sim_gpio.h"
#include "tests/support/gpio_harness.h"
#include "tests/support/gpiochip_harness.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::gpio;
using Bytes = std::vector<uint8_t>;

TEST(GpioKnownDefects, MalformedChainDoesNotEndTheQueue)
{
    GpioHarness gpio;
    for (const size_t size : { 0u, 1u, 7u, 9u, 64u })
        gpio.guest().request(GPIO_REQUESTQ, Bytes(size), 2);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 0).status, OK);
}

TEST(GpioKnownDefects, OneBadRequestDoesNotLoseTheOnesBehindIt)
{
    GpioHarness gpio;
    gpio.host().queue(GPIO_REQUESTQ).set_enabled(false);
    std::vector<uint64_t> tickets;
    for (const size_t size : { 8u, 3u, 8u, 8u }) {
        auto bytes = message(VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
        bytes.resize(size);
        tickets.push_back(gpio.guest().submit(GPIO_REQUESTQ, bytes, 2));
    }
    gpio.host().queue(GPIO_REQUESTQ).set_enabled(true);
    gpio.guest().settle();
    for (const auto ticket : tickets)
        EXPECT_EQ(gpio.guest().answer(ticket)->used_length, 2u);
}

TEST(GpioKnownDefects, LineOutOfRangeIsAnErrorNotAPanic)
{
    GpioHarness gpio;
    for (const uint32_t number : { 5u, 99u, 0x8000u, 0xffffu }) {
        const auto line = static_cast<uint16_t>(number);
        for (uint16_t type = 2; type <= 6; ++type)
            EXPECT_EQ(gpio.request(type, line, 1).status, ERR) << line << " " << type;
        EXPECT_EQ(gpio.irq_status(gpio.unmask(line)), INVALID) << line;
    }
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 4).status, OK);
}

TEST(GpioKnownDefects, ErrorReplyStaysWithinAResponseOfOneByte)
{
    GpioHarness gpio;
    // The byte behind the response belongs to somebody else.
    auto& memory = gpio.guest().memory();
    const auto request = memory.allocate(8);
    const auto response = memory.allocate(2);
    const auto unknown = message(99, 0, 0);
    std::ranges::copy(std::as_bytes(std::span(unknown)), request.data);
    std::ranges::fill(response.bytes(), std::byte { 0x5a });
    const DriverSegment readable = request.segment();
    const DriverSegment writable { response.segment().guest_address, 1 };
    auto& ring = gpio.guest().ring(GPIO_REQUESTQ);
    ASSERT_TRUE(ring.add(std::span(&readable, 1), std::span(&writable, 1), 0));
    ring.publish();
    gpio.host().queue(GPIO_REQUESTQ).kick();
    EXPECT_EQ(ring.pop_used()->length, 1u);
    EXPECT_EQ(response.bytes()[0], std::byte { ERR });
    EXPECT_EQ(response.bytes()[1], std::byte { 0x5a });
}

TEST(GpioKnownDefects, ResponseOfNoBytesIsNoUnderflow)
{
    GpioHarness gpio;
    EXPECT_EQ(gpio.guest().request(GPIO_REQUESTQ, message(1, 0, 0), 0).used_length, 0u);
    EXPECT_EQ(gpio.guest().request(GPIO_REQUESTQ, message(4, 0, 0), 0).used_length, 0u);
    EXPECT_EQ(gpio.guest().request(GPIO_EVENTQ, { 0, 0 }, 0).used_length, 0u);
}

TEST(GpioKnownDefects, UsedLengthIsWhatWasWrittenNotWhatWasOffered)
{
    GpioHarness gpio;
    const uint32_t names = gpio.config().gpio_names_size + 1;
    EXPECT_EQ(gpio.guest().request(GPIO_REQUESTQ, message(4, 0, 0), 100).used_length, 2u);
    EXPECT_EQ(gpio.guest().request(GPIO_REQUESTQ, message(99, 0, 0), 100).used_length, 2u);
    EXPECT_EQ(gpio.guest().request(GPIO_REQUESTQ, message(1, 0, 0), 100).used_length, names);
    EXPECT_EQ(gpio.guest().request(GPIO_EVENTQ, { 0, 0 }, 100).used_length, 1u);
}

TEST(GpioKnownDefects, NoValueIsTruncated)
{
    GpioHarness gpio;
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 0, 0x101).status, ERR);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 0, 0x10002).status, ERR);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_VALUE, 0, 0x80000001).status, ERR);
    EXPECT_EQ(gpio.set_type(0, 0x10001), ERR);
    EXPECT_EQ(gpio.set_type(0, 0x104), ERR);
    EXPECT_EQ(gpio.request(0x102, 0).status, ERR);
    EXPECT_EQ(gpio.hardware().calls, "");
}

TEST(GpioKnownDefects, NamelessDeviceHasNamesOfSizeZero)
{
    EXPECT_EQ(GpioHarness(std::vector<std::string>(100)).config().gpio_names_size, 0u);
}

TEST(GpioKnownDefects, ConfigReadBeyondTheEndLeaksNothing)
{
    GpioHarness gpio;
    Bytes bytes(256, 0xa5);
    const auto out = std::as_writable_bytes(std::span(bytes));
    EXPECT_FALSE(gpio.host().read_config(0, out));
    EXPECT_FALSE(gpio.host().read_config(4000, out.first(4)));
    EXPECT_FALSE(gpio.host().read_config(4, out.first(5)));
    EXPECT_EQ(bytes, Bytes(256, 0xa5));
    EXPECT_TRUE(gpio.host().read_config(4, out.first(4)));
    EXPECT_EQ(bytes[0], 14);
}

TEST(GpioKnownDefects, ConfigWriteIsRefusedNotIgnored)
{
    GpioHarness gpio;
    const Bytes bytes(4);
    EXPECT_FALSE(gpio.host().write_config(0, std::as_bytes(std::span(bytes))));
}

TEST(GpioKnownDefects, InterruptsNeedTheFeature)
{
    GpioHarness gpio(HarnessOptions { .features = RING_FEATURES });
    EXPECT_EQ(gpio.set_type(0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), ERR);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(0)), INVALID);
}

TEST(GpioKnownDefects, DisabledLineDoesNotKeepItsBufferUntilTheNextEdge)
{
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = gpio.unmask(3);
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    EXPECT_EQ(gpio.irq_status(ticket), INVALID);
    gpio.move(3, GpioLevel::High);
    EXPECT_EQ(gpio.host().queue(GPIO_EVENTQ).in_flight(), 0u);
}

TEST(GpioKnownDefects, EdgesOfADisabledLineDoNotFireLater)
{
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    gpio.move(3, GpioLevel::High);
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), PARKED);
}

TEST(GpioKnownDefects, ArmingALineIsNoInterruptByItself)
{
    GpioHarness gpio;
    for (const uint32_t type : { 1u, 2u, 3u, 4u }) {
        gpio.set_type(3, type);
        EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), PARKED) << type;
        gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    }
}

TEST(GpioKnownDefects, ArmedLineAnswersAtOnceAndIsNoDeadlock)
{
    // Time stands still here: nothing can have waited.
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    auto ticket = gpio.unmask(3);
    auto level = GpioLevel::Low;
    for (int i = 0; i < 100; ++i) {
        const auto read
            = gpio.guest().submit(GPIO_REQUESTQ, message(VIRTIO_GPIO_MSG_GET_VALUE, 3, 0), 2);
        gpio.move(3, level = opposite(level));
        EXPECT_TRUE(gpio.guest().answer(read));
        EXPECT_EQ(gpio.irq_status(ticket), VALID);
        ticket = gpio.unmask(3);
    }
}

TEST(GpioKnownDefects, NextGuestGetsTheLinesOfTheOneThatLeft)
{
    GpioHarness gpio;
    gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    gpio.unmask(3);
    gpio.guest().stop_queues(); // gone without a word
    gpio.host().reset();
    gpio.host().accept_features(gpio.host().offered_features());
    gpio.guest().renew_rings();
    EXPECT_EQ(gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING), OK);
    const auto ticket = gpio.unmask(3);
    gpio.move(3, GpioLevel::High);
    EXPECT_EQ(gpio.irq_status(ticket), PARKED);
    gpio.move(3, GpioLevel::Low);
    EXPECT_EQ(gpio.irq_status(ticket), VALID);
    EXPECT_EQ(gpio.rules(), "");
}

TEST(GpioKnownDefects, ArmedLinesCostNoThreads)
{
    GpioHarness gpio(std::vector<std::string>(64));
    const auto threads = [] { return std::filesystem::directory_iterator("/proc/self/task"); };
    const auto before = std::distance(threads(), {});
    for (uint16_t line = 0; line < 64; ++line) {
        gpio.set_type(line, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
        EXPECT_EQ(gpio.irq_status(gpio.unmask(line)), PARKED);
    }
    EXPECT_EQ(std::distance(threads(), {}), before);
}

TEST(GpioKnownDefects, LineThatWasNeverConfiguredCanBeRead)
{
    GpioHarness gpio;
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 0).status, OK);
}

TEST(GpioKnownDefects, OutputNeedsNoValueBefore)
{
    GpioHarness gpio;
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT).status, OK);
}

TEST(GpioKnownDefects, LevelTypesWorkOnHardwareThatTellsOfEdgesOnly)
{
    GpioHarness gpio;
    gpio.move(3, GpioLevel::High);
    EXPECT_EQ(gpio.set_type(3, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH), OK);
    EXPECT_EQ(gpio.irq_status(gpio.unmask(3)), VALID);
    EXPECT_EQ(gpio.hardware().calls, "watch 3 rising; ");
}

TEST(GpioKnownDefects, NamesFitIntoALargerResponse)
{
    GpioHarness gpio;
    EXPECT_EQ(gpio.guest().request(GPIO_REQUESTQ, message(1, 0, 0), 64).bytes[0], OK);
}

TEST(GpioKnownDefects, NumbersOfLinesThatCannotBeAreRefused)
{
    Registry registry;
    registry.add(gpio_device_type({ sim_gpio_kind() }));
    ManualClock clock;
    const auto loop = EventLoop::create(clock).value();
    const auto refusal = [&](const std::string& lines) {
        const auto bench = read_bench_text(
            "[[device]]\ntype = 'gpio'\n[device.sim]\nlines = " + lines + "\n", "b.toml", registry)
                               .value();
        const DeviceSpec& spec = bench.devices[0];
        ConfigReader device(*spec.table);
        ConfigReader parameters(*spec.table->find("sim"));
        DeviceSetup setup { spec.name, spec.hardware, device, parameters, *loop };
        const auto made = spec.type->create(setup);
        return made ? "none" : made.error().message();
    };
    EXPECT_EQ(refusal("70000"),
        "b.toml:4: lines: expected an integer from 1 to 1024, found an integer '70000'");
    EXPECT_EQ(
        refusal("0"), "b.toml:4: lines: expected an integer from 1 to 1024, found an integer '0'");
    EXPECT_EQ(refusal("1024"), "none");
}

// --- on real chips ---

TEST(GpioKnownDefects, ValuesOfRealChipsAreNotInverted)
{
    GpiochipHarness gpio;
    for (const bool level : { false, true, false }) {
        gpio.move(2, level);
        EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 2), level ? 1 : 0);
        EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_VALUE, 1, level ? 1 : 0), 0);
        EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_OUT), 0);
        EXPECT_EQ(gpio.chip().lines[1].level, level);
    }
}

TEST(GpioKnownDefects, LineOfARealChipCanBeReadBeforeItIsConfigured)
{
    GpiochipHarness gpio;
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 3), 0);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_OUT), 0);
}

TEST(GpioKnownDefects, LevelTypesWorkOnRealChips)
{
    GpiochipHarness gpio;
    gpio.move(0, true);
    ASSERT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW), 0);
    auto ticket = gpio.unmask(0);
    EXPECT_EQ(gpio.irq(ticket), -1);
    gpio.move(0, false);
    EXPECT_EQ(gpio.irq(ticket), VALID);
    EXPECT_EQ(gpio.irq(gpio.unmask(0)), VALID); // still low
    gpio.move(0, true);
    ticket = gpio.unmask(0);
    EXPECT_EQ(gpio.irq(ticket), -1);
}

TEST(GpioKnownDefects, SameInterruptTypeAgainIsNoErrorOnRealChips)
{
    GpiochipHarness gpio;
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH), 0);
}

TEST(GpioKnownDefects, KernelsStaleEdgesDoNotFireAfterTheInterruptWasOff)
{
    GpiochipHarness gpio;
    gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    gpio.fakes().move(gpio.chip(), 0, true); // not read yet
    gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_NONE);
    gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    EXPECT_EQ(gpio.irq(gpio.unmask(0)), -1);
}

TEST(GpioKnownDefects, ArmedLinesOfRealChipsCostNoThreadsAndAnswerAtOnce)
{
    GpiochipHarness gpio;
    const auto threads = [] { return std::filesystem::directory_iterator("/proc/self/task"); };
    const auto before = std::distance(threads(), {});
    std::vector<uint64_t> tickets;
    for (uint16_t line = 0; line < 4; ++line) {
        gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, line, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
        tickets.push_back(gpio.unmask(line));
    }
    EXPECT_EQ(std::distance(threads(), {}), before);
    EXPECT_EQ(gpio.fakes().requests.size(), 1u); // one descriptor for all of them
    // Requests and edges of armed lines in turn, which was a deadlock.
    for (uint32_t line = 0; line < 4; ++line) {
        gpio.fakes().move(gpio.chip(), line, true);
        EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, static_cast<uint16_t>(line)), 1);
        EXPECT_EQ(gpio.irq(tickets[line]), VALID);
    }
}

TEST(GpioKnownDefects, LinesOfRealChipsAreFreeWhenTheGuestIsGone)
{
    GpiochipHarness gpio;
    gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    gpio.unmask(0);
    gpio.change_guests();
    EXPECT_FALSE(gpio.chip().lines[0].held);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), 0);
    const auto ticket = gpio.unmask(0);
    gpio.move(0, true);
    EXPECT_EQ(gpio.irq(ticket), VALID);
    EXPECT_EQ(gpio.guest().rules(), "");
}

TEST(GpioKnownDefects, TwoDevicesMayShareAChip)
{
    GpiochipHarness gpio;
    auto& loop = gpio.guest().loop();
    auto fakes = std::shared_ptr<FakeGpiochips>(&gpio.fakes(), [](FakeGpiochips*) {});
    GpiochipBank one(loop, fakes, "board", { { "a", 1 } });
    GpiochipBank two(loop, fakes, "board", { { "b", 2 } });
    EXPECT_TRUE(one.set_output(0, GpioLevel::High));
    EXPECT_TRUE(two.set_output(0, GpioLevel::High));
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 0), 0);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 1), -1);
    EXPECT_EQ(gpio.guest().rules(), "gpio.hardware");
}

TEST(GpioKnownDefects, UnpluggedChipCostsRequestsNotTheDevice)
{
    GpiochipHarness gpio;
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 0), 0);
    gpio.fakes().unplug(gpio.chip());
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 0), -1);
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 0), -1);
    EXPECT_EQ(gpio.guest().rules(), "gpio.hardware gpio.hardware"); // the loss, and a request
    gpio.fakes().plug(gpio.chip());
    EXPECT_EQ(gpio.request(VIRTIO_GPIO_MSG_GET_VALUE, 0), 0);
}
