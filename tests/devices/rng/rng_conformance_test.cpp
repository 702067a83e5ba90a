// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The statement that virtio 1.4 makes about the entropy device (5.4.6.2).
#include "devices/rng/rng_device.h"
#include "tests/devices/rng/scripted_source.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

// 5.4.6.2: one or more bytes in each buffer, whatever the source has and whatever shape it is of.
TEST(RngConformance, EachBufferGetsAtLeastOneByte)
{
    ScriptedSource* source = nullptr;
    DeviceHarness guest([&source](EventLoop& loop) {
        auto made = std::make_unique<ScriptedSource>();
        source = made.get();
        return std::make_unique<RngDevice>(loop, std::move(made), RngRate {});
    });
    std::vector<uint64_t> tickets;
    for (const uint32_t size : { 1u, 64u, 4096u, 70000u })
        tickets.push_back(guest.submit(0, {}, size));
    uint8_t next = 1;
    for (const auto ticket : tickets) {
        EXPECT_FALSE(guest.answer(ticket));
        source->arrive(1);
        guest.settle();
        const auto answer = guest.answer(ticket);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->used_length, 1u);
        EXPECT_EQ(answer->bytes[0], next++);
    }
}
