// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/bench/measure.h"

#include "engine/base/histogram.h"
#include "engine/vhost_user/frontend.h"
#include "tests/bench/allocation_count.h"
#include "tests/bench/bench_process.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <numeric>

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

RingClient::RingClient(const std::string& socket_path, const Workload& workload,
    const RingKind& kind, unsigned max_depth)
    : m_workload(workload)
    , m_buffers(max_depth)
    , m_call(make_eventfd(EFD_CLOEXEC))
{
    DriverOptions options;
    // Room for all direct chains, four times over where they are short.
    options.queue_size = std::bit_ceil(max_depth * std::max(4u, workload.segments));
    options.indirect = kind.indirect;
    options.packed = kind.packed;
    m_driver = require(BuiltinDriver::connect(socket_path, options));
    // A call descriptor that blocks: one system call waits and takes the call.
    require(m_driver->frontend().set_vring_call(QUEUE, m_call.get()));
    m_ring = &m_driver->ring(QUEUE);
    make_buffers();
}

void RingClient::make_buffers()
{
    const auto readable = static_cast<uint32_t>(m_workload.readable.size());
    const uint32_t piece = m_workload.writable_size / m_workload.segments;
    for (Buffers& buffers : m_buffers) {
        const GuestBuffer out = m_driver->memory().allocate(readable, 64);
        const GuestBuffer in = m_driver->memory().allocate(m_workload.writable_size, 64);
        std::copy(m_workload.readable.begin(), m_workload.readable.end(), out.data);
        buffers.readable[0] = out.segment();
        buffers.answer = in.data;
        for (uint32_t i = 0; i < m_workload.segments; ++i)
            buffers.writable.push_back({ in.guest_address + i * piece, piece });
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

Figures RingClient::run(unsigned depth, Duration duration, BenchProcess& peer)
{
    // What grows with its first use grows now.
    Histogram unused;
    go_round(depth, MonotonicClock().now() + std::chrono::milliseconds(5), unused);
    Histogram latencies;
    const uint64_t allocated = allocation_count() + require(peer.allocations());
    const Stopwatch stopwatch(peer);
    const uint64_t count = go_round(depth, stopwatch.start() + duration, latencies);
    Figures figures = stopwatch.figures(latencies);
    const uint64_t more = allocation_count() + require(peer.allocations()) - allocated;
    figures.allocations_each = static_cast<double>(more) / static_cast<double>(count);
    VWB_ASSERT(m_ring->violations() == 0);
    return figures;
}

uint64_t RingClient::load(unsigned depth, Duration duration, double rate)
{
    const MonotonicClock clock;
    const TimePoint start = clock.now();
    const double each_ns = rate > 0 ? 1e9 / rate : 0;
    std::vector<size_t> idle(depth);
    std::iota(idle.begin(), idle.end(), size_t { 0 });
    uint64_t count = 0;
    for (;;) {
        const Duration passed = clock.now() - start;
        if (passed < duration) {
            const double due = static_cast<double>(passed.count());
            while (!idle.empty() && static_cast<double>(count) * each_ns <= due) {
                add(idle.back());
                idle.pop_back();
                ++count;
            }
        } else if (m_ring->in_flight() == 0) {
            return count;
        }
        publish();
        const size_t waiting = idle.size();
        while (const auto used = m_ring->pop_used()) {
            check(*used);
            idle.push_back(used->token);
        }
        if (idle.size() == waiting && m_ring->in_flight() > 0)
            wait_for_call();
    }
}

// Answers how many requests were made, up to the end and until the last is answered.
uint64_t RingClient::go_round(unsigned depth, TimePoint end, Histogram& latencies)
{
    const MonotonicClock clock;
    const TimePoint start = clock.now();
    for (unsigned i = 0; i < depth; ++i) {
        m_buffers[i].since = start;
        add(i);
    }
    publish();
    uint64_t count = 0;
    while (m_ring->in_flight() > 0) {
        auto used = m_ring->pop_used();
        if (!used) {
            wait_for_call();
            continue;
        }
        // One look at the clock for each batch: what is made now is answered with the next.
        const TimePoint now = clock.now();
        for (; used; used = m_ring->pop_used()) {
            ++count;
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
    return count;
}

} // namespace vwb::bench
