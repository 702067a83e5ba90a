// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/live_screen.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

TEST(LiveScreen, FirstFrameIsWrittenWhereTheCursorIs)
{
    size_t lines = 0;
    EXPECT_EQ(LiveScreen::frame("one\ntwo\n", { 80, 24 }, lines), "one\x1b[K\ntwo\x1b[K\n\x1b[J");
    EXPECT_EQ(lines, 2u);
}

TEST(LiveScreen, NextFrameIsWrittenOverTheOneBefore)
{
    size_t lines = 2;
    EXPECT_EQ(LiveScreen::frame("three\n", { 80, 24 }, lines), "\x1b[2A\rthree\x1b[K\n\x1b[J");
    EXPECT_EQ(lines, 1u);
}

TEST(LiveScreen, WhatDoesNotFitIsCutOff)
{
    size_t lines = 0;
    EXPECT_EQ(LiveScreen::frame("12345\n\nthird\n", { 5, 3 }, lines), "1234\x1b[K\n\x1b[K\n\x1b[J");
    EXPECT_EQ(lines, 2u);
}

} // namespace
} // namespace vwb
