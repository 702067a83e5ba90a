// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Faults that end a session or the whole back-end, over real sockets, on each device.
#include "engine/bench/bench.h"
#include "engine/driver/builtin_driver.h"
#include "tests/devices/gate/fault_fixture.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace vwb;
using namespace vwb::test;

namespace {

class FaultSession : public testing::TestWithParam<const char*> {
protected:
    FaultSession()
        : m_subject(fault_subject(GetParam()))
    {
        std::string name = testing::TempDir() + "vwb-fault-XXXXXX";
        m_directory = ::mkdtemp(name.data());
        m_registry.add(m_subject.type());
    }
    ~FaultSession() override
    {
        m_bench.reset();
        std::filesystem::remove_all(m_directory);
    }

    // more: further tables of the bench file.
    std::unique_ptr<Bench> start(const std::string& more = {})
    {
        const std::string text = "[bench]\nallow_crash = true\ndirectory = '" + m_directory
            + "'\n[[device]]\ntype = '" + GetParam() + "'\nname = 'it'\n" + hardware()
            + m_subject.bench + more;
        auto spec = read_bench_text(text, "b.toml", m_registry);
        EXPECT_TRUE(spec) << spec.error().message();
        m_spec = std::move(spec).value();
        auto bench = Bench::start(m_spec, m_clock);
        EXPECT_TRUE(bench) << bench.error().message();
        return std::move(bench).value();
    }
    std::unique_ptr<BuiltinDriver> connect(bool inflight = false)
    {
        DriverOptions options;
        options.inflight = inflight;
        auto driver = BuiltinDriver::connect(m_directory + "/it.sock", options);
        EXPECT_TRUE(driver) << driver.error().message();
        return std::move(driver).value();
    }
    Result<Answer> request(BuiltinDriver& driver)
    {
        return driver.request(0, std::as_bytes(std::span(m_subject.request)), m_subject.writable);
    }
    void arm(const std::string& action)
    {
        RunningDevice& device = *m_bench->devices()[0];
        device.on_loop([&] {
            const auto id
                = device.gate()->arm({ .match = m_subject.match, .action = action, .count = 1 });
            EXPECT_TRUE(id) << id.error().message();
        });
    }

    const FaultSubject& m_subject;
    std::string m_directory;
    MonotonicClock m_clock;
    Registry m_registry;
    BenchSpec m_spec;
    std::unique_ptr<Bench> m_bench;

private:
    std::string hardware() const
    {
        return "hardware = '" + m_subject.type().hardware[0].kind + "'\n";
    }
};

INSTANTIATE_TEST_SUITE_P(Devices, FaultSession, testing::Values("gpio", "rng", "i2c", "scmi"),
    [](const auto& device) { return std::string(device.param); });

} // namespace

TEST_P(FaultSession, DisconnectDropsTheDriverAndTheDeviceServesTheNextConnection)
{
    m_bench = start();
    const auto driver = connect();
    arm("disconnect");
    // What the device found in that round it answers first.
    auto answer = request(*driver);
    for (int i = 0; i < 1000 && answer; ++i)
        answer = request(*driver);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::Closed);
    ASSERT_TRUE(driver->reconnect());
    answer = request(*driver);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->used_length, m_subject.used);
}

TEST_P(FaultSession, CrashTakesTheProcessAwayAndTheRequestIsAnsweredByTheNextOne)
{
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const auto bench = start("[[fault]]\ndevice = 'it'\ndo = 'crash'\nmatch = \""
            + std::string(m_subject.match) + "\"\n");
        const char byte = '.';
        if (::write(ready[1], &byte, 1) == 1) {
            for (;;)
                ::pause();
        }
        ::_exit(1);
    }
    ::close(ready[1]);
    char byte;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);

    const auto driver = connect(true);
    const auto ticket
        = driver->submit(0, std::as_bytes(std::span(m_subject.request)), m_subject.writable);
    ASSERT_TRUE(ticket);
    const auto lost = driver->wait(0, *ticket);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind(), ErrorKind::Closed);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), Gate::CRASH_STATUS);
    // As after any crash, nobody has cleared anything away.
    EXPECT_TRUE(std::filesystem::exists(m_directory + "/it.sock"));

    m_bench = start();
    ASSERT_TRUE(driver->reconnect());
    const auto answer = driver->wait(0, *ticket);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->used_length, m_subject.used);
}
