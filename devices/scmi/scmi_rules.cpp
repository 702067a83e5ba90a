// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_rules.h"

#include "devices/scmi/scmi_wire.h"

#include <array>

namespace vwb {
namespace {

struct RuleText {
    const char* id;
    const char* clause;
    Severity severity;
};

// In the order of ScmiRule.
constexpr std::array RULES {
    RuleText { "scmi.response-space", "virtio 1.4, 5.17.6.1.2", Severity::Error },
    RuleText { "scmi.message-size", "virtio 1.4, 5.17.6.1", Severity::Error },
    RuleText { "scmi.no-p2a-request", "virtio 1.4, 5.17.6.1.2", Severity::Error },
    RuleText { "scmi.populate-eventq", "virtio 1.4, 5.17.6.2.1", Severity::Warning },
    RuleText { "scmi.eventq-needs-feature", "virtio 1.4, 5.17.2", Severity::Error },
    RuleText { "scmi.eventq-no-readable", "virtio 1.4, 5.17.6.2.1", Severity::Error },
    RuleText { "scmi.eventq-buf-size", "virtio 1.4, 5.17.6.2.1", Severity::Error },
};
static_assert(RULES.size() == static_cast<size_t>(ScmiRule::EventqBufferSize) + 1);

} // namespace

Problem scmi_problem(ScmiRule rule, unsigned queue, std::string message)
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

Problem scmi_hardware_problem(const std::string& what, const Error& error)
{
    Problem problem;
    problem.side = Side::Host;
    problem.severity = Severity::Error;
    problem.rule = "scmi.hardware";
    problem.message = what + ": " + error.message();
    problem.queue = static_cast<int>(SCMI_CMDQ);
    return problem;
}

} // namespace vwb
