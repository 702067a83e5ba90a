// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_hardware.h"

#include "engine/base/units.h"

#include <array>
#include <cstdio>

namespace vwb {

std::string to_text(I2cAddress address)
{
    std::array<char, 24> text;
    std::snprintf(text.data(), text.size(), address.ten_bit ? "0x%03x (10-bit)" : "0x%02x",
        static_cast<unsigned>(address.value));
    return text.data();
}

Result<I2cAddress> parse_i2c_address(std::string_view text)
{
    const auto number = parse_unsigned(text);
    if (!number || *number > I2C_MAX_ADDRESS)
        return Error(ErrorKind::Invalid,
            "'" + std::string(text) + "' is no I2C address; expected 0 to 0x7f, like \"0x48\"");
    return I2cAddress { static_cast<uint16_t>(*number), false };
}

const char* to_string(I2cOutcome outcome)
{
    switch (outcome) {
    case I2cOutcome::Done:
        return "done";
    case I2cOutcome::AddressNak:
        return "no chip answers to the address";
    case I2cOutcome::DataNak:
        return "the chip refused a byte";
    case I2cOutcome::ArbitrationLost:
        return "arbitration was lost";
    case I2cOutcome::Timeout:
        return "time-out";
    case I2cOutcome::Refused:
        return "the adapter cannot do this";
    case I2cOutcome::Failed:
        return "the transfer failed";
    }
    return "?";
}

void I2cTransfer::clear()
{
    m_messages.clear();
    m_bytes.clear();
    done = 0;
    outcome = I2cOutcome::Done;
    detail.clear();
}

void I2cTransfer::add(I2cAddress address, I2cDirection direction, uint32_t size)
{
    m_messages.push_back({ address, direction, static_cast<uint32_t>(m_bytes.size()), size });
    m_bytes.resize(m_bytes.size() + size);
}

std::span<std::byte> I2cTransfer::data(size_t index)
{
    return std::span(m_bytes).subspan(m_messages[index].offset, m_messages[index].size);
}

std::span<const std::byte> I2cTransfer::data(size_t index) const
{
    return std::span(m_bytes).subspan(m_messages[index].offset, m_messages[index].size);
}

} // namespace vwb
