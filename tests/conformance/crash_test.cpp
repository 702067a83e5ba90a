// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A back-end that is killed in the middle of its work and started again: with the memory of
// requests in flight (vhost-user, Inflight I/O tracking) the driver gets every answer exactly once,
// whenever the end came.
#include "engine/base/log.h"
#include "engine/device/device_host.h"
#include "engine/driver/builtin_driver.h"
#include "engine/vhost_user/frontend.h"
#include "engine/vhost_user/listener.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>
#include <deque>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace vwb;
using namespace vwb::test;

namespace {

constexpr uint32_t SEED = 20261122;
constexpr unsigned KILLS = 500; // in each of the four ring modes

// Ends this process at whatever it does then.
void die_in(std::chrono::microseconds time)
{
    sigevent event {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    timer_t timer;
    itimerspec when {};
    when.it_value.tv_nsec = std::chrono::nanoseconds(time).count();
    VWB_ASSERT(::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    VWB_ASSERT(::timer_settime(timer, 0, &when, nullptr) == 0);
}

// Echoes each request, in any order: some at once, others after some more have come. Its process
// lives for so long from the first one on; 0: until it is killed.
class ShufflingDevice final : public EchoDevice {
public:
    ShufflingDevice(uint32_t seed, std::chrono::microseconds lifetime)
        : m_random(seed)
        , m_lifetime(lifetime)
    {
    }

    void handle(unsigned, Request request) override
    {
        if (m_lifetime.count() > 0)
            die_in(std::exchange(m_lifetime, {}));
        m_kept.push_back(std::move(request));
        while (m_kept.size() > 8 || (!m_kept.empty() && m_random() % 2 == 0))
            answer_one();
    }
    void batch_done(unsigned) override
    {
        while (!m_kept.empty())
            answer_one();
    }
    void queue_stopped(unsigned) override
    {
        for (auto& request : m_kept)
            std::move(request).give_back();
        m_kept.clear();
    }

private:
    void answer_one()
    {
        const auto chosen = m_kept.begin() + static_cast<long>(m_random() % m_kept.size());
        Request request = std::move(*chosen);
        m_kept.erase(chosen);
        std::array<std::byte, 64> bytes;
        const size_t size = request.reader().read(bytes);
        auto writer = request.writer();
        writer.write(std::span(bytes).first(size));
        std::move(request).complete(writer.position());
    }

    std::mt19937 m_random;
    std::chrono::microseconds m_lifetime;
    std::deque<Request> m_kept;
};

// Another process with the device at a socket; it kills itself after a while.
class BackEndProcess {
public:
    BackEndProcess(const std::string& path, uint32_t seed, std::chrono::microseconds lifetime)
        : m_pid(::fork())
    {
        if (m_pid == 0)
            live(path, seed, lifetime);
    }
    ~BackEndProcess() { kill(); }
    BackEndProcess(const BackEndProcess&) = delete;
    BackEndProcess& operator=(const BackEndProcess&) = delete;

    bool alive()
    {
        if (m_pid > 0 && ::waitpid(m_pid, nullptr, WNOHANG) == m_pid)
            m_pid = 0;
        return m_pid > 0;
    }
    void kill()
    {
        if (m_pid <= 0)
            return;
        ::kill(m_pid, SIGKILL);
        ::waitpid(m_pid, nullptr, 0);
        m_pid = 0;
    }

private:
    [[noreturn]] static void live(
        const std::string& path, uint32_t seed, std::chrono::microseconds lifetime)
    {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        set_log_level(LogLevel::Error);
        MonotonicClock clock;
        auto loop = EventLoop::create(clock).value();
        DeviceHost host("dut", 0, *loop, std::make_unique<ShufflingDevice>(seed, lifetime), 1024);
        ::unlink(path.c_str()); // of the one that was killed
        auto listener = Listener::bind(host, path).value();
        loop->run();
        ::_exit(0);
    }

    pid_t m_pid;
};

struct CrashedRing {
    bool packed;
    bool event_index;
    bool indirect;
};

class CrashTest : public testing::TestWithParam<CrashedRing> {
protected:
    CrashTest()
        : m_directory(std::filesystem::temp_directory_path() / "vwb-crash-XXXXXX")
    {
        VWB_ASSERT(::mkdtemp(m_directory.data()));
    }
    ~CrashTest() override { std::filesystem::remove_all(m_directory); }

    std::string path() const { return m_directory + "/dut.sock"; }
    DriverOptions options() const;
    bool attach(BackEndProcess& back_end);
    void submit_some();
    bool collect();
    void check(const Answer& answer, uint64_t number);

    std::string m_directory;
    std::unique_ptr<BuiltinDriver> m_driver;
    std::mt19937 m_random { SEED };
    uint64_t m_submitted = 0;
    uint64_t m_answered = 0;
    std::map<uint64_t, uint64_t> m_waiting; // number of the request by ticket
};

DriverOptions CrashTest::options() const
{
    DriverOptions options;
    options.packed = GetParam().packed;
    options.event_index = GetParam().event_index;
    options.indirect = GetParam().indirect;
    options.inflight = true;
    options.queue_size = 64;
    options.queues = { 0 };
    return options;
}

// The socket is there a moment after its process. False if that dies in the middle of the set-up.
bool CrashTest::attach(BackEndProcess& back_end)
{
    while (back_end.alive()) {
        if (m_driver && m_driver->reconnect())
            return true;
        if (!m_driver) {
            if (auto driver = BuiltinDriver::connect(path(), options()))
                m_driver = std::move(driver).value();
            if (m_driver)
                return true;
        }
        std::this_thread::yield();
    }
    return false;
}

void CrashTest::submit_some()
{
    while (m_waiting.size() < 12) {
        std::vector<std::byte> request(8 + m_random() % 40, std::byte { 0x5c });
        const uint64_t number = ++m_submitted;
        std::memcpy(request.data(), &number, sizeof number);
        const auto half = static_cast<long>(request.size() / 2);
        const auto ticket = m_driver->submit_segments(0,
            { { request.begin(), request.begin() + half },
                { request.begin() + half, request.end() } },
            { 16, 48 });
        ASSERT_TRUE(ticket) << ticket.error().message();
        m_waiting[*ticket] = number;
    }
}

void CrashTest::check(const Answer& answer, uint64_t number)
{
    uint64_t echoed = 0;
    ASSERT_GE(answer.used_length, 8u);
    std::memcpy(&echoed, answer.bytes.data(), sizeof echoed);
    EXPECT_EQ(echoed, number);
}

// True if the back-end is still there.
bool CrashTest::collect()
{
    const auto called = m_driver->wait_call(0, std::chrono::seconds(10));
    for (auto entry = m_waiting.begin(); entry != m_waiting.end();) {
        const auto answer = m_driver->poll(0, entry->first);
        EXPECT_TRUE(answer) << answer.error().message();
        if (!answer || !answer->has_value()) {
            ++entry;
            continue;
        }
        check(**answer, entry->second);
        ++m_answered;
        entry = m_waiting.erase(entry);
    }
    EXPECT_EQ(m_driver->ring(0).violation(), "");
    EXPECT_TRUE(called || called.error().kind() == ErrorKind::Closed) << called.error().message();
    return called.has_value();
}

std::string mode_name(const testing::TestParamInfo<CrashedRing>& mode)
{
    return std::string(mode.param.packed ? "Packed" : "Split")
        + (mode.param.event_index ? "EventIdx" : "Flags")
        + (mode.param.indirect ? "Indirect" : "Direct");
}

} // namespace

INSTANTIATE_TEST_SUITE_P(RingModes, CrashTest,
    testing::Values(CrashedRing { false, false, false }, CrashedRing { false, true, true },
        CrashedRing { true, false, false }, CrashedRing { true, true, true }),
    mode_name);

// vhost-user, Inflight I/O tracking.
TEST_P(CrashTest, KilledBackEndLosesNothingAndRepeatsNothing)
{
    std::printf("seed %u, %u kills\n", SEED, KILLS);
    for (unsigned kill = 0; kill <= KILLS; ++kill) {
        const bool last = kill == KILLS;
        const std::chrono::microseconds lifetime(last ? 0 : 1 + m_random() % 1500);
        BackEndProcess back_end(path(), SEED + kill, lifetime);
        if (!attach(back_end))
            continue;
        const uint64_t enough = m_answered + 200;
        do {
            submit_some();
            ASSERT_FALSE(HasFatalFailure());
        } while (collect() && !HasFailure() && !(last && m_answered >= enough));
        ASSERT_FALSE(HasFailure()) << "kill " << kill;
    }
    EXPECT_EQ(m_answered + m_waiting.size(), m_submitted);
    EXPECT_EQ(m_driver->ring(0).violations(), 0u) << m_driver->ring(0).violation();
}
