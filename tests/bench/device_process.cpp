// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/bench/device_process.h"

#include "devices/gpio/gpio_device.h"
#include "devices/rng/getrandom_rng.h"
#include "devices/rng/rng_device.h"
#include "engine/device/device_host.h"
#include "engine/vhost_user/listener.h"
#include "sim/gpio/sim_gpio_bank.h"
#include "tests/bench/bench_process.h"
#include "tests/bench/null_device.h"

#include <atomic>
#include <string_view>
#include <thread>

#include <sys/epoll.h>

namespace vwb::bench {
namespace {

constexpr Duration POLL_BOUND = std::chrono::microseconds(200);

std::unique_ptr<Device> make_device(std::string_view name, EventLoop& loop)
{
    if (name == "null")
        return std::make_unique<NullDevice>();
    if (name == "rng")
        return std::make_unique<RngDevice>(loop, std::make_unique<GetrandomRng>(), RngRate {});
    VWB_ASSERT(name == "gpio");
    return require(
        GpioDevice::create(std::make_unique<SimGpioBank>(loop, std::vector<SimGpioLine>(32))));
}

// An observer that takes a look every now and then, as one with a display does. What was
// overwritten in between it never sees, and the device never waits for it.
class TraceReader {
public:
    explicit TraceReader(TraceRing& ring)
        : m_ring(ring)
        , m_thread([this] { run(); })
    {
    }
    ~TraceReader()
    {
        set_attached(false);
        m_stop = true;
        m_thread.join();
    }

    void set_attached(bool attached)
    {
        if (m_attached.exchange(attached) == attached)
            return;
        if (attached)
            m_ring.add_reader();
        else
            m_ring.remove_reader();
    }

private:
    void run()
    {
        uint64_t cursor = 0;
        while (!m_stop) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            if (m_attached)
                m_ring.read(cursor, m_events);
        }
    }

    TraceRing& m_ring;
    // Made before the thread, which may begin in the middle of a measurement.
    std::vector<TraceEvent> m_events { std::vector<TraceEvent>(1024) };
    std::atomic<bool> m_attached { false };
    std::atomic<bool> m_stop { false };
    std::thread m_thread;
};

} // namespace

int run_device_process(int control, const char* device, const char* socket_path)
{
    MonotonicClock clock;
    const auto loop = require(EventLoop::create(clock));
    DeviceHost host(device, 0, *loop, make_device(device, *loop));
    const auto listener = require(Listener::bind(host, socket_path));
    TraceReader reader(host.trace());
    const auto on_command = [control, &reader, &loop, &host](uint32_t) {
        char byte;
        if (::read(control, &byte, 1) != 1) {
            loop->stop();
            return;
        }
        if (byte == BenchProcess::ALLOCATIONS) {
            answer_allocations(control);
            return;
        }
        if (byte == BenchProcess::POLL || byte == BenchProcess::NO_POLL)
            host.set_poll(byte == BenchProcess::POLL ? POLL_BOUND : Duration(0));
        else
            reader.set_attached(byte == 'T');
        acknowledge(control);
    };
    const Watch watch = require(loop->watch(control, EPOLLIN, on_command));
    acknowledge(control);
    loop->run();
    return 0;
}

} // namespace vwb::bench
