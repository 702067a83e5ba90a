// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The life of a guest as far as it goes without a kernel: programs stand in for it. Real kernels
// are in tests/guest.
#include "engine/guest/guest_run.h"
#include "tests/support/guest_streams.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

namespace vwb {
namespace {

namespace fs = std::filesystem;

class GuestRun : public testing::Test {
protected:
    GuestRun()
    {
        m_options.command = { "true" };
        m_options.streams = m_streams.streams();
    }

    void use_kernel(const std::string& script, mode_t mode = 0700)
    {
        m_options.kernel = m_streams.folder() + "/linux";
        std::ofstream(m_options.kernel) << script;
        chmod(m_options.kernel.c_str(), mode);
    }
    Result<int> run() { return run_guest(m_options, {}); }

    GuestStreamFiles m_streams;
    GuestOptions m_options;
};

TEST_F(GuestRun, KernelThatSaysNothingIsABootHang)
{
    // The one that never comes up has a child that would outlive it.
    use_kernel("#!/bin/sh\necho early words\nsh -c 'sleep 1000; :' $0 &\nsleep 1000\n");
    m_options.boot_timeout = std::chrono::seconds(1);
    const auto status = run();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, static_cast<int>(GuestExit::BootHang));
    EXPECT_EQ(m_streams.error().rfind("vwb guest: the guest did not boot within 1s", 0), 0U);
    EXPECT_NE(m_streams.error().find("\nearly words\n"), std::string::npos);
    EXPECT_TRUE(m_streams.nothing_left());
}

TEST_F(GuestRun, KernelThatEndsAtOnceIsToldWithItsLastWords)
{
    use_kernel("#!/bin/sh\necho 'no executable mappings here' >&2\nexit 9\n");
    const auto status = run();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, static_cast<int>(GuestExit::Panic));
    EXPECT_NE(m_streams.error().find("exit status 9"), std::string::npos);
    EXPECT_NE(m_streams.error().find("no executable mappings here"), std::string::npos);
    EXPECT_TRUE(m_streams.nothing_left());
}

TEST_F(GuestRun, PanicIsToldByItsOwnWords)
{
    use_kernel("#!/bin/sh\necho '[0.1] Kernel panic - not syncing: no root'\nsleep 1000\n");
    const auto status = run();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, static_cast<int>(GuestExit::Panic));
    EXPECT_EQ(m_streams.error().rfind(
                  "vwb guest: the guest kernel panicked: Kernel panic - not syncing: no root", 0),
        0U);
    EXPECT_TRUE(m_streams.nothing_left());
}

TEST_F(GuestRun, MissingKernelHasItsOwnStatus)
{
    m_options.kernel = "/nonexistent/linux";
    const auto status = run();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, static_cast<int>(GuestExit::MissingKernel));
    EXPECT_NE(m_streams.error().find("/nonexistent/linux"), std::string::npos);
}

TEST_F(GuestRun, KernelThatCannotBeExecutedIsAnError)
{
    use_kernel("#!/bin/sh\n", 0600);
    const auto not_executable = run();
    ASSERT_FALSE(not_executable);
    EXPECT_NE(not_executable.error().message().find("not executable"), std::string::npos);
    use_kernel("neither script nor binary");
    const auto no_program = run();
    ASSERT_FALSE(no_program);
    EXPECT_NE(no_program.error().message().find("Exec format error"), std::string::npos);
    EXPECT_TRUE(m_streams.nothing_left());
}

TEST_F(GuestRun, WrongOptionsStartNothing)
{
    use_kernel("#!/bin/sh\ntouch \"$0.started\"\n");
    m_options.device_tree = "/nonexistent/board.dts";
    EXPECT_EQ(run().error().kind(), ErrorKind::NotFound);
    m_options.device_tree.clear();
    m_options.memory = "lots";
    EXPECT_EQ(run().error().kind(), ErrorKind::Invalid);
    m_options.memory = "64M";
    m_options.command.clear();
    EXPECT_EQ(run().error().kind(), ErrorKind::Invalid);
    EXPECT_FALSE(fs::exists(m_options.kernel + ".started"));
    EXPECT_TRUE(m_streams.nothing_left());
}

TEST_F(GuestRun, GarbageOnTheLineEndsTheGuest)
{
    // A greeting, then no frame.
    use_kernel("#!/bin/sh\nprintf '\\033VWB-GUEST-1\\nrubbish' >&4\nsleep 1000\n");
    const auto status = run();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, static_cast<int>(GuestExit::Panic));
    EXPECT_NE(m_streams.error().find("out of step"), std::string::npos);
    EXPECT_TRUE(m_streams.nothing_left());
}

TEST_F(GuestRun, FramesBecomeOutputAndExitStatus)
{
    // O: output "ab", E: error "c", X: status 5; lengths are two bytes, low first.
    use_kernel("#!/bin/sh\nprintf '\\033VWB-GUEST-1\\nO\\002\\000abE\\001\\000cX\\001\\000\\005' "
               ">&4\n");
    const auto status = run();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, 5);
    EXPECT_EQ(m_streams.output(), "ab");
    EXPECT_EQ(m_streams.error(), "c");
}

} // namespace
} // namespace vwb
