// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FakeGpiochips: plays libgpiod's and the kernel's part for some chips: keeps lines with their
// settings, refuses what the kernel refuses, queues edges in a buffer of the kernel's size, and
// goes away when a test pulls it out.
#pragma once

#include "devices/gpio/gpiochip_calls.h"

#include <deque>
#include <map>

namespace vwb::test {

struct FakeGpioLine {
    std::string name {};
    std::string consumer {}; // somebody else's
    bool level = false; // on the wire: not inverted by active_low
    bool has_interrupt = true;
    GpiochipSettings settings {};
    bool held = false; // by us
};

struct FakeGpiochip {
    GpiochipInfo info;
    std::vector<FakeGpioLine> lines;
};

class FakeGpiochips final : public GpiochipCalls {
public:
    static constexpr size_t KERNEL_BUFFER = 1024;

    // "gpiochip0" and so on, in the order they are added.
    FakeGpiochip& add(const std::string& label, const std::vector<std::string>& names);
    FakeGpiochip& chip(const std::string& path) { return *m_chips.at(path); }

    bool available() const override { return has_library; }
    std::vector<GpiochipInfo> chips() override;
    std::unique_ptr<Gpiochip> open(const std::string& path) override;

    // The wire goes to this level from outside; edges that are asked for are queued.
    void move(FakeGpiochip& chip, uint32_t offset, bool level);
    // All descriptors hang up, and all calls answer ENODEV, until it is plugged in again.
    void unplug(FakeGpiochip& chip);
    void plug(FakeGpiochip& chip) { m_gone.erase(chip.info.path); }

    bool has_library = true;
    int reconfigure_error = 0; // negative, of the next one
    unsigned busy_races = 0; // requests that find a line taken at the last moment
    std::string log; // "request 0 1; 1:in both pull-up; set 2 1; release; "

    // For the objects that it hands out.
    struct Request;
    bool gone(const FakeGpiochip& chip) const { return m_gone.contains(chip.info.path); }
    std::vector<Request*> requests;

private:
    std::map<std::string, std::unique_ptr<FakeGpiochip>> m_chips;
    std::map<std::string, bool> m_gone;
};

} // namespace vwb::test
