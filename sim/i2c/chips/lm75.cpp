// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LM75: temperature in 16-bit registers, nine bits of it, half a degree each.
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/register_chip.h"

#include <cmath>

namespace vwb {
namespace {

constexpr unsigned TEMPERATURE = 0;
constexpr unsigned CONFIGURATION = 1;
constexpr unsigned HYSTERESIS = 2;
constexpr unsigned OVERTEMPERATURE = 3;
constexpr uint32_t SHUTDOWN = 0x01;
constexpr uint32_t NINE_BITS = 0xff80;

uint32_t encode(double celsius)
{
    return static_cast<uint32_t>(std::lround(celsius * 2)) << 7 & NINE_BITS;
}

double decode(uint32_t value)
{
    return static_cast<int16_t>(value & NINE_BITS) / 256.0;
}

class Lm75 final : public RegisterChip {
public:
    explicit Lm75(double celsius)
        : RegisterChip({ .count = 4, .auto_increment = false, .pointer_mask = 3 })
        , m_celsius(celsius)
    {
        define(TEMPERATURE, { .width = 2, .reset = encode(celsius) });
        define(CONFIGURATION, { .reset = 0, .write_mask = 0x1f });
        define(HYSTERESIS, { .width = 2, .reset = encode(75), .write_mask = NINE_BITS });
        define(OVERTEMPERATURE, { .width = 2, .reset = encode(80), .write_mask = NINE_BITS });
    }

    std::vector<ChipSignal> signals() const override
    {
        return { { "temperature", "degrees Celsius, -55 to 125" },
            { "overtemperature", "limit that the guest has set", false },
            { "hysteresis", "limit that the guest has set", false } };
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "temperature")
            return Value(m_celsius);
        if (signal == "overtemperature")
            return Value(decode(value(OVERTEMPERATURE)));
        if (signal == "hysteresis")
            return Value(decode(value(HYSTERESIS)));
        return RegisterChip::get(signal);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        if (signal != "temperature")
            return RegisterChip::set(signal, value);
        m_celsius = VWB_TRY(chip_number(signal, value, -55, 125));
        return {};
    }

private:
    uint32_t read_register(unsigned index) override
    {
        // In shutdown the last conversion stays.
        if (index == TEMPERATURE && (value(CONFIGURATION) & SHUTDOWN) == 0)
            set_value(TEMPERATURE, encode(m_celsius));
        return value(index);
    }

    double m_celsius;
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup&)
{
    return std::unique_ptr<I2cChip>(std::make_unique<Lm75>(25));
}

} // namespace

ChipModel lm75_model()
{
    return { "lm75", create };
}

} // namespace vwb
