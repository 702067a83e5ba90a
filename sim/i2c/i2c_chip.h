// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cChip: a simulated chip as the bus sees it, byte by byte, and as the outside sees it: signals
// that can be read and set. It knows no transfer and no guest.
//
// Models must not block. One that throws costs the transfer an error, and so does a loop that never
// ends, as long as each of its turns takes a step(): all that RegisterChip offers does. A loop that
// does not cannot be ended from outside: it holds its device for ever, other devices and the
// control protocol go on, and whoever asks for the device is told that it does not respond.
#pragma once

#include "devices/i2c/i2c_hardware.h"

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

struct ChipSignal {
    std::string name; // "temperature"
    std::string help; // unit and meaning
    bool settable = true;
};

// What step() throws.
class ChipHangs final : public std::runtime_error {
public:
    ChipHangs();
};

// Belongs to the loop of its bus.
class I2cChip {
public:
    // Of one call: far more than any model needs, and a few milliseconds at most.
    static constexpr uint32_t MAX_STEPS = 1000000;

    virtual ~I2cChip() = default;

    void begin_call() const { m_steps = 0; }

    // How many addresses in a row it answers to.
    virtual unsigned address_count() const { return 1; }

    // --- the bus ---
    // START (or a repeated one) with the address-th of its addresses. False: it does not answer.
    virtual bool start(I2cDirection, unsigned /*address*/) { return true; }
    // False: the byte is refused.
    virtual bool write(uint8_t byte) = 0;
    virtual uint8_t read() = 0;
    virtual void stop() { }
    // As after it was plugged in.
    virtual void power_up() { }

    // --- the outside ---
    virtual std::vector<ChipSignal> signals() const { return {}; }
    // Errors: NotFound for a signal that it does not have, Invalid for a value out of range.
    virtual Result<Value> get(std::string_view signal) const = 0;
    virtual Result<void> set(std::string_view signal, const Value& value) = 0;

protected:
    // One turn of whatever a model does again and again.
    void step() const
    {
        if (++m_steps > MAX_STEPS) [[unlikely]]
            throw ChipHangs();
    }

private:
    mutable uint32_t m_steps = 0; // of this call
};

Error no_such_signal(std::string_view signal);
// Error: Invalid, naming the signal, for what is no number from minimum to maximum.
Result<double> chip_number(
    std::string_view signal, const Value& value, double minimum, double maximum);
// "byte0x10", "register3": the number behind the prefix. Error: NotFound if it is not below limit.
Result<unsigned> chip_index(std::string_view signal, std::string_view prefix, unsigned limit);

// What a chip model is made from.
struct ChipSetup {
    EventLoop& loop;
    I2cAddress address; // the first one
    ConfigReader& table; // [[device.sim.chip]]
};

// A model as users name it in a bench file, and how to make it. create reads all keys of its own.
struct ChipModel {
    std::string name; // "lm75"
    std::function<Result<std::unique_ptr<I2cChip>>(ChipSetup&)> create;
};

} // namespace vwb
