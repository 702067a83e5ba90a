// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/gpio_nets.h"

#include <algorithm>

namespace vwb {

const char* to_string(GpioPull pull)
{
    switch (pull) {
    case GpioPull::None:
        return "none";
    case GpioPull::Up:
        return "up";
    case GpioPull::Down:
        return "down";
    }
    return "?";
}

std::optional<GpioPull> gpio_pull(std::string_view word)
{
    for (const auto pull : { GpioPull::None, GpioPull::Up, GpioPull::Down }) {
        if (word == to_string(pull))
            return pull;
    }
    return std::nullopt;
}

void GpioNets::Forces::add(const Line& line)
{
    for (const auto& drive : { line.guest, line.outside }) {
        low |= drive == GpioLevel::Low;
        high |= drive == GpioLevel::High;
    }
    guest |= line.guest.has_value();
    outside |= line.outside.has_value();
    pull_up |= line.pull == GpioPull::Up;
    pull_down |= line.pull == GpioPull::Down;
}

GpioLevel GpioNets::Forces::level() const
{
    const bool driven = guest || outside;
    const bool is_high = driven ? !low : pull_up && !pull_down;
    return is_high ? GpioLevel::High : GpioLevel::Low;
}

GpioNets::GpioNets(std::vector<GpioPull> pulls, Changed changed)
    : m_changed(std::move(changed))
    , m_lines(pulls.size())
{
    for (size_t line = 0; line < pulls.size(); ++line) {
        m_lines[line].pull = pulls[line];
        // The first level is no change.
        m_lines[line].level = pulls[line] == GpioPull::Up ? GpioLevel::High : GpioLevel::Low;
    }
    rebuild_nets();
}

void GpioNets::set_pull(uint16_t line, GpioPull pull)
{
    m_lines[line].pull = pull;
    settle(m_lines[line].net);
    tell();
}

void GpioNets::set_guest(uint16_t line, GpioDrive drive)
{
    m_lines[line].guest = drive;
    settle(m_lines[line].net);
    tell();
}

void GpioNets::set_outside(uint16_t line, GpioDrive drive)
{
    m_lines[line].outside = drive;
    settle(m_lines[line].net);
    tell();
}

bool GpioNets::wire(uint16_t a, uint16_t b)
{
    const auto wire = std::minmax(a, b);
    if (a == b || std::ranges::count(m_wires, std::pair<uint16_t, uint16_t>(wire)) != 0)
        return false;
    m_wires.emplace_back(wire);
    rebuild_nets();
    tell();
    return true;
}

bool GpioNets::unwire(uint16_t a, uint16_t b)
{
    if (std::erase(m_wires, std::pair<uint16_t, uint16_t>(std::minmax(a, b))) == 0)
        return false;
    rebuild_nets();
    tell();
    return true;
}

const char* GpioNets::driven_by(uint16_t line) const
{
    const auto all = forces(m_nets[m_lines[line].net]);
    if (all.guest && all.outside)
        return "guest and outside";
    if (all.guest || all.outside)
        return all.guest ? "guest" : "outside";
    if (all.pull_up && all.pull_down)
        return "pull-up and pull-down";
    if (all.pull_up || all.pull_down)
        return all.pull_up ? "pull-up" : "pull-down";
    return "floating";
}

GpioNets::Forces GpioNets::forces(const Net& net) const
{
    Forces all;
    for (const uint16_t line : net.lines)
        all.add(m_lines[line]);
    return all;
}

void GpioNets::settle(size_t index)
{
    auto& net = m_nets[index];
    const auto all = forces(net);
    const bool contention = all.low && all.high;
    m_contentions += contention && !net.contention ? 1 : 0;
    net.contention = contention;
    for (const uint16_t line : net.lines) {
        if (m_lines[line].level != all.level()) {
            m_lines[line].level = all.level();
            m_untold.emplace_back(line, all.level());
        }
    }
}

void GpioNets::rebuild_nets()
{
    constexpr auto none = ~size_t { 0 };
    std::vector<bool> contended(m_lines.size());
    for (const auto& net : m_nets) {
        for (const uint16_t line : net.lines)
            contended[line] = net.contention;
    }
    for (auto& line : m_lines)
        line.net = none;
    m_nets.clear();
    for (uint16_t line = 0; line < m_lines.size(); ++line) {
        if (m_lines[line].net != none)
            continue;
        const size_t net = m_nets.size();
        m_nets.emplace_back();
        collect(line, net);
        // A net that grows or shrinks does not contend anew.
        const auto& lines = m_nets[net].lines;
        m_nets[net].contention
            = std::ranges::any_of(lines, [&contended](uint16_t l) { return contended[l]; });
    }
    for (size_t net = 0; net < m_nets.size(); ++net)
        settle(net);
}

// All lines that wires lead to, from this one on.
void GpioNets::collect(uint16_t first, size_t net)
{
    auto& lines = m_nets[net].lines;
    lines.push_back(first);
    m_lines[first].net = net;
    for (size_t i = 0; i < lines.size(); ++i) {
        for (const auto& [a, b] : m_wires) {
            const uint16_t other = lines[i] == a ? b : a;
            if ((lines[i] == a || lines[i] == b) && m_lines[other].net != net) {
                m_lines[other].net = net;
                lines.push_back(other);
            }
        }
    }
}

void GpioNets::tell()
{
    if (m_telling)
        return;
    m_telling = true;
    for (size_t i = 0; i < m_untold.size(); ++i) {
        const auto [line, level] = m_untold[i];
        m_changed(line, level);
    }
    m_untold.clear();
    m_telling = false;
}

} // namespace vwb
