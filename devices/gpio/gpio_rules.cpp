// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_rules.h"

#include <array>

namespace vwb {
namespace {

struct RuleText {
    const char* id;
    const char* clause;
    Severity severity;
};

constexpr const char* REQUESTQ_CLAUSE = "virtio 1.4, 5.18.6.8";
constexpr const char* EVENTQ_CLAUSE = "virtio 1.4, 5.18.7.2";

// In the order of GpioRule. Warnings are for what is accepted, because real drivers do it or the
// specification contradicts itself: 5.18.7.1 lets a driver unmask before it enables.
constexpr std::array RULES {
    RuleText { "gpio.requestq-only", REQUESTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.req-resp-pair", REQUESTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.request-filled", REQUESTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.request-filled", REQUESTQ_CLAUSE, Severity::Warning },
    RuleText { "gpio.request-readonly", REQUESTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.response-writable", REQUESTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.irq-msg-needs-feature", REQUESTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.irq-on-output", REQUESTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.irq-none-when-done", REQUESTQ_CLAUSE, Severity::Warning },
    RuleText { "gpio.irq-retype-via-none", REQUESTQ_CLAUSE, Severity::Warning },
    RuleText { "gpio.enable-before-unmask", EVENTQ_CLAUSE, Severity::Warning },
    RuleText { "gpio.unmask-pair-per-line", EVENTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.single-unmask-per-line", EVENTQ_CLAUSE, Severity::Error },
    RuleText { "gpio.value-before-output", "virtio 1.4, 5.18.6.3", Severity::Note },
};
static_assert(RULES.size() == static_cast<size_t>(GpioRule::ValueBeforeOutput) + 1);

} // namespace

Problem gpio_problem(GpioRule rule, unsigned queue, std::string message)
{
    const auto& text = RULES[static_cast<size_t>(rule)];
    Problem problem;
    problem.side = Side::Driver;
    problem.severity = text.severity;
    problem.rule = text.id;
    problem.clause = text.clause;
    problem.message = std::move(message);
    problem.queue = static_cast<int>(queue);
    return problem;
}

Problem gpio_hardware_problem(unsigned queue, const std::string& what, const Error& error)
{
    Problem problem;
    problem.side = Side::Host;
    problem.severity = Severity::Error;
    problem.rule = "gpio.hardware";
    problem.message = what + ": " + error.message();
    problem.queue = static_cast<int>(queue);
    return problem;
}

std::string line_text(uint16_t line)
{
    return "line " + std::to_string(line);
}

} // namespace vwb
