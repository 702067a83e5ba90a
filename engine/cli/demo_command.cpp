// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/demo_command.h"

#include "engine/base/units.h"
#include "engine/control/json.h"
#include "engine/demo/demo.h"
#include "engine/event/signal_fd.h"

#include <csignal>
#include <cstdio>

#include <unistd.h>

namespace vwb {
namespace {

std::string verdict(const DemoRow& row)
{
    if (!row.finished.load())
        return "running";
    return row.passed() ? "all answers right" : "FAILED";
}

void print_header()
{
    std::printf("%-10s %-12s %12s %8s %10s %10s %10s  %s\n", "device", "hardware", "requests",
        "errors", "p50", "p99", "problems", "verdict");
}

void print_row(const DemoRow& row)
{
    const auto& latency = row.counters.latency;
    std::printf("%-10s %-12s %12llu %8llu %10s %10s %10llu  %s\n", row.name.c_str(),
        row.hardware.c_str(), static_cast<unsigned long long>(row.counters.requests.load()),
        static_cast<unsigned long long>(row.counters.errors.load()),
        duration_text(latency.quantile(0.5)).c_str(), duration_text(latency.quantile(0.99)).c_str(),
        static_cast<unsigned long long>(row.problems), verdict(row).c_str());
}

void print_table(const Demo& demo)
{
    print_header();
    for (const auto& row : demo.rows())
        print_row(*row);
}

void print_complaints(const Demo& demo)
{
    for (const auto& row : demo.rows()) {
        if (!row->error.empty())
            std::printf("%s: %s\n", row->name.c_str(), row->error.c_str());
        if (!row->first_problem.empty())
            std::printf("%s: problem: %s\n", row->name.c_str(), row->first_problem.c_str());
    }
}

void print_json(const Demo& demo)
{
    for (const auto& row : demo.rows()) {
        Value value = Value::object();
        value.set("device", row->name);
        value.set("hardware", row->hardware);
        value.set("requests", row->counters.requests.load());
        value.set("errors", row->counters.errors.load());
        value.set("latency_p50_ns", row->counters.latency.quantile(0.5).count());
        value.set("latency_p99_ns", row->counters.latency.quantile(0.99).count());
        value.set("latency_max_ns", row->counters.latency.maximum().count());
        value.set("problems", row->problems);
        value.set("passed", row->passed());
        if (!row->error.empty())
            value.set("error", row->error);
        std::printf("%s\n", to_json(value).c_str());
    }
}

// Redraws the table in place on a terminal; elsewhere only the end is printed.
class LiveTable {
public:
    LiveTable(const Demo& demo, bool wanted)
        : m_demo(demo)
        , m_live(wanted && ::isatty(STDOUT_FILENO))
    {
    }
    void draw()
    {
        if (!m_live)
            return;
        if (m_drawn)
            std::printf("\033[%zuA", m_demo.rows().size() + 1);
        print_table(m_demo);
        std::fflush(stdout);
        m_drawn = true;
    }
    void finish()
    {
        if (m_live)
            draw();
        else
            print_table(m_demo);
    }

private:
    const Demo& m_demo;
    const bool m_live;
    bool m_drawn = false;
};

} // namespace

Result<int> demo_command(const DemoOptions& options, const Registry& registry)
{
    MonotonicClock clock;
    const auto loop = VWB_TRY(EventLoop::create(clock));
    bool interrupted = false;
    auto signals = VWB_TRY(SignalFd::create(*loop, { SIGTERM, SIGINT }, [&](int) {
        interrupted = true;
        loop->stop();
    }));
    const auto duration
        = options.quick ? Duration(0) : Duration(static_cast<int64_t>(options.seconds * 1e9));
    const auto demo = VWB_TRY(Demo::start(registry, clock, duration));
    LiveTable table(*demo, !options.json);
    Timer refresh(*loop, [&] {
        if (demo->finished())
            loop->stop();
        else
            table.draw();
    });
    refresh.start_every(std::chrono::milliseconds(100));
    loop->run();
    if (options.json) {
        print_json(*demo);
    } else {
        table.finish();
        print_complaints(*demo);
    }
    if (interrupted)
        std::fprintf(stderr, "vwb demo: interrupted before the end\n");
    return demo->passed() && !interrupted ? 0 : 1;
}

} // namespace vwb
