// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A smart battery (SBS 1.1): SMBus words, low byte first, and block reads of text. Each answer goes
// on with its PEC; a PEC after what is written is checked.
#include "sim/i2c/chips/chips.h"

#include <cmath>
#include <map>

namespace vwb {
namespace {

constexpr uint8_t TEMPERATURE = 0x08; // 0.1 K
constexpr uint8_t VOLTAGE = 0x09; // mV
constexpr uint8_t CURRENT = 0x0a; // mA, signed
constexpr uint8_t AVERAGE_CURRENT = 0x0b;
constexpr uint8_t RELATIVE_CHARGE = 0x0d; // percent
constexpr uint8_t ABSOLUTE_CHARGE = 0x0e;
constexpr uint8_t REMAINING_CAPACITY = 0x0f; // mAh
constexpr uint8_t FULL_CAPACITY = 0x10;
constexpr uint8_t STATUS = 0x16;
constexpr uint8_t DESIGN_CAPACITY = 0x18;
constexpr uint8_t MANUFACTURER = 0x20;
constexpr uint8_t DEVICE = 0x21;
constexpr uint8_t CHEMISTRY = 0x22;
constexpr uint16_t DISCHARGING = 0x40; // of STATUS, beside INITIALIZED
constexpr uint16_t INITIALIZED = 0x80;
constexpr int CAPACITY_MAH = 4400;

// CRC-8 of SMBus: x^8 + x^2 + x + 1, one byte more.
uint8_t crc(uint8_t sum, uint8_t byte)
{
    unsigned value = sum ^ byte;
    for (int bit = 0; bit < 8; ++bit)
        value = (value & 0x80) != 0 ? value << 1 ^ 0x107 : value << 1;
    return static_cast<uint8_t>(value);
}

class SbsBattery final : public I2cChip {
public:
    explicit SbsBattery(I2cAddress address)
        : m_address(static_cast<uint8_t>(address.value << 1))
    {
    }

    bool start(I2cDirection direction, unsigned) override
    {
        const auto byte
            = static_cast<uint8_t>(m_address | (direction == I2cDirection::Read ? 1 : 0));
        if (direction == I2cDirection::Write) {
            m_sum = 0;
            m_written.clear();
        }
        m_sum = crc(m_sum, byte);
        if (direction == I2cDirection::Read) {
            prepare();
            m_written.clear(); // it was a command, not a word
        }
        return true;
    }
    bool write(uint8_t byte) override
    {
        // Command, word, PEC.
        if (m_written.size() == 3 && byte != m_sum)
            return false;
        if (m_written.size() > 3)
            return false;
        if (m_written.empty())
            m_command = byte;
        m_sum = crc(m_sum, byte);
        m_written.push_back(byte);
        return true;
    }
    uint8_t read() override
    {
        if (m_next == m_answer.size()) {
            ++m_next;
            return m_sum;
        }
        if (m_next > m_answer.size())
            return 0xff;
        m_sum = crc(m_sum, m_answer[m_next]);
        return m_answer[m_next++];
    }
    void stop() override
    {
        if (m_written.size() >= 3)
            m_words[m_command] = static_cast<uint16_t>(m_written[1] | m_written[2] << 8);
        m_written.clear();
        m_sum = 0;
    }

    std::vector<ChipSignal> signals() const override
    {
        return { { "temperature", "degrees Celsius, -40 to 100" }, { "voltage", "volts, 0 to 60" },
            { "current", "amperes, -30 to 30; below 0: discharging" },
            { "charge", "percent, 0 to 100" } };
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "temperature")
            return Value(m_celsius);
        if (signal == "voltage")
            return Value(m_volts);
        if (signal == "current")
            return Value(m_amperes);
        if (signal == "charge")
            return Value(m_percent);
        return no_such_signal(signal);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        if (signal == "temperature")
            m_celsius = VWB_TRY(chip_number(signal, value, -40, 100));
        else if (signal == "voltage")
            m_volts = VWB_TRY(chip_number(signal, value, 0, 60));
        else if (signal == "current")
            m_amperes = VWB_TRY(chip_number(signal, value, -30, 30));
        else if (signal == "charge")
            m_percent = VWB_TRY(chip_number(signal, value, 0, 100));
        else
            return no_such_signal(signal);
        return {};
    }

private:
    void prepare()
    {
        m_next = 0;
        m_answer.clear();
        const char* text = m_command == MANUFACTURER ? "workbench"
            : m_command == DEVICE                    ? "SBS-1"
            : m_command == CHEMISTRY                 ? "LION"
                                                     : nullptr;
        if (text) {
            const std::string_view characters(text);
            m_answer.push_back(static_cast<uint8_t>(characters.size()));
            m_answer.insert(m_answer.end(), characters.begin(), characters.end());
            return;
        }
        const uint16_t value = word(m_command);
        m_answer = { static_cast<uint8_t>(value & 0xff), static_cast<uint8_t>(value >> 8) };
    }
    uint16_t word(uint8_t command) const
    {
        const auto whole = [](double number) {
            return static_cast<uint16_t>(static_cast<int>(std::lround(number)));
        };
        switch (command) {
        case TEMPERATURE:
            return whole((m_celsius + 273.15) * 10);
        case VOLTAGE:
            return whole(m_volts * 1000);
        case CURRENT:
        case AVERAGE_CURRENT:
            return whole(m_amperes * 1000);
        case RELATIVE_CHARGE:
        case ABSOLUTE_CHARGE:
            return whole(m_percent);
        case REMAINING_CAPACITY:
            return whole(CAPACITY_MAH * m_percent / 100);
        case FULL_CAPACITY:
        case DESIGN_CAPACITY:
            return CAPACITY_MAH;
        case STATUS:
            return static_cast<uint16_t>(INITIALIZED | (m_amperes > 0 ? 0 : DISCHARGING));
        default:
            break;
        }
        const auto found = m_words.find(command);
        return found == m_words.end() ? uint16_t { 0 } : found->second;
    }

    const uint8_t m_address; // with the direction bit clear
    uint8_t m_sum = 0; // PEC so far
    uint8_t m_command = 0;
    std::vector<uint8_t> m_written; // since the START
    std::vector<uint8_t> m_answer;
    size_t m_next = 0; // byte of the answer
    // Words that can be written, and those that never change.
    std::map<uint8_t, uint16_t> m_words { { 0x00, 0 }, { 0x03, 0 }, { 0x17, 12 }, { 0x19, 11100 },
        { 0x1a, 0x0031 }, { 0x1b, 0x5c21 }, { 0x1c, 0x1234 } };
    double m_celsius = 25;
    double m_volts = 11.1;
    double m_amperes = -1;
    double m_percent = 80;
};

Result<std::unique_ptr<I2cChip>> create(ChipSetup& setup)
{
    return std::unique_ptr<I2cChip>(std::make_unique<SbsBattery>(setup.address));
}

} // namespace

ChipModel sbs_battery_model()
{
    return { "sbs-battery", create };
}

} // namespace vwb
