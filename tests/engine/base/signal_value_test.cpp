// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/signal_value.h"
#include "engine/trace/trace_joiner.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace vwb;

TEST(SignalValue, NumbersAreFoundInWhatSignalsAnswer)
{
    EXPECT_EQ(signal_number(Value(7)), 7.0);
    EXPECT_EQ(signal_number(Value(21.5)), 21.5);
    EXPECT_EQ(signal_number(Value(true)), 1.0);
    EXPECT_EQ(signal_number(Value("0x5a")), 90.0);
    EXPECT_EQ(signal_number(Value("2026-01-31T23:59:59")), std::nullopt);
    EXPECT_EQ(signal_number(Value()), std::nullopt);
    EXPECT_EQ(signal_number(Value::list()), std::nullopt);
}

TEST(SignalValue, WholeNumbersAreIntegers)
{
    EXPECT_TRUE(number_value(1).is_integer());
    EXPECT_TRUE(number_value(-3).is_integer());
    EXPECT_FALSE(number_value(0.5).is_integer());
    EXPECT_FALSE(number_value(1e300).is_integer());
    EXPECT_EQ(number_value(1e300), Value(1e300));
}

TEST(SignalValue, EventsTellWholeNumbersAndOthers)
{
    TraceEvent event {};
    event.kind = TraceKind::Signal;
    event.b = 0xffffffff;
    EXPECT_EQ(signal_value(event), 4294967295.0);
    const double value = -40.25;
    std::memcpy(event.bytes.data(), &value, sizeof value);
    event.bytes_size = sizeof value;
    EXPECT_EQ(signal_value(event), -40.25);
    event.bytes_size = 255; // a ring is written by another thread
    EXPECT_EQ(signal_value(event), 4294967295.0);
}
