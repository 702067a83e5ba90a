// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// run_guest() with the kernel that scripts/guest/build-kernel keeps, without devices.
#include "engine/guest/guest_run.h"
#include "tests/support/guest_streams.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace vwb {
namespace {

namespace fs = std::filesystem;

std::string random_bytes(size_t size)
{
    std::string bytes(size, '\0');
    std::ifstream("/dev/urandom", std::ios::binary)
        .read(bytes.data(), static_cast<std::streamsize>(size));
    return bytes;
}

class GuestBoot : public testing::Test {
protected:
    GuestBoot() { setenv("VWB_GUEST_DIR", m_shared.c_str(), 1); }
    ~GuestBoot() override { unsetenv("VWB_GUEST_DIR"); }

    // Runs a shell script in the guest; -1 if nothing was booted.
    int run(const std::string& script)
    {
        m_options.command = { "sh", "-c", script };
        m_options.streams = m_streams.streams();
        const auto status = run_guest(m_options, {});
        EXPECT_TRUE(status) << status.error().message();
        EXPECT_TRUE(m_streams.nothing_left());
        return status ? *status : -1;
    }
    std::string shared_file(const std::string& name)
    {
        std::ifstream file(m_shared + "/" + name, std::ios::binary);
        return { std::istreambuf_iterator<char>(file), {} };
    }

    GuestStreamFiles m_streams;
    std::string m_shared = [this] {
        fs::create_directory(m_streams.folder() + "/shared");
        return m_streams.folder() + "/shared";
    }();
    GuestOptions m_options;
};

TEST_F(GuestBoot, ExitStatusIsTheCommands)
{
    EXPECT_EQ(run("true"), 0);
    EXPECT_EQ(run("exit 7"), 7);
    EXPECT_EQ(run("kill -KILL $$"), 128 + SIGKILL);
    EXPECT_EQ(m_streams.output() + m_streams.error(), "");
}

TEST_F(GuestBoot, CommandThatIsNotThereIsToldAsAShellTellsIt)
{
    m_options.streams = m_streams.streams();
    m_options.command = { "vwb-no-such-command" };
    auto status = run_guest(m_options, {});
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, 127);
    m_options.command = { "/etc/passwd" };
    status = run_guest(m_options, {});
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, 126);
    EXPECT_NE(m_streams.error().find("'vwb-no-such-command'"), std::string::npos);
}

TEST_F(GuestBoot, OutputAndErrorStayApartAndUnchanged)
{
    const auto first = random_bytes(1 << 20);
    const auto second = random_bytes(1 << 20);
    std::ofstream(m_shared + "/first", std::ios::binary) << first;
    std::ofstream(m_shared + "/second", std::ios::binary) << second;
    EXPECT_EQ(run("cd $VWB_GUEST_DIR; cat first & cat second >&2; wait"), 0);
    EXPECT_EQ(m_streams.output(), first);
    EXPECT_EQ(m_streams.error(), second);
}

TEST_F(GuestBoot, InputArrivesWholeAndEnds)
{
    const auto bytes = random_bytes(1 << 20);
    m_streams.set_input(bytes);
    EXPECT_EQ(run("cat"), 0);
    EXPECT_EQ(m_streams.output(), bytes);
}

TEST_F(GuestBoot, InputThatNobodyReadsHoldsNothingUp)
{
    m_streams.set_input(random_bytes(1 << 20));
    EXPECT_EQ(run("exec <&-; echo done"), 0);
    EXPECT_EQ(m_streams.output(), "done\n");
}

TEST_F(GuestBoot, KernelMessagesStayOutOfTheCommandsStreams)
{
    EXPECT_EQ(run("echo marked words > /dev/kmsg; echo a; echo b >&2"), 0);
    EXPECT_EQ(m_streams.output(), "a\n");
    EXPECT_EQ(m_streams.error(), "b\n");
}

TEST_F(GuestBoot, ConsoleIsShownOnTheErrorStreamWhenAsked)
{
    m_options.show_console = true;
    EXPECT_EQ(run("echo marked words > /dev/kmsg; echo a"), 0);
    EXPECT_EQ(m_streams.output(), "a\n");
    EXPECT_NE(m_streams.error().find("marked words"), std::string::npos);
}

TEST_F(GuestBoot, CommandHasOurFolderAndEnvironmentAndNoTerminal)
{
    setenv("VWB_TEST_WORDS", "two words", 1);
    EXPECT_EQ(run("pwd; echo \"$VWB_TEST_WORDS\"; tty"), 1);
    unsetenv("VWB_TEST_WORDS");
    EXPECT_EQ(m_streams.output(), fs::current_path().string() + "\ntwo words\nnot a tty\n");
}

TEST_F(GuestBoot, FolderUnderTmpIsThereToo)
{
    const auto before = fs::current_path();
    fs::current_path(m_shared);
    std::ofstream("here") << "content";
    EXPECT_EQ(run("pwd; cat here; ls /tmp"), 0);
    fs::current_path(before);
    EXPECT_EQ(m_streams.output(),
        m_shared + "\ncontent" + fs::path(m_streams.folder()).filename().string() + "\n");
}

TEST_F(GuestBoot, HostIsReadOnlyButForTheGuestFolder)
{
    const auto intruder = fs::current_path() / "written-by-guest";
    EXPECT_NE(run("echo x > '" + intruder.string() + "'"), 0);
    EXPECT_FALSE(fs::exists(intruder));
    EXPECT_EQ(run("echo x > /tmp/vwb-inside && echo x > /run/vwb-inside && ls /tmp/vwb-inside"), 0);
    EXPECT_FALSE(fs::exists("/tmp/vwb-inside"));
    EXPECT_FALSE(fs::exists("/run/vwb-inside"));
    EXPECT_EQ(run("seq 100000 > $VWB_GUEST_DIR/list"), 0);
    const auto list = shared_file("list");
    EXPECT_EQ(list.size(), 588895U);
    EXPECT_EQ(list.substr(list.size() - 7), "100000\n");
}

