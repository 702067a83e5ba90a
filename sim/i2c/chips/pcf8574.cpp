// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// PCF8574: eight quasi-bidirectional lines without a register: what is written is what they drive,
// low strongly and high weakly, what is read is what they are.
#include "engine/base/inspector.h"
#include "sim/i2c/chips/chips.h"

namespace vwb {
namespace {

class Pcf8574 final : public I2cChip {
public:
    bool write(uint8_t byte) override
    {
        m_driven = byte;
        return true;
    }
    uint8_t read() override { return pins(); }
    void power_up() override { m_driven = 0xff; }

    std::vector<ChipSignal> signals() const override
    {
        std::vector<ChipSignal> signals;
        for (char pin = '0'; pin < '8'; ++pin)
            signals.push_back({ std::string("pin") + pin,
                "level of the line; set: 0 pulls it down from outside, 1 lets it go" });
        signals.push_back({ "driven", "what the guest has written", false });
        return signals;
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "driven")
            return Value(hex_text(m_driven));
        const auto pin = VWB_TRY(chip_index(signal, "pin", 8));
        return Value(pins() >> pin & 1);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        const auto pin = VWB_TRY(chip_index(signal, "pin", 8));
        const bool high = VWB_TRY(chip_number(signal, value, 0, 1)) >= 0.5;
        const auto bit = static_cast<uint8_t>(1u << pin);
        m_outside = static_cast<uint8_t>(high ? m_outside | bit : m_outside & ~bit);
        return {};
    }

private:
    uint8_t pins() const { return m_driven & m_outside; }

    uint8_t m_driven = 0xff;
    uint8_t m_outside = 0xff;
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup&)
{
    return std::unique_ptr<I2cChip>(std::make_unique<Pcf8574>());
}

} // namespace

ChipModel pcf8574_model()
{
    return { "pcf8574", create };
}

} // namespace vwb
