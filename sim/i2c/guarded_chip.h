// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GuardedChip: a chip model as the bus holds it. Models are foreign code: what one throws, or a
// loop in it that does not end, comes back as an error that names the method, and the bus lives on.
// Belongs to the loop of its bus.
#pragma once

#include "sim/i2c/i2c_chip.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

class GuardedChip {
public:
    explicit GuardedChip(std::unique_ptr<I2cChip> chip);

    unsigned address_count() const { return m_address_count; }
    const std::vector<ChipSignal>& signals() const { return m_signals; }

    // As those of I2cChip. Further errors: Io, for a model that threw or hung.
    Result<bool> start(I2cDirection direction, unsigned address);
    Result<bool> write(uint8_t byte);
    Result<uint8_t> read();
    Result<void> stop();
    Result<void> power_up();
    Result<Value> get(std::string_view signal) const;
    Result<void> set(std::string_view signal, const Value& value);

private:
    std::unique_ptr<I2cChip> m_chip;
    unsigned m_address_count = 1;
    std::vector<ChipSignal> m_signals;
};

} // namespace vwb
