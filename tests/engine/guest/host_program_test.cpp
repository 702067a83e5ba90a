// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/host_program.h"

#include <gtest/gtest.h>

#include <csignal>

#include <unistd.h>

namespace vwb {
namespace {

TEST(HostProgram, OutputOrErrorsAreCapturedAndTheStatusIsTold)
{
    const std::vector<std::string> command { "sh", "-c", "echo out; echo err >&2; exit 3" };
    testing::internal::CaptureStderr();
    const auto output = run_program(command, Capture::Output);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "err\n");
    ASSERT_TRUE(output) << output.error().message();
    EXPECT_EQ(output->captured, "out\n");
    EXPECT_EQ(output->exit_status, 3);
    testing::internal::CaptureStdout();
    const auto errors = run_program(command, Capture::Errors);
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "out\n");
    ASSERT_TRUE(errors) << errors.error().message();
    EXPECT_EQ(errors->captured, "err\n");
}

TEST(HostProgram, SignalCountsAsAShellCountsIt)
{
    const auto outcome = run_program({ "sh", "-c", "kill -TERM $$" }, Capture::None);
    ASSERT_TRUE(outcome) << outcome.error().message();
    EXPECT_EQ(outcome->exit_status, 128 + SIGTERM);
}

TEST(HostProgram, BrokenPipeEndsAProgramEvenIfWeIgnoreIt)
{
    const auto previous = std::signal(SIGPIPE, SIG_IGN);
    const auto outcome
        = run_program({ "bash", "-c", "yes | head -1; exit ${PIPESTATUS[0]}" }, Capture::Output);
    std::signal(SIGPIPE, previous);
    ASSERT_TRUE(outcome) << outcome.error().message();
    EXPECT_EQ(outcome->exit_status, 128 + SIGPIPE);
}

TEST(HostProgram, MissingProgramIsAnError)
{
    const auto outcome = run_program({ "vwb-no-such-program" }, Capture::None);
    ASSERT_FALSE(outcome);
    EXPECT_NE(outcome.error().message().find("vwb-no-such-program"), std::string::npos);
}

TEST(HostProgram, AgentsAndScriptsAreFound)
{
    for (const char* agent : { "vwb-guest-keeper", "vwb-guest-init" }) {
        const auto path = find_guest_agent(agent);
        ASSERT_TRUE(path) << path.error().message();
        EXPECT_EQ(access(path->c_str(), X_OK), 0) << *path;
    }
    EXPECT_TRUE(find_script("guest/build-kernel"));
    const auto missing = find_script("guest/no-such-script");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message().find("VWB_SCRIPTS"), std::string::npos);
}

} // namespace
} // namespace vwb
