// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/fake_bench.h"

#include "engine/event/unix_socket.h"

#include <array>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/socket.h>

namespace vwb::test {

FakeDevice::FakeDevice(const ObservedDevice& identity, EventLoop& loop, size_t trace_capacity)
    : m_identity(identity)
    , m_loop(loop)
    , m_trace(trace_capacity)
    , m_problems(loop.clock())
{
}

BenchDeviceStatus FakeDevice::status()
{
    return { "running", 4711, 12, 11, 1, m_problems.total() };
}

void FakeDevice::inspect(Inspector& inspector)
{
    ++inspections;
    inspector.field("type", type());
    inspector.child("queues", [](Inspector& queues) {
        queues.child("requestq", [](Inspector& queue) { queue.field("last_avail_idx", 7); });
        queues.child("eventq", [](Inspector& queue) { queue.field("last_avail_idx", 9); });
    });
    inspector.child("problems", [this](Inspector& inner) { m_problems.inspect(inner); });
}

void FakeDevice::set_problem_listener(std::function<void(const Problem&)> listener)
{
    m_problems.set_listener(std::move(listener));
}

Result<void> FakeDevice::turn_features(const Value& wish)
{
    last_wish = wish;
    return {};
}

Result<Value> FakeDevice::queue_snapshot(unsigned queue, uint32_t first, uint32_t count)
{
    Value value = Value::object();
    value.set("index", queue);
    value.set("first", first);
    value.set("count", count);
    return value;
}

Result<Value> FakeDevice::read_memory(uint64_t guest_address, uint64_t size)
{
    if (guest_address >= 0x10000)
        return Error(ErrorKind::NotFound, "guest address is in no memory region");
    Value value = Value::object();
    value.set("address", guest_address);
    value.set("length", size);
    return value;
}

void FakeDevice::report(const std::string& rule, int queue)
{
    m_problems.report({ Side::Driver, Severity::Error, rule, "clause 1", "found that", queue });
}

std::vector<ActionInfo> FakeDevice::action_list() const
{
    const ActionParameter signal { "signal", "string", true, "red or green" };
    return { { "get", "value of a signal", { signal } },
        { "set", "drive a signal", { signal, { "value", "integer", true, "0 or 1" } } },
        { "signals", "all signals", {} }, { "fail", "always fails", {} } };
}

Result<Value> FakeDevice::call_action(std::string_view action, const Value& parameters)
{
    if (action == "fail")
        return Error(ErrorKind::Io, "the hardware is on fire");
    Value list = Value::list();
    for (const auto& [signal, value] : signals) {
        Value entry = Value::object();
        entry.set("name", signal);
        entry.set("value", value);
        list.append(std::move(entry));
    }
    if (action == "signals")
        return list;
    const auto found = signals.find(parameters.find("signal")->string_or(""));
    if (found == signals.end())
        return Error(ErrorKind::NotFound, "no such signal");
    if (action == "set")
        found->second = parameters.find("value")->integer_or(-1);
    return Value(found->second);
}

TestObserver::TestObserver(const std::string& path)
{
    auto fd = connect_unix(path, std::chrono::seconds(5));
    if (!fd) {
        m_closed = true;
        return;
    }
    m_fd = std::move(*fd);
    ::fcntl(m_fd.get(), F_SETFL, O_NONBLOCK);
}

size_t TestObserver::send_bytes(std::string_view bytes)
{
    const ssize_t count = ::send(m_fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<size_t>(count);
}

void TestObserver::read_more()
{
    std::array<char, 65536> bytes;
    for (;;) {
        const ssize_t count = ::recv(m_fd.get(), bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count <= 0) {
            m_closed = true;
            return;
        }
        m_input.append(bytes.data(), static_cast<size_t>(count));
    }
}

std::optional<std::string> TestObserver::line()
{
    size_t end = m_input.find('\n');
    if (end == m_input.npos && !m_closed)
        read_more();
    end = m_input.find('\n');
    if (end == m_input.npos)
        return std::nullopt;
    std::string line = m_input.substr(0, end);
    m_input.erase(0, end + 1);
    return line;
}

void TestObserver::stop_sending()
{
    ::shutdown(m_fd.get(), SHUT_WR);
}

bool TestObserver::closed()
{
    if (!m_closed)
        read_more();
    return m_closed;
}

TestDirectory::TestDirectory()
{
    char name[] = "/tmp/vwb-test-XXXXXX";
    m_path = ::mkdtemp(name);
}

TestDirectory::~TestDirectory()
{
    std::filesystem::remove_all(m_path);
}

void settle(std::initializer_list<EventLoop*> loops)
{
    bool any = true;
    while (any) {
        any = false;
        for (EventLoop* loop : loops)
            any |= loop->run_once(Duration(0));
    }
}

} // namespace vwb::test
