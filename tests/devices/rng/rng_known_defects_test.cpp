// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Defects seen in other entropy back-ends (vhost-device-rng 0.1.0 first of all): each must stay
// impossible here.
#include "devices/rng/file_rng.h"
#include "devices/rng/rng_device.h"
#include "tests/devices/rng/scripted_source.h"
#include "tests/support/device_harness.h"
#include "tests/support/fake_bench.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

// A device with a source that a test plays.
struct Rng {
    explicit Rng(RngRate rate = {}, size_t available = SIZE_MAX / 2)
        : guest([this, rate, available](EventLoop& loop) {
            auto made = std::make_unique<ScriptedSource>();
            made->available = available;
            source = made.get();
            return std::make_unique<RngDevice>(loop, std::move(made), rate);
        })
    {
    }
    uint64_t counter(const char* name)
    {
        Inspector inspector;
        guest.host().queue(0).inspect(inspector);
        const auto tree = std::move(inspector).tree();
        return static_cast<uint64_t>(tree.find("counters")->find(name)->integer_or(-1));
    }

    ScriptedSource* source = nullptr;
    DeviceHarness guest;
};

} // namespace

TEST(RngKnownDefects, ScatterListDoesNotEndTheQueue)
{
    Rng rng;
    const auto list = rng.guest.submit_pieces(0, {}, { 3, 5, 8 });
    EXPECT_EQ(rng.guest.answer(list)->used_length, 16u);
    EXPECT_EQ(rng.guest.request(0, {}, 4).used_length, 4u);
}

TEST(RngKnownDefects, ReadableDescriptorDoesNotEndTheQueue)
{
    Rng rng;
    EXPECT_EQ(rng.guest.request(0, { 1, 2, 3 }, 8).used_length, 8u);
    EXPECT_EQ(rng.guest.request(0, { 1, 2, 3 }, 0).used_length, 0u); // there is no room for a byte
    EXPECT_EQ(rng.guest.request(0, {}, 4).used_length, 4u);
}

TEST(RngKnownDefects, SpentQuotaIsNoAnswerWithoutBytes)
{
    Rng rng({ .bytes = 10, .period = 3s });
    EXPECT_EQ(rng.guest.request(0, {}, 8).used_length, 8u);
    EXPECT_EQ(rng.guest.request(0, {}, 8).used_length, 2u);
    const auto third = rng.guest.submit(0, {}, 8);
    EXPECT_FALSE(rng.guest.answer(third));
    rng.guest.advance(3s);
    EXPECT_EQ(rng.guest.answer(third)->used_length, 8u);
}

TEST(RngKnownDefects, EndOfTheSourceIsNoAnswerWithoutBytes)
{
    Rng rng;
    rng.source->failure = "end of file";
    const auto ticket = rng.guest.submit(0, {}, 8);
    EXPECT_FALSE(rng.guest.answer(ticket));
    EXPECT_EQ(rng.guest.rules(), "rng.source");
    rng.source->failure.reset();
    rng.guest.advance(RngDevice::LAST_RETRY);
    EXPECT_EQ(rng.guest.answer(ticket)->used_length, 8u);
}

// There a throttled queue slept with the device's lock held, and the control plane with it: 2.8 s
// for GET_FEATURES. Time stands still here: nothing can have waited for the period.
TEST(RngKnownDefects, ThrottledQueueKeepsNobodyWaiting)
{
    Rng rng({ .bytes = 1, .period = 1min });
    rng.guest.request(0, {}, 8);
    const auto parked = rng.guest.submit(0, {}, 8);
    Inspector inspector;
    rng.guest.host().inspect(inspector);
    EXPECT_NE(rng.guest.host().offered_features(), 0u);
    rng.guest.stop_queues();
    rng.guest.start_queues();
    EXPECT_FALSE(rng.guest.answer(parked));
    rng.guest.advance(1min);
    EXPECT_EQ(rng.guest.answer(parked)->used_length, 1u);
}

// There one lock was round the source of all guests.
TEST(RngKnownDefects, SourceWithoutBytesKeepsOneGuestWaitingOnly)
{
    TestDirectory directory;
    const auto empty = directory.path("empty");
    const auto full = directory.path("full");
    ASSERT_EQ(::mkfifo(empty.c_str(), 0600), 0);
    ASSERT_EQ(::mkfifo(full.c_str(), 0600), 0);
    const UniqueFd nobody(::open(empty.c_str(), O_RDWR | O_CLOEXEC));
    const UniqueFd writer(::open(full.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::write(writer.get(), "8 bytes.", 8), 8);
    const auto guest_of = [](const std::string& path) {
        return std::make_unique<DeviceHarness>([&path](EventLoop& loop) {
            auto source = FileRng::create(loop, path, FilePump::AtEnd::Rewind).value();
            return std::make_unique<RngDevice>(loop, std::move(source), RngRate {});
        });
    };
    const auto first = guest_of(empty);
    const auto second = guest_of(full);
    const auto waits = first->submit(0, {}, 8);
    EXPECT_FALSE(first->answer(waits));
    EXPECT_EQ(second->request(0, {}, 8).used_length, 8u);
}

TEST(RngKnownDefects, KickWithoutAnswersIsNoInterrupt)
{
    Rng rng({}, 0);
    rng.guest.kick(0);
    rng.guest.settle();
    rng.guest.submit(0, {}, 8);
    EXPECT_EQ(rng.counter("calls_needed"), 0u);
    rng.source->arrive(8);
    rng.guest.settle();
    EXPECT_EQ(rng.counter("calls_needed"), 1u);
    EXPECT_EQ(rng.counter("kicks_empty"), 1u);
}
