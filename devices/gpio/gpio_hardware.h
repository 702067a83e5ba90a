// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The hardware port of the GPIO device: a bank of lines, simulated or a real gpiochip. It knows
// directions, levels and edges; requests, interrupt types and masking are the device's business.
// Hardware without level interrupts (gpiochips) lacks nothing: the device samples levels itself.
#pragma once

#include "engine/base/actions.h"
#include "engine/base/config.h"
#include "engine/base/inspector.h"
#include "engine/event/event_loop.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace vwb {

enum class GpioLevel : uint8_t { Low, High };

constexpr GpioLevel opposite(GpioLevel level)
{
    return level == GpioLevel::Low ? GpioLevel::High : GpioLevel::Low;
}

// Which changes of a line the device must hear of.
enum class GpioEdges : uint8_t { None, Rising, Falling, Both };

// Hears of level changes, on the loop of the hardware.
class GpioListener {
public:
    // The line went to this level: each real change once and in order, also those that set_output()
    // or a neighbour caused. Changes of lines that are not watched are told if they are known.
    virtual void level_changed(uint16_t line, GpioLevel level) = 0;
    // Something is wrong that no call was there to be told: hardware went away, edges were lost.
    virtual void hardware_trouble(const Error& error) = 0;

protected:
    ~GpioListener() = default;
};

// Lines are numbered from 0 to line_count() - 1; callers ask for no other. All calls come on one
// loop and block it no longer than a system call. Errors: Unavailable or Io, saying what the
// hardware refused; a failed call leaves the line as it was.
class GpioHardware {
public:
    virtual ~GpioHardware() = default;

    virtual uint16_t line_count() const = 0;
    // Empty if the line has none.
    virtual std::string line_name(uint16_t line) const = 0;

    // Null pointer: nobody listens. Borrowed.
    virtual void set_listener(GpioListener* listener) = 0;

    // The level that is sensed, whoever drives the line.
    virtual Result<GpioLevel> value(uint16_t line) = 0;
    // The same for observers: nothing is taken into use for it, and that may be an error.
    virtual Result<GpioLevel> peek(uint16_t line) const = 0;
    virtual Result<void> set_input(uint16_t line) = 0;
    // Makes the line an output with this level, in one step, or changes the level of an output.
    virtual Result<void> set_output(uint16_t line, GpioLevel level) = 0;
    // Which edges to tell of from now on. The line is an input, or was never configured.
    virtual Result<void> watch_edges(uint16_t line, GpioEdges edges) = 0;
    // The guest uses the line no more: not driven, not watched.
    virtual Result<void> release(uint16_t line) = 0;
    virtual void release_all() = 0;

    virtual void inspect(Inspector& inspector) const = 0;
    // Verbs for observers, or null pointer if there are none.
    virtual Actions* actions() { return nullptr; }
};

// A kind of GPIO hardware as users name it in a bench file, and how to make it.
struct GpioHardwareKind {
    std::string name; // "sim"
    std::string help; // one line
    std::string example; // TOML of its table, without header
    // Reads all keys of the hardware's table. Errors name file, line and key.
    std::function<Result<std::unique_ptr<GpioHardware>>(EventLoop&, ConfigReader&)> create;
};

} // namespace vwb
