// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// MPU-6050: acceleration, rate of rotation and temperature, 16 bits each, high byte first.
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/register_chip.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vwb {
namespace {

constexpr unsigned GYRO_CONFIG = 0x1b;
constexpr unsigned ACCEL_CONFIG = 0x1c;
constexpr unsigned FIRST_MEASUREMENT = 0x3b;
constexpr unsigned POWER_MANAGEMENT_1 = 0x6b;
constexpr unsigned WHO_AM_I = 0x75;
constexpr unsigned IDENTITY = 0x68;
constexpr unsigned END = 0x76;
constexpr uint32_t DEVICE_RESET = 0x80;
constexpr uint32_t SLEEP = 0x40;

// In the order of the registers.
struct Quantity {
    const char* name;
    const char* help;
    double limit;
};
constexpr std::array QUANTITIES {
    Quantity { "accel_x", "acceleration in g, -16 to 16", 16 },
    Quantity { "accel_y", "acceleration in g, -16 to 16", 16 },
    Quantity { "accel_z", "acceleration in g, -16 to 16", 16 },
    Quantity { "temperature", "degrees Celsius, -40 to 85", 85 },
    Quantity { "gyro_x", "rotation in degrees per second, -2000 to 2000", 2000 },
    Quantity { "gyro_y", "rotation in degrees per second, -2000 to 2000", 2000 },
    Quantity { "gyro_z", "rotation in degrees per second, -2000 to 2000", 2000 },
};
constexpr size_t TEMPERATURE = 3;

class Mpu6050 final : public RegisterChip {
public:
    Mpu6050()
        : RegisterChip(Layout {})
    {
        define_range(0x0d, FIRST_MEASUREMENT - 0x0d, 0xff);
        define_range(FIRST_MEASUREMENT, 2 * QUANTITIES.size(), 0);
        define_range(0x49, WHO_AM_I - 0x49, 0xff);
        define(POWER_MANAGEMENT_1, { .reset = SLEEP, .write_mask = 0xff });
        define(WHO_AM_I, { .reset = IDENTITY });
    }

    bool start(I2cDirection direction, unsigned address) override
    {
        if ((value(POWER_MANAGEMENT_1) & SLEEP) == 0)
            measure(); // one read sees one moment
        return RegisterChip::start(direction, address);
    }

    std::vector<ChipSignal> signals() const override
    {
        std::vector<ChipSignal> signals;
        for (const auto& quantity : QUANTITIES)
            signals.push_back({ quantity.name, quantity.help });
        return signals;
    }
    Result<Value> get(std::string_view signal) const override
    {
        const auto found = std::ranges::find(QUANTITIES, signal, name_of_quantity);
        if (found == QUANTITIES.end())
            return RegisterChip::get(signal);
        return Value(m_values[static_cast<size_t>(found - QUANTITIES.begin())]);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        const auto found = std::ranges::find(QUANTITIES, signal, name_of_quantity);
        if (found == QUANTITIES.end())
            return RegisterChip::set(signal, value);
        const auto index = static_cast<size_t>(found - QUANTITIES.begin());
        const double least = index == TEMPERATURE ? -40 : -found->limit;
        m_values[index] = VWB_TRY(chip_number(signal, value, least, found->limit));
        return {};
    }

private:
    static std::string_view name_of_quantity(const Quantity& quantity) { return quantity.name; }

    // Steps for one unit. Full scale of the others doubles with each step of its two bits.
    double scale(size_t index) const
    {
        const bool accel = index < TEMPERATURE;
        const uint32_t range = value(accel ? ACCEL_CONFIG : GYRO_CONFIG) >> 3 & 3;
        return (accel ? 16384.0 : 131.0) / (1u << range);
    }
    void measure()
    {
        for (size_t index = 0; index < QUANTITIES.size(); ++index) {
            const double raw = index == TEMPERATURE ? (m_values[index] - 36.53) * 340
                                                    : m_values[index] * scale(index);
            const auto steps = static_cast<uint32_t>(
                std::lround(std::clamp(raw, -32768.0, 32767.0))); // saturates
            const auto first = FIRST_MEASUREMENT + 2 * static_cast<unsigned>(index);
            set_value(first, steps >> 8 & 0xff);
            set_value(first + 1, steps & 0xff);
        }
    }
    void write_register(unsigned index, uint32_t written) override
    {
        if (index == POWER_MANAGEMENT_1 && (written & DEVICE_RESET) != 0) {
            for (unsigned each = 0; each < END; ++each)
                set_value(each, register_at(each).reset);
            return;
        }
        store(index, written);
    }

    std::array<double, QUANTITIES.size()> m_values { 0, 0, 1, 25, 0, 0, 0 };
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup&)
{
    return std::unique_ptr<I2cChip>(std::make_unique<Mpu6050>());
}

} // namespace

ChipModel mpu6050_model()
{
    return { "mpu6050", create };
}

} // namespace vwb
