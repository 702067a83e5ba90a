// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A front-end that is killed in the middle of its set-up or its load: the back-end survives it,
// keeps nothing of it, and serves the next one from a clean state.
#include "engine/base/log.h"
#include "engine/driver/builtin_driver.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/device_server.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace vwb;
using namespace vwb::test;

namespace {

constexpr uint32_t CRASH_SEED = 20261122;
constexpr unsigned CRASHES = 520; // in each ring format
constexpr unsigned WARM = 20; // of them, before anything is compared
constexpr int64_t LONGEST_LIFE_NS = 2'000'000;
constexpr size_t UNKNOWN_GROWTH = 128 * 1024; // bytes; a leak of 260 a kill shows

struct Order {
    uint32_t seed;
    uint32_t packed;
    char path[100];
};

// Ends this process at whatever it does then.
void die_in(int64_t nanoseconds)
{
    sigevent event {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    timer_t timer;
    itimerspec when {};
    when.it_value.tv_nsec = nanoseconds;
    VWB_ASSERT(::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    VWB_ASSERT(::timer_settime(timer, 0, &when, nullptr) == 0);
}

// Queue 0 echoes, queue 1 parks: both are kept busy until the end comes.
[[noreturn]] void live_as_driver(const Order& order)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::mt19937 random(order.seed);
    const int64_t lifetime = 1 + random() % LONGEST_LIFE_NS;
    const bool in_set_up = random() % 4 == 0;
    if (in_set_up)
        die_in(lifetime);
    DriverOptions options;
    options.packed = order.packed != 0;
    options.inflight = random() % 2 == 0;
    options.event_index = random() % 2 == 0;
    options.memory = size_t { 1 } << 20;
    auto driver = BuiltinDriver::connect(order.path, options);
    if (!driver)
        ::_exit(1); // to be seen: nothing has gone wrong before the end
    if (!in_set_up)
        die_in(lifetime);
    if (random() % 2 == 0)
        (void)(*driver)->start_logging();
    const std::vector<std::byte> request(32, std::byte { 'x' });
    for (int i = 0; i < 8; ++i)
        (void)(*driver)->submit(1, request, 8);
    for (;;) {
        std::array<uint64_t, 12> tickets;
        for (uint64_t& ticket : tickets)
            ticket = (*driver)->submit(0, request, 64).value();
        for (const uint64_t ticket : tickets) {
            if (!(*driver)->wait(0, ticket))
                ::_exit(1);
        }
    }
}

// A process of one thread that starts drivers, so that none is a copy of a process with threads.
class DriverStarter {
public:
    DriverStarter()
    {
        int ends[2];
        VWB_ASSERT(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
        m_socket.reset(ends[0]);
        m_pid = ::fork();
        if (m_pid == 0)
            serve(ends[1]);
        ::close(ends[1]);
    }
    ~DriverStarter()
    {
        ::kill(m_pid, SIGKILL);
        ::waitpid(m_pid, nullptr, 0);
    }

    // Answers the wait status of a driver that has lived.
    int run(const Order& order)
    {
        int status = 0;
        VWB_ASSERT(::send(m_socket.get(), &order, sizeof order, MSG_NOSIGNAL) == sizeof order);
        VWB_ASSERT(::recv(m_socket.get(), &status, sizeof status, 0) == sizeof status);
        return status;
    }

private:
    [[noreturn]] static void serve(int socket)
    {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        set_log_level(LogLevel::Off);
        Order order;
        while (::recv(socket, &order, sizeof order, 0) == sizeof order) {
            const pid_t pid = ::fork();
            if (pid == 0)
                live_as_driver(order);
            int status = 0;
            ::waitpid(pid, &status, 0);
            VWB_ASSERT(::send(socket, &status, sizeof status, MSG_NOSIGNAL) == sizeof status);
        }
        ::_exit(0);
    }

    UniqueFd m_socket;
    pid_t m_pid;
};

// What a session that is over may leave nothing of.
struct Holdings {
    size_t descriptors = 0;
    size_t guest_mappings = 0;

    bool operator==(const Holdings&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Holdings& holdings)
    {
        return out << holdings.descriptors << " descriptors, " << holdings.guest_mappings
                   << " mappings of memory files";
    }
};

Holdings own_holdings()
{
    Holdings found;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++found.descriptors;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        found.guest_mappings += line.find("/memfd:") != std::string::npos ? 1 : 0;
    return found;
}

class FrontEndCrash : public testing::TestWithParam<bool> {
protected:
    FrontEndCrash()
        : m_server(std::unique_ptr<Device>(m_device = new EchoDevice))
    {
        set_log_level(LogLevel::Off);
    }

    int run_driver(uint32_t seed);
    bool is_idle();
    void expect_idle();
    void serve_the_next();
    uint64_t requests();

    DriverStarter m_starter; // before there are threads
    EchoDevice* m_device; // on the server's thread
    DeviceServer m_server;
};

int FrontEndCrash::run_driver(uint32_t seed)
{
    Order order { seed, GetParam() ? 1u : 0u, {} };
    VWB_ASSERT(m_server.path().size() < sizeof order.path);
    std::strcpy(order.path, m_server.path().c_str());
    return m_starter.run(order);
}

uint64_t FrontEndCrash::requests()
{
    uint64_t count = 0;
    m_server.run([&](DeviceHost& host, Listener&) { count = host.queue(0).counters().requests; });
    return count;
}

bool FrontEndCrash::is_idle()
{
    bool idle = false;
    m_server.run([&](DeviceHost& host, Listener& listener) {
        idle = !listener.connected() && !host.queue(0).started() && !host.queue(1).started()
            && m_device->parked[0].empty() && m_device->parked[1].empty();
    });
    return idle;
}

// The end of a connection is seen a moment after its process.
void FrontEndCrash::expect_idle()
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!is_idle()) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the session does not end";
        std::this_thread::yield();
    }
}

