// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb watch": events of a subscription as lines.
#include "engine/cli/exit_code.h"
#include "engine/cli/observer_commands.h"
#include "engine/cli/table.h"
#include "engine/control/client.h"
#include "engine/control/event_text.h"
#include "engine/control/json.h"

#include <cinttypes>
#include <cstdio>

namespace vwb {
namespace {

// Seconds since the first event that was shown.
class EventPrinter {
public:
    explicit EventPrinter(bool json)
        : m_json(json)
    {
    }
    void print(const Value& event)
    {
        if (m_json) {
            std::printf("%s\n", to_json(event).c_str());
            return;
        }
        const Value* time = event.find("time_ns");
        const int64_t now = time ? time->integer_or(0) : 0;
        if (m_first == 0)
            m_first = now;
        std::printf("%12.6f %-8s %s\n", static_cast<double>(now - m_first) / 1e9,
            text_of(event, "device").c_str(), event_text(event).c_str());
    }
    // Events that nobody will see are told, in their place.
    void print_loss(const Value& parameters)
    {
        for (const char* name : { "lost", "dropped" }) {
            const Value* count = parameters.find(name);
            const int64_t number = count ? count->integer_or(0) : 0;
            if (number == 0)
                continue;
            if (m_json)
                std::printf("{\"kind\":\"%s\",\"count\":%" PRId64 "}\n", name, number);
            else
                std::printf("  ... %" PRId64 " events %s\n", number,
                    std::string_view(name) == "lost" ? "overwritten before they could be read"
                                                     : "dropped because this reader is too slow");
        }
    }

private:
    const bool m_json;
    int64_t m_first = 0;
};

Value subscription_of(const WatchOptions& options)
{
    Value parameters = Value::object();
    if (!options.filter.empty())
        parameters.set("filter", options.filter);
    Value kinds = Value::list();
    for (const std::string& kind : options.kinds)
        kinds.append(kind);
    if (!options.kinds.empty())
        parameters.set("kinds", std::move(kinds));
    return parameters;
}

// Whoever wonders at what they see ought to know, on stderr.
Result<void> tell_of_faults(ControlClient& client)
{
    const Value info = VWB_TRY(client.call("bench.info"));
    const Value* faults = info.find("faults");
    if (const int64_t armed = faults ? faults->integer_or(0) : 0; armed > 0)
        std::fprintf(stderr, "%" PRId64 " %s armed: vwb fault list\n", armed,
            armed == 1 ? "fault is" : "faults are");
    return {};
}

// A wanted count that did not come is a time-out; otherwise it was the plan.
int time_is_up(const WatchOptions& options)
{
    return static_cast<int>(options.count > 0 ? ExitCode::Timeout : ExitCode::Success);
}

} // namespace

Result<int> observer_command(const WatchOptions& options)
{
    const auto path = VWB_TRY(find_control_socket(options.observer.control));
    const auto client = VWB_TRY(ControlClient::connect(path));
    VWB_TRY(tell_of_faults(*client));
    VWB_TRY(client->call("subscribe", subscription_of(options)));
    const MonotonicClock clock;
    const TimePoint deadline
        = options.timeout.count() > 0 ? clock.now() + options.timeout : TimePoint::max();
    EventPrinter printer(options.observer.json);
    uint64_t shown = 0;
    for (;;) {
        const auto next = VWB_TRY(client->next_notification(deadline));
        if (!next)
            return time_is_up(options);
        const Value* parameters = next->find("params");
        const Value* events = parameters ? parameters->find("events") : nullptr;
        if (!events || !events->as_list())
            continue;
        for (const auto& event : *events->as_list()) {
            printer.print(event);
            if (++shown == options.count)
                return 0;
        }
        printer.print_loss(*parameters);
        // A reader that went away (head, grep -m) is no error.
        if (std::fflush(stdout) != 0)
            return 0;
        if (clock.now() >= deadline) // also when events never cease
            return time_is_up(options);
    }
}

} // namespace vwb
