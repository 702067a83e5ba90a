// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/bench/measure.h"

#include "engine/base/histogram.h"
#include "engine/vhost_user/frontend.h"
#include "tests/bench/bench_process.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace vwb::bench {
namespace {

constexpr unsigned QUEUE = 0;

UniqueFd make_eventfd(int flags)
{
    UniqueFd fd(::eventfd(0, flags));
    if (!fd)
        die(Error::from_errno("eventfd", errno));
    return fd;
}

bool write_one(int fd)
{
    const uint64_t one = 1;
    return ::write(fd, &one, sizeof one) == sizeof one;
}

bool read_count(int fd)
{
    uint64_t count;
    return ::read(fd, &count, sizeof count) == sizeof count;
}

double us(Duration duration)
{
    return std::chrono::duration<double, std::micro>(duration).count();
}

// From its beginning to figures(): the time, and the CPU time of both sides.
class Stopwatch {
public:
    explicit Stopwatch(const BenchProcess& peer)
        : m_peer(peer)
        , m_cpu(own_cpu_time() + peer.cpu_time())
        , m_start(m_clock.now())
    {
    }
    TimePoint start() const { return m_start; }
    TimePoint now() const { return m_clock.now(); }
    Figures figures(const Histogram& latencies) const
    {
        const Duration took = now() - m_start;
        const Duration cpu = own_cpu_time() + m_peer.cpu_time() - m_cpu;
        const auto count = static_cast<double>(latencies.count());
        return { us(took) / count, us(latencies.quantile(0.5)), us(latencies.quantile(0.99)),
            us(cpu) / count };
    }

private:
    const BenchProcess& m_peer;
    MonotonicClock m_clock;
    Duration m_cpu;
    TimePoint m_start;
};

} // namespace

PingPong::PingPong()
    : m_there(make_eventfd(0))
    , m_back(make_eventfd(0))
{
}

std::vector<std::string> PingPong::arguments() const
{
    return { std::to_string(m_there.get()), std::to_string(m_back.get()) };
}

Figures PingPong::run(Duration duration, const BenchProcess& peer)
{
    Histogram latencies;
    const Stopwatch stopwatch(peer);
    TimePoint now = stopwatch.start();
    while (now - stopwatch.start() < duration) {
        VWB_ASSERT(write_one(m_there.get()) && read_count(m_back.get()));
        const TimePoint then = std::exchange(now, stopwatch.now());
        latencies.record(now - then);
    }
    return stopwatch.figures(latencies);
}

int run_ping_pong_process(int control, int there, int back)
{
    acknowledge(control);
    while (read_count(there) && write_one(back)) { }
    return 0;
}

RingClient::RingClient(const std::string& socket_path, const Workload& workload, unsigned max_depth)
    : m_workload(workload)
    , m_call(make_eventfd(EFD_CLOEXEC))
{
    DriverOptions options;
    options.queue_size = 4 * max_depth;
    options.indirect = false;
    m_driver = require(BuiltinDriver::connect(socket_path, options));
    // A call descriptor that blocks: one system call waits and takes the call.
    require(m_driver->frontend().set_vring_call(QUEUE, m_call.get()));
    m_ring = dynamic_cast<SplitDriverRing*>(&m_driver->ring(QUEUE));
    VWB_ASSERT(m_ring);
    for (unsigned i = 0; i < max_depth; ++i) {
        const auto readable = static_cast<uint32_t>(workload.readable.size());
        const GuestBuffer out = m_driver->memory().allocate(readable, 64);
        const GuestBuffer in = m_driver->memory().allocate(workload.writable_size, 64);
        std::copy(workload.readable.begin(), workload.readable.end(), out.data);
        m_buffers.push_back({ { out.segment() }, { in.segment() }, in.data, {} });
    }
}

void RingClient::add(size_t index)
{
    const Buffers& buffers = m_buffers[index];
    const std::span<const DriverSegment> readable(
        buffers.readable, m_workload.readable.empty() ? 0 : 1);
    VWB_ASSERT(m_ring->add(readable, buffers.writable, index));
}

void RingClient::publish()
{
    if (m_ring->publish())
        m_driver->kick(QUEUE);
}

void RingClient::check(const UsedChain& used) const
{
    const std::byte* answer = m_buffers[used.token].answer;
    VWB_ASSERT(used.length == m_workload.writable_size);
    VWB_ASSERT(m_workload.answer.empty()
        || std::memcmp(answer, m_workload.answer.data(), m_workload.answer.size()) == 0);
}

void RingClient::wait_for_call()
{
    if (m_ring->enable_calls())
        VWB_ASSERT(read_count(m_call.get()));
}

Figures RingClient::run(unsigned depth, Duration duration, const BenchProcess& peer)
{
    Histogram latencies;
    const Stopwatch stopwatch(peer);
    const TimePoint end = stopwatch.start() + duration;
    for (unsigned i = 0; i < depth; ++i) {
        m_buffers[i].since = stopwatch.start();
        add(i);
    }
    publish();
    while (m_ring->in_flight() > 0) {
        auto used = m_ring->pop_used();
        if (!used) {
            wait_for_call();
            continue;
        }
        // One look at the clock for each batch: what is made now is answered with the next.
        const TimePoint now = stopwatch.now();
        for (; used; used = m_ring->pop_used()) {
            check(*used);
            Buffers& buffers = m_buffers[used->token];
            latencies.record(now - buffers.since);
            if (now < end) {
                buffers.since = now;
                add(used->token);
            }
        }
        publish();
    }
    VWB_ASSERT(m_ring->violations() == 0);
    return stopwatch.figures(latencies);
}

} // namespace vwb::bench
