// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/bench/queue_process.h"

#include "engine/device/device_host.h"
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "tests/bench/bench_process.h"
#include "tests/bench/null_device.h"

#include <algorithm>
#include <string_view>

#include <unistd.h>

namespace vwb::bench {
namespace {

constexpr uint32_t QUEUE_SIZE = 64;
constexpr Duration SLICE = std::chrono::milliseconds(10);

// Both sides of one queue on one thread.
class LoneQueue {
public:
    explicit LoneQueue(RingFormat format)
        : m_loop(require(EventLoop::create(m_clock)))
        , m_host("null", 0, *m_loop, std::make_unique<NullDevice>())
        , m_memory(require(DriverMemory::create(size_t { 4 } << 20)))
    {
        m_host.accept_features(
            format == RingFormat::Packed ? F_VERSION_1 | F_RING_PACKED : F_VERSION_1);
        m_ring = make_driver_ring(*m_memory, { QUEUE_SIZE, false, false, false, format });
        m_ring->disable_calls();
        start();
        m_answer = m_memory->allocate(16, 16).segment();
    }
    ~LoneQueue() { m_host.stop_queues(); }

    TraceRing& trace() { return m_host.trace(); }
    TimePoint now() const { return m_clock.now(); }
    void batch()
    {
        for (uint32_t i = 0; i < QUEUE_SIZE; ++i)
            VWB_ASSERT(m_ring->add({}, { &m_answer, 1 }, i));
        m_ring->publish();
        m_host.queue(0).kick();
        for (uint32_t i = 0; i < QUEUE_SIZE; ++i)
            VWB_ASSERT(m_ring->pop_used());
    }

private:
    void start()
    {
        auto region = require(MemoryRegion::map(m_memory->info(), UniqueFd(::dup(m_memory->fd()))));
        std::byte* data = region->data();
        const auto ours = [&](std::byte* place) { return data + (place - m_memory->data()); };
        const RingParts raw = m_ring->raw();
        VirtqueueConfig config;
        config.size = QUEUE_SIZE;
        config.base = m_ring->fresh_base();
        config.parts = { ours(raw.descriptors), ours(raw.driver), ours(raw.device) };
        config.memory = require(GuestMemory::create({ std::move(region) }));
        require(m_host.start_queue(0, config));
        m_host.queue(0).set_enabled(true);
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    DeviceHost m_host;
    std::unique_ptr<DriverMemory> m_memory;
    std::unique_ptr<DriverRing> m_ring;
    DriverSegment m_answer;
};

uint64_t picoseconds_each(LoneQueue& queue)
{
    constexpr uint64_t batches = 64; // between two looks at the clock
    uint64_t requests = 0;
    const TimePoint start = queue.now();
    TimePoint now = start;
    for (; now - start < SLICE; now = queue.now()) {
        for (uint64_t i = 0; i < batches; ++i)
            queue.batch();
        requests += batches * QUEUE_SIZE;
    }
    return static_cast<uint64_t>((now - start).count()) * 1000 / requests;
}

uint64_t fixed_number(LoneQueue& queue)
{
    constexpr uint64_t batches = 1024;
    for (uint64_t i = 0; i < batches; ++i)
        queue.batch();
    return batches * QUEUE_SIZE;
}

uint64_t events_of_an_observed_batch(LoneQueue& queue)
{
    const uint64_t before = queue.trace().head();
    queue.trace().add_reader();
    queue.batch();
    queue.trace().remove_reader();
    return queue.trace().head() - before;
}

std::string bare_program()
{
    std::string path(4096, '\0');
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    VWB_ASSERT(size > 0);
    return path.substr(0, static_cast<size_t>(size)) + "_bare";
}

} // namespace

int run_queue_process(int control, const char* format)
{
    const bool packed = std::string_view(format) == "packed";
    LoneQueue queue(packed ? RingFormat::Packed : RingFormat::Split);
    acknowledge(control);
    for (char byte; ::read(control, &byte, 1) == 1;) {
        if (byte == 'r')
            answer_number(control, picoseconds_each(queue));
        else if (byte == 'f')
            answer_number(control, fixed_number(queue));
        else
            answer_number(control, events_of_an_observed_batch(queue));
    }
    return 0;
}

CheckCost::CheckCost(const std::string& only, unsigned cpu)
    : m_cpu(cpu)
{
    for (const char* format : { "split", "packed" }) {
        const std::string name = std::string("observation off: ") + format;
        if (name.find(only) != std::string::npos)
            m_rows.push_back({ name, {}, {} });
    }
}

void CheckCost::run(Duration each)
{
    for (CheckRow& row : m_rows) {
        const std::vector<std::string> format { row.name.substr(row.name.rfind(' ') + 1) };
        auto checked = require(BenchProcess::start("queue", format, m_cpu));
        auto bare = require(BenchProcess::start("queue", format, { m_cpu }, bare_program()));
        // The one records what the other does not even look for, or there is nothing to compare.
        VWB_ASSERT(require(checked.ask('o')) > QUEUE_SIZE);
        VWB_ASSERT(require(bare.ask('o')) < QUEUE_SIZE); // kicks are counted elsewhere
        uint64_t best_checked = UINT64_MAX;
        uint64_t best_bare = UINT64_MAX;
        const auto slices = std::max<int64_t>(1, each / (2 * SLICE));
        for (int64_t slice = 0; slice < slices; ++slice) {
            best_checked = std::min(best_checked, require(checked.ask('r')));
            best_bare = std::min(best_bare, require(bare.ask('r')));
        }
        row.checked_ns.push_back(static_cast<double>(best_checked) / 1000);
        row.bare_ns.push_back(static_cast<double>(best_bare) / 1000);
    }
}

} // namespace vwb::bench
