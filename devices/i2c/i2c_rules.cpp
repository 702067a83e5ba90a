// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_rules.h"

#include "devices/i2c/i2c_wire.h"

#include <array>

namespace vwb {
namespace {

struct RuleText {
    const char* id;
    const char* clause;
    Side side;
    Severity severity;
};

constexpr const char* DRIVER_CLAUSE = "virtio 1.4, 5.16.6.3";

// In the order of I2cRule.
constexpr std::array RULES {
    RuleText { "i2c.accept-zero-length", DRIVER_CLAUSE, Side::Driver, Severity::Error },
    RuleText { "i2c.abort-if-not-offered", DRIVER_CLAUSE, Side::Driver, Severity::Error },
    RuleText { "i2c.addr-flags-set", DRIVER_CLAUSE, Side::Driver, Severity::Error },
    RuleText { "i2c.reserved-flags-zero", DRIVER_CLAUSE, Side::Driver, Severity::Error },
    RuleText { "i2c.m-rd-for-read", DRIVER_CLAUSE, Side::Driver, Severity::Error },
    RuleText { "i2c.no-m-rd-for-write", DRIVER_CLAUSE, Side::Driver, Severity::Error },
    RuleText { "i2c.queue-in-order", DRIVER_CLAUSE, Side::Driver, Severity::Warning },
    RuleText { "d.i2c-no-status", "virtio 1.4, 5.16.6.1", Side::Driver, Severity::Error },
    RuleText { "i2c.refused", "virtio 1.4, 5.16.6.4", Side::Host, Severity::Note },
    RuleText { "i2c.hardware", "virtio 1.4, 5.16.6.4", Side::Host, Severity::Warning },
};
static_assert(RULES.size() == static_cast<size_t>(I2cRule::Hardware) + 1);

} // namespace

Problem i2c_problem(I2cRule rule, std::string message)
{
    const auto& text = RULES[static_cast<size_t>(rule)];
    Problem problem;
    problem.side = text.side;
    problem.severity = text.severity;
    problem.rule = text.id;
    problem.clause = text.clause;
    problem.message = std::move(message);
    problem.queue = static_cast<int>(I2C_REQUESTQ);
    return problem;
}

} // namespace vwb
