// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The control server as it runs: its loop, the device's loop and clients each on their own thread.
#include "engine/control/control_server.h"
#include "engine/control/json.h"
#include "engine/event/unix_socket.h"
#include "tests/support/fake_bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

namespace vwb::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

// Waits for lines, 5 s at most.
class WaitingObserver {
public:
    explicit WaitingObserver(const std::string& path)
        : m_fd(std::move(connect_unix(path, 5s)).value())
    {
    }
    void send_line(const std::string& line)
    {
        const std::string text = line + "\n";
        ASSERT_EQ(::send(m_fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
    }
    std::string line()
    {
        for (;;) {
            if (const size_t end = m_input.find('\n'); end != m_input.npos) {
                std::string line = m_input.substr(0, end);
                m_input.erase(0, end + 1);
                return line;
            }
            pollfd readable { m_fd.get(), POLLIN, 0 };
            std::array<char, 65536> bytes;
            if (::poll(&readable, 1, 5000) != 1)
                return "nothing came";
            const ssize_t count = ::recv(m_fd.get(), bytes.data(), bytes.size(), 0);
            if (count <= 0)
                return "closed";
            m_input.append(bytes.data(), static_cast<size_t>(count));
        }
    }

private:
    UniqueFd m_fd;
    std::string m_input;
};

class ControlThreadsTest : public testing::Test {
protected:
    ControlThreadsTest()
    {
        m_bench.add(m_lamp);
        m_server = std::move(ControlServer::start(*m_loop, m_bench, m_directory.path("c"))).value();
        m_path = m_server->path();
        m_device_thread = std::thread([this] { m_device_loop->run(); });
        m_thread = std::thread([this] {
            m_loop->run();
            m_server.reset();
        });
    }
    ~ControlThreadsTest() override
    {
        m_loop->stop();
        m_thread.join();
        m_device_loop->stop();
        m_device_thread.join();
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop = std::move(EventLoop::create(m_clock)).value();
    std::unique_ptr<EventLoop> m_device_loop = std::move(EventLoop::create(m_clock)).value();
    FakeDevice m_lamp { lamp0(), *m_device_loop, 4096 };
    FakeBench m_bench;
    TestDirectory m_directory;
    std::unique_ptr<ControlServer> m_server;
    std::string m_path;
    std::thread m_device_thread;
    std::thread m_thread;
};

TEST_F(ControlThreadsTest, ClientsAreServedAtTheSameTime)
{
    std::array<unsigned, 4> answered {};
    std::vector<std::thread> clients;
    for (auto& count : answered) {
        clients.emplace_back([this, &count] {
            WaitingObserver client(m_path);
            for (int i = 0; i < 50; ++i) {
                client.send_line(
                    R"({"jsonrpc":"2.0","id":1,"method":"signal.set","params":{"signal":"lamp0.red",)"
                    R"("value":)"
                    + std::to_string(i) + "}}");
                const auto reply = parse_json(client.line());
                count += reply && reply->find("result") ? 1 : 0;
            }
        });
    }
    for (auto& client : clients)
        client.join();
    EXPECT_THAT(answered, testing::Each(50u));
}

TEST_F(ControlThreadsTest, EventsOfABusyDeviceAreAllToldOrCounted)
{
    constexpr uint32_t REQUESTS = 200'000;
    WaitingObserver client(m_path);
    client.send_line(R"({"jsonrpc":"2.0","id":1,"method":"subscribe"})");
    ASSERT_THAT(client.line(), HasSubstr("subscription"));
    m_device_loop->post([this] {
        for (uint32_t i = 1; i <= REQUESTS; ++i)
            m_lamp.trace().record(served(i, 0, lamp_get(1), lamp_answer(0, 0)));
    });
    int64_t seen = 0;
    int64_t missing = 0;
    int64_t last = 0;
    bool in_order = true;
    while (seen + missing < REQUESTS) {
        const auto message = parse_json(client.line());
        ASSERT_TRUE(message) << "after " << seen << " seen and " << missing << " missing";
        const Value& params = *message->find("params");
        missing += params.find("lost")->integer_or(0) + params.find("dropped")->integer_or(0);
        for (const auto& event : *params.find("events")->as_list()) {
            const auto number = event.find("request")->integer_or(0);
            in_order = in_order && number > last;
            last = number;
            ++seen;
        }
    }
    EXPECT_EQ(seen + missing, REQUESTS);
    EXPECT_TRUE(in_order);
    EXPECT_GT(seen, 0);
}

TEST_F(ControlThreadsTest, ObserverThatNeverReadsHoldsUpNobody)
{
    WaitingObserver silent(m_path);
    silent.send_line(R"({"jsonrpc":"2.0","id":1,"method":"subscribe"})");
    ASSERT_THAT(silent.line(), HasSubstr("subscription"));
    std::atomic<unsigned> recorded { 0 };
    for (unsigned i = 0; i < 40; ++i) {
        m_device_loop->post([this, &recorded] {
            for (uint32_t j = 0; j < 1000; ++j)
                m_lamp.trace().record(served(j + 1, 0, lamp_get(1), lamp_answer(0, 0)));
            ++recorded;
        });
        WaitingObserver other(m_path);
        other.send_line(R"({"jsonrpc":"2.0","id":1,"method":"device.list"})");
        EXPECT_THAT(other.line(), HasSubstr("lamp0"));
    }
    EXPECT_EQ(recorded, 40u);
}

TEST_F(ControlThreadsTest, ProblemsCrossFromTheDeviceToTheClient)
{
    WaitingObserver client(m_path);
    client.send_line(
        R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"kinds":["problems"]}})");
    ASSERT_THAT(client.line(), HasSubstr("subscription"));
    m_device_loop->post([this] { m_lamp.report("d.rule"); });
    EXPECT_THAT(client.line(), HasSubstr(R"("rule":"d.rule")"));
}

} // namespace
} // namespace vwb::test
