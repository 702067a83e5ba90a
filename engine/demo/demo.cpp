// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/demo/demo.h"

#include "engine/driver/builtin_driver.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <unistd.h>

namespace vwb {
namespace {

// Each round is a new connection with another kind of ring.
struct RingMode {
    bool packed;
    bool modern; // EVENT_IDX and indirect descriptors
    bool in_order;
};
constexpr RingMode RING_MODES[] { { false, true, false }, { true, true, false },
    { false, false, true }, { true, false, true } };

// What an observer would do over the control socket.
OutsideCall outside_of(RunningDevice& device)
{
    return [&device](std::string_view action, const Value& parameters) {
        std::optional<Result<Value>> answer;
        const bool done = device.on_loop([&] {
            Actions* actions = device.host().device().actions();
            answer = actions ? actions->call_action(action, parameters)
                             : Error(ErrorKind::NotFound, device.name() + " has no actions");
        });
        return done ? std::move(*answer)
                    : Result<Value>(Error(ErrorKind::Closed, device.name() + " is gone"));
    };
}

} // namespace

Result<std::unique_ptr<Demo>> Demo::start(const Registry& registry, Clock& clock, Duration duration)
{
    std::unique_ptr<Demo> demo(new Demo);
    demo->m_clock = &clock;
    // Several demos may run side by side.
    const std::string name = "demo-" + std::to_string(::getpid());
    demo->m_spec
        = VWB_TRY(read_bench_text(every_device_text(registry, name), "demo.toml", registry));
    demo->m_bench = VWB_TRY(Bench::start(demo->m_spec, clock));
    const TimePoint deadline = clock.now() + duration;
    for (const auto& device : demo->m_bench->devices()) {
        auto row = std::make_unique<DemoRow>();
        row->name = device->name();
        row->hardware = device->hardware();
        demo->m_rows.push_back(std::move(row));
    }
    for (size_t i = 0; i < demo->m_rows.size(); ++i) {
        demo->m_threads.emplace_back([self = demo.get(), i, deadline] {
            self->drive(*self->m_bench->devices()[i], *self->m_rows[i], deadline);
        });
    }
    return demo;
}

Demo::~Demo()
{
    stop();
    for (auto& thread : m_threads)
        thread.join();
}

Result<void> Demo::drive_once(RunningDevice& device, DriverLoad& load, DemoRow& row, unsigned round)
{
    const RingMode& mode = RING_MODES[round % std::size(RING_MODES)];
    DriverOptions options;
    options.features = load.features();
    options.event_index = mode.modern;
    options.indirect = mode.modern;
    options.packed = mode.packed;
    options.in_order = mode.in_order;
    auto driver = VWB_TRY(BuiltinDriver::connect(device.socket_path(), options));
    driver->set_latency(&row.counters.latency);
    return load.run(*driver, outside_of(device), row.counters, m_stop);
}

void Demo::drive(RunningDevice& device, DemoRow& row, TimePoint deadline)
{
    const auto load = device.device_type().demo_load();
    unsigned round = 0;
    while (!m_stop.load() && row.error.empty()
        && (round < std::size(RING_MODES) || m_clock->now() < deadline)) {
        const auto done = drive_once(device, *load, row, round);
        row.error = done ? load->complaint() : done.error().message();
        ++round;
    }
    device.on_loop([&device, &row] {
        const auto& list = device.host().problems();
        row.problems = list.total();
        if (!list.problems().empty())
            row.first_problem = list.problems().front().message;
    });
    row.finished.store(true);
}

bool Demo::finished() const
{
    return std::ranges::all_of(m_rows, [](const auto& row) { return row->finished.load(); });
}

bool Demo::passed() const
{
    return finished() && !m_rows.empty()
        && std::ranges::all_of(m_rows, [](const auto& row) { return row->passed(); });
}

} // namespace vwb
