// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb stats" and "vwb compare": how long requests took, live or of a capture, and two captures
// beside each other.
#include "engine/base/units.h"
#include "engine/capture/compare_runs.h"
#include "engine/cli/capture_commands.h"
#include "engine/cli/exit_code.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/live_screen.h"
#include "engine/cli/run_of_capture.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/json.h"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

namespace vwb {
namespace {

constexpr Duration USUAL_TIME = std::chrono::seconds(1);
constexpr Duration FRAME_PERIOD = std::chrono::milliseconds(500);
constexpr Duration NAP = std::chrono::milliseconds(50);

std::string time_of(const Value& row, const char* name)
{
    const Value* value = row.find(name);
    return value ? duration_text(Duration(value->integer_or(0))) : "";
}

const Value::List& list_of(const Value& value, const char* name)
{
    static const Value::List none;
    const Value* list = value.find(name);
    return list && list->as_list() ? *list->as_list() : none;
}

std::string stats_text(const Value& stats)
{
    Table requests({ "DEVICE", "QUEUE", "REQUEST", "COUNT", "ERRORS", "P50", "P90", "P99", "MAX" });
    for (const auto& row : list_of(stats, "requests"))
        requests.add({ text_of(row, "device"), text_of(row, "queue"), text_of(row, "name"),
            text_of(row, "count"), text_of(row, "errors"), time_of(row, "p50_ns"),
            time_of(row, "p90_ns"), time_of(row, "p99_ns"), time_of(row, "max_ns") });
    Table queues({ "DEVICE", "QUEUE", "REQUESTS", "KICKS", "EMPTY KICKS", "CALLS", "SUPPRESSED" });
    for (const auto& row : list_of(stats, "queues"))
        queues.add({ text_of(row, "device"), text_of(row, "queue"), text_of(row, "requests"),
            text_of(row, "kicks"), text_of(row, "empty_kicks"), text_of(row, "calls"),
            text_of(row, "suppressed_calls") });
    std::string text = requests.text() + "\n" + queues.text();
    if (text_of(stats, "lost") != "0")
        text += text_of(stats, "lost") + " events were lost and are not counted\n";
    return text;
}

std::string frame_text(const Value& stats, bool endless)
{
    char head[80];
    const Value* seconds = stats.find("seconds");
    std::snprintf(head, sizeof head, "%.1f s%s\n\n", seconds ? seconds->number_or(0) : 0,
        endless ? ", Ctrl-C ends" : "");
    return head + stats_text(stats);
}

Result<Value> stats_of_file(const StatsOptions& options, const CaptureTypes& types)
{
    const auto reader = VWB_TRY(CaptureReader::open(options.subject));
    const SchemaFinder schemas = schemas_of(types.registry);
    CapturePlayer player(*reader, schemas);
    VWB_TRY(player.choose(options.filter, ALL_KINDS));
    CaptureStats stats;
    VWB_TRY(player.play(stats));
    return stats.value();
}

Value live_parameters(const StatsOptions& options)
{
    Value parameters = Value::object();
    Value devices = Value::list();
    if (!options.subject.empty())
        devices.append(options.subject);
    parameters.set("devices", std::move(devices));
    parameters.set("filter", options.filter);
    return parameters;
}

// What the bench counts from now on, shown while it grows if there is a screen for it.
Result<Value> stats_of_bench(const StatsOptions& options, std::optional<LiveScreen>& screen)
{
    const Interrupt interrupt;
    const auto control = VWB_TRY(find_control_socket(options.observer.control));
    const auto client = VWB_TRY(ControlClient::connect(control));
    const Value count = VWB_TRY(client->call("stats.start", live_parameters(options)));
    const MonotonicClock clock;
    const bool endless = screen && options.time == Duration(0);
    const Duration time = options.time > Duration(0) ? options.time : USUAL_TIME;
    const TimePoint end = endless ? TimePoint::max() : clock.now() + time;
    TimePoint next_frame = clock.now();
    while (!Interrupt::requested() && clock.now() < end) {
        if (screen && clock.now() >= next_frame) {
            const Value stats = VWB_TRY(client->call("stats.read", count));
            if (!screen->show(frame_text(stats, endless)))
                break;
            next_frame = clock.now() + FRAME_PERIOD;
        }
        const Duration nap = std::min<Duration>(end - clock.now(), NAP);
        if (nap > Duration(0))
            std::this_thread::sleep_for(nap);
    }
    return client->call("stats.read", count);
}

// A pair as "one -> other".
std::string change_text(const Value& row, const char* name)
{
    const auto& pair = list_of(row, name);
    return pair.size() != 2 ? ""
                            : duration_text(Duration(pair[0].integer_or(0))) + " -> "
            + duration_text(Duration(pair[1].integer_or(0)));
}

std::string request_text(const Value* request)
{
    if (!request || request->is_null())
        return "(nothing: the run ends here)";
    return text_of(*request, "name") + " " + text_of(*request, "fields") + " -> "
        + text_of(*request, "answer");
}

void print_comparison(const Value& comparison)
{
    for (const auto& queue : list_of(comparison, "queues")) {
        const auto& counts = list_of(queue, "requests");
        std::printf("%s queue %s: %s and %s requests: %s\n", text_of(queue, "device").c_str(),
            text_of(queue, "queue").c_str(), to_text(counts[0]).c_str(), to_text(counts[1]).c_str(),
            *queue.find("same") == Value(true) ? "the same" : "different");
        if (const Value* first = queue.find("first"))
            std::printf("  first at %s:\n    %s\n    %s\n", text_of(*first, "index").c_str(),
                request_text(first->find("one")).c_str(),
                request_text(first->find("other")).c_str());
    }
    for (const auto& feature : list_of(comparison, "features"))
        std::printf("%s feature %s: accepted %s and %s\n", text_of(feature, "device").c_str(),
            text_of(feature, "name").c_str(), text_of(feature, "one").c_str(),
            text_of(feature, "other").c_str());
    Table latency({ "DEVICE", "QUEUE", "REQUEST", "P50", "P99", "MAX" });
    for (const auto& row : list_of(comparison, "latency"))
        latency.add({ text_of(row, "device"), text_of(row, "queue"), text_of(row, "name"),
            change_text(row, "p50_ns"), change_text(row, "p99_ns"), change_text(row, "max_ns") });
    std::printf("\n%s", latency.text().c_str());
}

} // namespace

Result<int> stats_command(const StatsOptions& options, const CaptureTypes& types)
{
    std::error_code ignored;
    const bool is_file
        = !options.subject.empty() && std::filesystem::exists(options.subject, ignored);
    std::optional<LiveScreen> screen;
    if (!is_file && !options.observer.json && LiveScreen::possible())
        screen.emplace();
    const Value stats = is_file ? VWB_TRY(stats_of_file(options, types))
                                : VWB_TRY(stats_of_bench(options, screen));
    if (options.observer.json)
        std::printf("%s\n", to_json(stats).c_str());
    else if (screen)
        screen->show(stats_text(stats));
    else
        std::fputs(stats_text(stats).c_str(), stdout);
    return 0;
}

Result<int> compare_command(const CompareOptions& options, const CaptureTypes& types)
{
    const auto one = VWB_TRY(RunOfCapture::read(options.one, types, options.filter));
    const auto other = VWB_TRY(RunOfCapture::read(options.other, types, options.filter));
    const Value comparison = compare_runs(one->run(), other->run());
    if (options.json)
        std::printf("%s\n", to_json(comparison).c_str());
    else
        print_comparison(comparison);
    return *comparison.find("same") == Value(true) ? 0 : 1;
}

} // namespace vwb
