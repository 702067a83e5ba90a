// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_quota.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

TimePoint at(Duration since_start)
{
    return TimePoint(since_start);
}

} // namespace

TEST(RngQuota, WithoutBytesThereIsNoLimit)
{
    EXPECT_FALSE(RngQuota(RngRate {}).limited());
    EXPECT_TRUE(RngQuota(RngRate { .bytes = 1 }).limited());
}

TEST(RngQuota, EachPeriodHasItsBytesAndNoMore)
{
    RngQuota quota({ .bytes = 10, .period = 1s });
    EXPECT_EQ(quota.available(at(5s)), 10u);
    quota.take(4);
    EXPECT_EQ(quota.available(at(5s)), 6u);
    quota.take(6);
    EXPECT_EQ(quota.available(at(6s - 1ns)), 0u);
    EXPECT_EQ(quota.next_period(), at(6s));
    EXPECT_EQ(quota.available(at(6s)), 10u);
}

TEST(RngQuota, LatenessOfTheTimerDoesNotLowerTheRate)
{
    RngQuota quota({ .bytes = 1, .period = 1s });
    quota.available(at(0s));
    for (int period = 1; period <= 100; ++period) {
        quota.available(at(std::chrono::seconds(period) + 300ms));
        EXPECT_EQ(quota.next_period(), at(std::chrono::seconds(period + 1)));
    }
}

TEST(RngQuota, AfterAPauseAPeriodBeginsWithItsFirstUse)
{
    RngQuota quota({ .bytes = 10, .period = 1s });
    quota.take(quota.available(at(0s)));
    EXPECT_EQ(quota.available(at(1000s + 400ms)), 10u);
    EXPECT_EQ(quota.next_period(), at(1001s + 400ms));
}

TEST(RngQuota, NewRateBeginsAWholePeriod)
{
    RngQuota quota({ .bytes = 10, .period = 1s });
    quota.take(quota.available(at(0s)));
    quota.set_rate({ .bytes = 7, .period = 3s });
    EXPECT_EQ(quota.available(at(500ms)), 7u);
    EXPECT_EQ(quota.next_period(), at(3500ms));
}

TEST(RngQuota, PeekDoesNotBeginAPeriod)
{
    RngQuota quota({ .bytes = 10, .period = 1s });
    EXPECT_EQ(quota.peek(at(0s)), 10u);
    EXPECT_EQ(quota.available(at(700ms)), 10u);
    quota.take(3);
    EXPECT_EQ(quota.peek(at(1600ms)), 7u);
    EXPECT_EQ(quota.peek(at(1700ms)), 10u);
}
