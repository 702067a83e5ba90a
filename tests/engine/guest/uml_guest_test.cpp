// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/uml_guest.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vwb {
namespace {

UmlPlan small_plan()
{
    UmlPlan plan;
    plan.kernel = "/boot/linux";
    plan.init = "/lib/init";
    plan.memory_bytes = 64U << 20;
    plan.uml_folder = "/tmp/uml";
    return plan;
}

bool contains(const std::vector<std::string>& list, const std::string& text)
{
    return std::find(list.begin(), list.end(), text) != list.end();
}

TEST(UmlCommandLine, NamesKernelMemoryRootAndInit)
{
    const auto line = uml_command_line(small_plan());
    ASSERT_TRUE(line) << line.error().message();
    EXPECT_EQ(line->front(), "/boot/linux");
    for (const char* part : { "mem=64M", "rootfstype=hostfs", "ro", "init=/lib/init",
             "con0=null,fd:1", "con1=fd:3,fd:4", "uml_dir=/tmp/uml" }) {
        EXPECT_TRUE(contains(*line, part)) << part;
    }
}

TEST(UmlCommandLine, DevicesAndTreeAreNamedAndTheCallersArgumentsComeLast)
{
    auto plan = small_plan();
    plan.devices = { { "rng0", 4, "/run/rng.sock" }, { "gpio0", 41, "/run/my bench/gpio.sock" } };
    plan.device_tree = "/tmp/board.dtb";
    plan.more_arguments = { "loglevel=3" };
    const auto line = uml_command_line(plan);
    ASSERT_TRUE(line) << line.error().message();
    EXPECT_TRUE(contains(*line, "virtio_uml.device=/run/rng.sock:4"));
    EXPECT_TRUE(contains(*line, "virtio_uml.device=\"/run/my bench/gpio.sock:41\""));
    EXPECT_TRUE(contains(*line, "dtb=/tmp/board.dtb"));
    EXPECT_EQ(line->back(), "loglevel=3");
}

TEST(UmlCommandLine, WhatTheKernelCannotParseIsRefused)
{
    auto colon = small_plan();
    colon.devices = { { "rng0", 4, "/run/a:b.sock" } };
    EXPECT_NE(uml_command_line(colon).error().message().find("colon"), std::string::npos);
    auto quote = small_plan();
    quote.init = "/lib/\"init";
    EXPECT_EQ(uml_command_line(quote).error().kind(), ErrorKind::Invalid);
    auto newline = small_plan();
    newline.devices = { { "rng0", 4, "/run/a\nb.sock" } };
    EXPECT_EQ(uml_command_line(newline).error().kind(), ErrorKind::Invalid);
}

TEST(UmlCommandLine, TooLittleMemoryAndTooLongLinesAreRefused)
{
    auto small = small_plan();
    small.memory_bytes = 1U << 20;
    EXPECT_EQ(uml_command_line(small).error().kind(), ErrorKind::Invalid);
    auto wordy = small_plan();
    wordy.more_arguments = { std::string(5000, 'x') };
    EXPECT_EQ(uml_command_line(wordy).error().kind(), ErrorKind::Limit);
}

} // namespace
} // namespace vwb
