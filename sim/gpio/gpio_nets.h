// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioNets: which level lines have, from who drives them, their pulls and the wires between them.
// No time, no guest and no names: those are SimGpioBank's. Belongs to one loop.
//
// Lines that are wired are one net. Its level: what its drivers say; if they contend, low, as the
// stronger transistor of real outputs; without drivers what its pulls say (low if they contend);
// a floating net is low.
#pragma once

#include "devices/gpio/gpio_hardware.h"

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace vwb {

enum class GpioPull : uint8_t { None, Up, Down };

const char* to_string(GpioPull pull); // "none", "up" or "down"
std::optional<GpioPull> gpio_pull(std::string_view word);

// No level: high impedance, not driving.
using GpioDrive = std::optional<GpioLevel>;

class GpioNets {
public:
    using Changed = std::function<void(uint16_t line, GpioLevel level)>;

    // changed is called once for each line whose level changed, after all lines of its net have
    // their new level. It may change drives and pulls itself: that is told after what is under way.
    GpioNets(std::vector<GpioPull> pulls, Changed changed);

    size_t line_count() const { return m_lines.size(); }
    GpioLevel level(uint16_t line) const { return m_lines[line].level; }
    GpioPull pull(uint16_t line) const { return m_lines[line].pull; }
    GpioDrive guest(uint16_t line) const { return m_lines[line].guest; }
    GpioDrive outside(uint16_t line) const { return m_lines[line].outside; }

    void set_pull(uint16_t line, GpioPull pull);
    void set_guest(uint16_t line, GpioDrive drive);
    void set_outside(uint16_t line, GpioDrive drive);

    // False if there is such a wire already, or none.
    bool wire(uint16_t a, uint16_t b);
    bool unwire(uint16_t a, uint16_t b);
    const std::vector<std::pair<uint16_t, uint16_t>>& wires() const { return m_wires; }

    // Drivers of the line's net disagree.
    bool contention(uint16_t line) const { return m_nets[m_lines[line].net].contention; }
    uint64_t contentions() const { return m_contentions; } // so far, of all nets

    // What makes the level of the line's net: "guest", "outside", "guest and outside", "pull-up",
    // "pull-down", "pull-up and pull-down" or "floating".
    const char* driven_by(uint16_t line) const;

private:
    struct Line {
        GpioPull pull = GpioPull::None;
        GpioDrive guest;
        GpioDrive outside;
        GpioLevel level = GpioLevel::Low;
        size_t net = 0;
    };
    struct Net {
        std::vector<uint16_t> lines;
        bool contention = false;
    };
    // Everything that acts on a net.
    struct Forces {
        bool guest = false;
        bool outside = false;
        bool low = false;
        bool high = false;
        bool pull_up = false;
        bool pull_down = false;

        void add(const Line& line);
        GpioLevel level() const;
    };

    Forces forces(const Net& net) const;
    void settle(size_t net);
    void rebuild_nets();
    void collect(uint16_t line, size_t net);
    void tell();

    Changed m_changed;
    std::vector<Line> m_lines;
    std::vector<Net> m_nets;
    std::vector<std::pair<uint16_t, uint16_t>> m_wires;
    std::vector<std::pair<uint16_t, GpioLevel>> m_untold;
    bool m_telling = false;
    uint64_t m_contentions = 0;
};

} // namespace vwb