TEST_F(GuestBoot, KernelHasWhatTheDevicesNeed)
{
    EXPECT_EQ(run("set -e; cd /sys/bus/virtio/drivers; ls -d gpio_virtio virtio_rng; "
                  "grep -q debugfs /proc/mounts; grep -q configfs /proc/mounts; "
                  "test -d /sys/firmware/devicetree || test -e /proc/interrupts"),
        0);
    EXPECT_EQ(m_streams.output(), "gpio_virtio\nvirtio_rng\n");
}

TEST_F(GuestBoot, DeviceTreeReachesTheKernel)
{
    m_options.device_tree = m_shared + "/board.dts";
    std::ofstream(m_options.device_tree)
        << "/dts-v1/; / { model = \"workbench test\"; chosen { }; };";
    EXPECT_EQ(run("cat /proc/device-tree/model"), 0);
    EXPECT_EQ(m_streams.output(), std::string("workbench test") + '\0');
}

TEST_F(GuestBoot, PanicHasItsOwnStatusAndIsQuoted)
{
    EXPECT_EQ(run("echo c > /proc/sysrq-trigger; sleep 1000"), static_cast<int>(GuestExit::Panic));
    EXPECT_EQ(m_streams.error().rfind("vwb guest: the guest kernel panicked: Kernel panic - not "
                                      "syncing: sysrq triggered crash\n",
                  0),
        0U);
    EXPECT_NE(m_streams.error().find("sysrq_handle_crash"), std::string::npos);
}

TEST_F(GuestBoot, MissingInitIsAPanic)
{
    m_options.kernel_arguments = { "init=/nonexistent/init" };
    EXPECT_EQ(run("true"), static_cast<int>(GuestExit::Panic));
    EXPECT_NE(m_streams.error().find("Requested init /nonexistent/init failed"), std::string::npos);
}

TEST_F(GuestBoot, SwitchingOffUnderTheCommandIsNotSuccess)
{
    EXPECT_EQ(run("echo o > /proc/sysrq-trigger; sleep 1000"), static_cast<int>(GuestExit::Panic));
    EXPECT_NE(m_streams.error().find("ended before its command did"), std::string::npos);
}

TEST_F(GuestBoot, RestartUnderTheCommandIsNotSuccess)
{
    EXPECT_EQ(run("echo b > /proc/sysrq-trigger; sleep 1000"), static_cast<int>(GuestExit::Panic));
    EXPECT_NE(m_streams.error().find("restarted under its command"), std::string::npos);
}

TEST_F(GuestBoot, CommandThatRunsTooLongIsEnded)
{
    m_options.timeout = std::chrono::seconds(1);
    EXPECT_EQ(run("echo before; sleep 1000"), static_cast<int>(GuestExit::Timeout));
    EXPECT_EQ(m_streams.output(), "before\n");
    EXPECT_EQ(m_streams.error().rfind("vwb guest: the command ran longer than 1s", 0), 0U);
}

TEST_F(GuestBoot, BackgroundProcessDoesNotKeepTheGuest)
{
    EXPECT_EQ(run("sleep 1000 & echo started"), 0);
    EXPECT_EQ(m_streams.output(), "started\n");
}

TEST_F(GuestBoot, TwoGuestsRunAtOnce)
{
    // Each waits for the other's file: both are up at the same time.
    const std::string script = "echo > $VWB_GUEST_DIR/$0; until [ -e $VWB_GUEST_DIR/$1 ]; do "
                               "sleep 0.05; done";
    int first = -1;
    std::thread other([&] {
        GuestOptions options;
        options.command = { "timeout", "30", "sh", "-c", script, "a", "b" };
        options.streams = m_streams.streams();
        const auto status = run_guest(options, {});
        first = status ? *status : -1;
    });
    GuestOptions options;
    options.command = { "timeout", "30", "sh", "-c", script, "b", "a" };
    options.streams = m_streams.streams();
    const auto second = run_guest(options, {});
    other.join();
    EXPECT_EQ(first, 0);
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ(*second, 0);
    EXPECT_TRUE(m_streams.nothing_left());
}

// The host process of a guest, to be ended by a signal once the command runs.
class GuestHost : public GuestBoot, public testing::WithParamInterface<int> { };

TEST_P(GuestHost, LeavesNothingWhenEndedByASignal)
{
    const pid_t host = fork();
    ASSERT_GE(host, 0);
    if (host == 0) {
        m_options.command = { "sh", "-c", "echo > $VWB_GUEST_DIR/up; sleep 1000 & sleep 1000" };
        m_options.streams = m_streams.streams();
        const auto status = run_guest(m_options, {});
        _exit(status ? *status : 1);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!fs::exists(m_shared + "/up") && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_TRUE(fs::exists(m_shared + "/up"));
    kill(host, GetParam());
    int status = 0;
    ASSERT_EQ(waitpid(host, &status, 0), host);
    if (GetParam() == SIGKILL) {
        EXPECT_TRUE(WIFSIGNALED(status));
    } else {
        EXPECT_EQ(WEXITSTATUS(status), 128 + GetParam());
        EXPECT_TRUE(m_streams.nothing_left()); // and so before the host ended
    }
    EXPECT_TRUE(no_process_mentions(m_streams.folder()));
    EXPECT_TRUE(m_streams.nothing_left());
}

INSTANTIATE_TEST_SUITE_P(Signals, GuestHost, testing::Values(SIGTERM, SIGINT, SIGHUP, SIGKILL));

} // namespace
} // namespace vwb
