// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Faults of an entropy device on demand, and what it notices of its source by itself.
#include "devices/rng/rng_device.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace vwb;
using namespace vwb::test;

namespace {

class ConstantSource final : public RngSource {
public:
    Result<size_t> fill(std::span<std::byte> out) override
    {
        std::ranges::fill(out, std::byte { 0x11 });
        return out.size();
    }
    void inspect(Inspector&) const override { }
};

class RngFaultTest : public testing::Test {
protected:
    RngFaultTest()
        : m_harness([this](EventLoop& loop) {
            auto device
                = std::make_unique<RngDevice>(loop, std::make_unique<ConstantSource>(), RngRate {});
            m_device = device.get();
            return device;
        })
    {
    }
    Result<Value> call(const char* action, const char* key, Value value)
    {
        Value parameters = Value::object();
        parameters.set(key, std::move(value));
        return m_device->actions()->call_action(action, parameters);
    }
    uint64_t submit(uint32_t size) { return m_harness.submit(0, {}, size); }

    RngDevice* m_device = nullptr;
    DeviceHarness m_harness;
};

} // namespace

TEST_F(RngFaultTest, StarvedDeviceAnswersNothingUntilItIsLifted)
{
    ASSERT_TRUE(call("starve", "on", true));
    const auto first = submit(8);
    const auto second = submit(16);
    EXPECT_FALSE(m_harness.answer(first));
    EXPECT_EQ(m_device->pending(), 2u);
    ASSERT_TRUE(call("starve", "on", false));
    m_harness.settle();
    EXPECT_EQ(m_harness.answer(first)->used_length, 8u);
    EXPECT_EQ(m_harness.answer(second)->used_length, 16u);
}

TEST_F(RngFaultTest, ShortAnswersAreOnDemand)
{
    ASSERT_TRUE(call("short", "bytes", 3));
    EXPECT_EQ(m_harness.request(0, {}, 64).used_length, 3u);
    EXPECT_EQ(m_harness.request(0, {}, 2).used_length, 2u);
    ASSERT_TRUE(call("short", "bytes", 0));
    EXPECT_EQ(m_harness.request(0, {}, 64).used_length, 64u);
    EXPECT_FALSE(call("short", "bytes", -1));
    EXPECT_FALSE(call("short", "bytes", 1 << 20));
}

TEST_F(RngFaultTest, SourceThatRepeatsItselfIsToldOnce)
{
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(m_harness.request(0, {}, 64).used_length, 64u);
    EXPECT_EQ(m_harness.rules(), "rng.health");
    EXPECT_EQ(m_harness.problems().front().side, Side::Host);
    EXPECT_EQ(m_device->health().repetitions(), 79u);
}
