// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TMP102: temperature in 16-bit registers, twelve bits of it (thirteen in extended mode), a
// sixteenth of a degree each.
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/register_chip.h"

#include <cmath>

namespace vwb {
namespace {

constexpr unsigned TEMPERATURE = 0;
constexpr unsigned CONFIGURATION = 1;
constexpr unsigned T_LOW = 2;
constexpr unsigned T_HIGH = 3;

constexpr uint32_t EXTENDED_MODE = 0x0010;
constexpr uint32_t ALERT = 0x0020;
constexpr uint32_t SHUTDOWN = 0x0100;
constexpr uint32_t CONFIGURATION_RESET = 0x60a0;
constexpr uint32_t CONFIGURATION_MASK = 0x9fd0; // resolution and alert are read-only

class Tmp102 final : public RegisterChip {
public:
    Tmp102()
        : RegisterChip({ .count = 4, .auto_increment = false, .pointer_mask = 3 })
    {
        define(TEMPERATURE, { .width = 2 });
        define(CONFIGURATION,
            { .width = 2, .reset = CONFIGURATION_RESET, .write_mask = CONFIGURATION_MASK });
        define(T_LOW, { .width = 2, .reset = 0x4b00, .write_mask = 0xfff8 });
        define(T_HIGH, { .width = 2, .reset = 0x5000, .write_mask = 0xfff8 });
    }

    std::vector<ChipSignal> signals() const override
    {
        return { { "temperature", "degrees Celsius, -55 to 150" },
            { "alert", "1 while the temperature is above its limits", false } };
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "temperature")
            return Value(m_celsius);
        if (signal == "alert")
            return Value(m_alert ? 1 : 0);
        return RegisterChip::get(signal);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        if (signal != "temperature")
            return RegisterChip::set(signal, value);
        m_celsius = VWB_TRY(chip_number(signal, value, -55, 150));
        compare();
        return {};
    }

private:
    bool extended() const { return (value(CONFIGURATION) & EXTENDED_MODE) != 0; }
    double decode(uint32_t raw) const
    {
        return static_cast<int16_t>(raw) / (extended() ? 128.0 : 256.0);
    }
    uint32_t encode() const
    {
        // Without extended mode nothing above 127.9375 can be told.
        const double most = extended() ? 150 : 127.9375;
        const auto steps = static_cast<uint32_t>(std::lround(std::min(m_celsius, most) * 16));
        return (extended() ? steps << 3 | 1 : steps << 4) & 0xffff;
    }
    // Comparator: above T_HIGH until below T_LOW.
    void compare()
    {
        if (m_celsius >= decode(value(T_HIGH)))
            m_alert = true;
        else if (m_celsius < decode(value(T_LOW)))
            m_alert = false;
    }
    uint32_t read_register(unsigned index) override
    {
        if (index == TEMPERATURE && (value(CONFIGURATION) & SHUTDOWN) == 0)
            set_value(TEMPERATURE, encode());
        // The alert bit has the opposite sense of the polarity bit, which is 0 after power-up.
        if (index == CONFIGURATION)
            return (value(index) & ~ALERT) | (m_alert ? 0 : ALERT);
        return value(index);
    }
    void write_register(unsigned index, uint32_t written) override
    {
        store(index, written);
        compare();
    }

    double m_celsius = 25;
    bool m_alert = false;
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup&)
{
    return std::unique_ptr<I2cChip>(std::make_unique<Tmp102>());
}

} // namespace

ChipModel tmp102_model()
{
    return { "tmp102", create };
}

} // namespace vwb
