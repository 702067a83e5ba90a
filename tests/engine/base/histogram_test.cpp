// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/histogram.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

TEST(Histogram, QuantileOfNothingIsZero)
{
    const Histogram histogram;
    EXPECT_EQ(histogram.quantile(0.5), 0ns);
    EXPECT_EQ(histogram.maximum(), 0ns);
}

TEST(Histogram, SmallDurationsAreExact)
{
    Histogram histogram;
    for (int i = 1; i <= 31; ++i)
        histogram.record(Duration(i));
    EXPECT_EQ(histogram.quantile(0.5), 16ns);
    EXPECT_EQ(histogram.quantile(1.0), 31ns);
}

TEST(Histogram, QuantilesAreWithinFourPercent)
{
    Histogram histogram;
    for (int i = 1; i <= 100'000; ++i)
        histogram.record(Duration(i * 100));
    EXPECT_EQ(histogram.count(), 100'000u);
    const auto near = [&histogram](double q, double expected) {
        EXPECT_NEAR(static_cast<double>(histogram.quantile(q).count()), expected, expected * 0.04);
    };
    near(0.5, 5'000'000);
    near(0.99, 9'900'000);
    EXPECT_EQ(histogram.quantile(1.0), histogram.maximum());
}

TEST(Histogram, LongestDurationsShareTheLastBucket)
{
    Histogram histogram;
    histogram.record(24h);
    histogram.record(48h);
    EXPECT_EQ(histogram.maximum(), 48h);
    EXPECT_GT(histogram.quantile(0.5), 10min);
}
