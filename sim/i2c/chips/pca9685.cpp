// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// PCA9685: sixteen PWM outputs of 12 bits.
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/register_chip.h"

namespace vwb {
namespace {

constexpr unsigned MODE1 = 0x00;
constexpr unsigned MODE2 = 0x01;
constexpr unsigned FIRST_CHANNEL = 0x06; // ON low, ON high, OFF low, OFF high
constexpr unsigned LAST_CHANNEL_END = 0x45;
constexpr unsigned ALL_CHANNELS = 0xfa;
constexpr unsigned PRE_SCALE = 0xfe;
constexpr unsigned CHANNELS = 16;

constexpr uint32_t MODE1_RESTART = 0x80;
constexpr uint32_t MODE1_AUTO_INCREMENT = 0x20;
constexpr uint32_t MODE1_SLEEP = 0x10;
constexpr uint32_t FULL = 0x1000; // bit 4 of the high byte: on, or off, all the time
constexpr double OSCILLATOR_HZ = 25e6;
constexpr unsigned STEPS = 4096;

class Pca9685 final : public RegisterChip {
public:
    Pca9685()
        : RegisterChip(Layout {})
    {
        define(MODE1, { .reset = 0x11, .write_mask = 0x7f });
        define(MODE2, { .reset = 0x04, .write_mask = 0x1f });
        define_range(0x02, 4, 0xfe, 0xe0); // further addresses of the chip, not served
        for (unsigned index = FIRST_CHANNEL; index <= LAST_CHANNEL_END; ++index)
            define(index, { .reset = off_high(index) ? 0x10u : 0u, .write_mask = mask(index) });
        for (unsigned index = ALL_CHANNELS; index < PRE_SCALE; ++index)
            define(index, { .write_mask = mask(index) });
        define(PRE_SCALE, { .reset = 0x1e, .write_mask = 0xff });
    }

    std::vector<ChipSignal> signals() const override
    {
        std::vector<ChipSignal> signals { { "frequency", "of all outputs, in Hz", false } };
        for (unsigned channel = 0; channel < CHANNELS; ++channel)
            signals.push_back({ "duty" + std::to_string(channel), "0 to 1: high time", false });
        return signals;
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "frequency")
            return Value(OSCILLATOR_HZ / (STEPS * (value(PRE_SCALE) + 1.0)));
        if (signal.starts_with("duty"))
            return Value(duty(VWB_TRY(chip_index(signal, "duty", CHANNELS))));
        return RegisterChip::get(signal);
    }

private:
    // Behind the first channel's registers both sets repeat every four bytes.
    static bool high(unsigned index) { return (index & 1) != 0; }
    static bool off_high(unsigned index) { return (index - FIRST_CHANNEL) % 4 == 3; }
    static uint32_t mask(unsigned index) { return high(index) ? 0x1f : 0xff; }

    double duty(unsigned channel) const
    {
        const unsigned first = FIRST_CHANNEL + 4 * channel;
        const uint32_t on = value(first) | value(first + 1) << 8;
        const uint32_t off = value(first + 2) | value(first + 3) << 8;
        if ((value(MODE1) & MODE1_SLEEP) != 0 || (off & FULL) != 0)
            return 0;
        if ((on & FULL) != 0)
            return 1;
        return static_cast<double>((off - on) % STEPS) / STEPS;
    }
    void write_register(unsigned index, uint32_t written) override
    {
        if (index == PRE_SCALE && (value(MODE1) & MODE1_SLEEP) == 0)
            return; // only while the oscillator is off
        if (index >= ALL_CHANNELS && index < PRE_SCALE) {
            for (unsigned channel = 0; channel < CHANNELS; ++channel)
                store(FIRST_CHANNEL + 4 * channel + index - ALL_CHANNELS, written);
            return; // reads as zero
        }
        // Writing one to RESTART clears it.
        store(index, index == MODE1 ? written & ~MODE1_RESTART : written);
    }
    unsigned next_register(unsigned index) const override
    {
        if ((value(MODE1) & MODE1_AUTO_INCREMENT) == 0)
            return index;
        return index == LAST_CHANNEL_END ? 0 : (index + 1) % MAX_REGISTERS;
    }
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup&)
{
    return std::unique_ptr<I2cChip>(std::make_unique<Pca9685>());
}

} // namespace

ChipModel pca9685_model()
{
    return { "pca9685", create };
}

} // namespace vwb