// Everything from the start, with a buffer that is parked and answered.
void FrontEndCrash::serve_the_next()
{
    DriverOptions options;
    options.packed = GetParam();
    options.memory = size_t { 1 } << 20;
    auto connected = BuiltinDriver::connect(m_server.path(), options);
    ASSERT_TRUE(connected) << connected.error().message();
    BuiltinDriver& driver = **connected;
    const std::vector<std::byte> text { std::byte { 'o' }, std::byte { 'k' } };
    const auto parked = driver.submit(1, text, 8);
    const auto echo = driver.request(0, text, 8);
    ASSERT_TRUE(echo) << echo.error().message();
    EXPECT_EQ(echo->used_length, 2u);
    EXPECT_TRUE(std::equal(text.begin(), text.end(), echo->bytes.begin()));
    // A message behind the kick: the buffer has come.
    ASSERT_TRUE(driver.frontend().get_features());
    m_server.run([this](DeviceHost&, Listener&) {
        while (!m_device->parked[1].empty()) {
            std::move(m_device->parked[1].front()).complete(7);
            m_device->parked[1].pop_front();
        }
    });
    const auto answer = driver.wait(1, *parked);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->used_length, 7u);
    EXPECT_EQ(driver.ring(1).violation(), "");
}

} // namespace

INSTANTIATE_TEST_SUITE_P(RingFormats, FrontEndCrash, testing::Bool(),
    [](const auto& packed) { return packed.param ? "Packed" : "Split"; });

TEST_P(FrontEndCrash, KilledFrontEndLeavesNothingBehind)
{
    std::printf("seed %u, %u kills\n", CRASH_SEED, CRASHES);
    Holdings at_rest;
    size_t memory = 0;
    unsigned under_load = 0;
    for (unsigned kill = 0; kill < CRASHES; ++kill) {
        const uint64_t before = requests();
        const int status = run_driver(CRASH_SEED + kill);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "kill " << kill;
        expect_idle();
        under_load += requests() > before ? 1 : 0;
        serve_the_next();
        expect_idle();
        ASSERT_FALSE(HasFailure()) << "kill " << kill;
        if (kill == WARM) {
            at_rest = own_holdings();
            memory = ::mallinfo2().uordblks;
        } else if (kill > WARM) {
            ASSERT_EQ(own_holdings(), at_rest) << "kill " << kill;
        }
    }
    EXPECT_LT(::mallinfo2().uordblks, memory + UNKNOWN_GROWTH);
    std::printf("%u of them under load\n", under_load);
    EXPECT_GT(under_load, CRASHES / 8);
    EXPECT_EQ(m_server.rules(), "");
}
