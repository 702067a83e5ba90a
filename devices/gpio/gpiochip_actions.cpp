// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpiochip_actions.h"

#include "devices/gpio/gpiochip_bank.h"

namespace vwb {

GpiochipActions::GpiochipActions(const GpiochipBank& bank)
    : m_bank(bank)
{
    add("get", "the level of a line that the guest uses: 0 or 1", &GpiochipActions::get,
        { { "signal", "string", true, "a line: \"line3\", or its name" } });
    add("signals", "all lines with their level", &GpiochipActions::signals, {});
}

std::string GpiochipActions::name_of(uint16_t line) const
{
    const auto name = m_bank.line_name(line);
    return name.empty() ? "line" + std::to_string(line) : name;
}

Result<uint16_t> GpiochipActions::find(const std::string& signal) const
{
    std::vector<std::string> known;
    for (uint16_t line = 0; line < m_bank.line_count(); ++line) {
        if (signal == name_of(line) || signal == "line" + std::to_string(line))
            return line;
        known.push_back(name_of(line));
    }
    const auto near = nearest_word(signal, known);
    return Error(ErrorKind::NotFound,
        "there is no line '" + signal + "'; "
            + (near.empty() ? "lines are line0 to line" + std::to_string(m_bank.line_count() - 1)
                            : "did you mean '" + near + "'?"));
}

Result<Value> GpiochipActions::get(const Value& parameters)
{
    const auto line = VWB_TRY(find(parameters.find("signal")->string_or("")));
    return Value(static_cast<int>(VWB_TRY(m_bank.peek(line))));
}

Result<Value> GpiochipActions::signals(const Value&)
{
    Value list = Value::list();
    for (uint16_t line = 0; line < m_bank.line_count(); ++line) {
        Inspector inspector;
        inspector.field("name", name_of(line));
        inspector.field("line", line);
        if (!m_bank.line_name(line).empty())
            inspector.field("also", "line" + std::to_string(line));
        const auto level = m_bank.peek(line);
        inspector.field("value", level ? Value(static_cast<int>(*level)) : Value());
        list.append(std::move(inspector).tree());
    }
    return list;
}

} // namespace vwb
