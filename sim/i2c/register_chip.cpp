// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/register_chip.h"

#include <algorithm>

namespace vwb {

RegisterChip::RegisterChip(const Layout& layout)
    : m_layout(layout)
    , m_registers(layout.count)
{
}

void RegisterChip::define(unsigned index, ChipRegister reg)
{
    VWB_ASSERT(index < m_registers.size() && reg.width >= 1 && reg.width <= 4);
    reg.exists = true;
    reg.value = reg.reset;
    m_registers[index] = std::move(reg);
}

void RegisterChip::define_range(unsigned first, unsigned count, uint32_t write_mask, uint32_t reset)
{
    for (unsigned index = first; index < first + count; ++index)
        define(index, { .reset = reset, .write_mask = write_mask });
}

bool RegisterChip::start(I2cDirection direction, unsigned)
{
    m_pointer_due = direction == I2cDirection::Write;
    m_byte = 0;
    return true;
}

void RegisterChip::stop()
{
    m_byte = 0; // a register that was written in part keeps its value
}

void RegisterChip::power_up()
{
    for (auto& reg : m_registers)
        reg.value = reg.reset;
    m_pointer = 0;
    m_byte = 0;
}

unsigned RegisterChip::shift(const ChipRegister& reg) const
{
    return 8u * (m_layout.order == ByteOrder::Big ? reg.width - 1u - m_byte : m_byte);
}

void RegisterChip::next_byte(const ChipRegister& reg)
{
    if (++m_byte < reg.width)
        return;
    m_byte = 0;
    m_pointer = next_register(m_pointer);
}

unsigned RegisterChip::next_register(unsigned index) const
{
    return m_layout.auto_increment ? (index + 1) % m_layout.count : index;
}

bool RegisterChip::write(uint8_t byte)
{
    if (std::exchange(m_pointer_due, false)) {
        m_pointer = (byte & m_layout.pointer_mask) % m_layout.count;
        return true;
    }
    const auto& reg = m_registers[m_pointer];
    if (m_byte == 0)
        m_latch = 0;
    m_latch |= static_cast<uint32_t>(byte) << shift(reg);
    if (m_byte + 1 == reg.width && reg.exists)
        write_register(m_pointer, m_latch);
    next_byte(reg);
    return true;
}

uint8_t RegisterChip::read()
{
    auto& reg = m_registers[m_pointer];
    if (m_byte == 0) {
        m_latch = reg.exists ? read_register(m_pointer) : 0;
        reg.value &= ~reg.clear_on_read;
    }
    const auto byte = static_cast<uint8_t>(m_latch >> shift(reg));
    next_byte(reg);
    return byte;
}

void RegisterChip::store(unsigned index, uint32_t value)
{
    step();
    auto& reg = m_registers[index];
    reg.value = (reg.value & ~reg.write_mask) | (value & reg.write_mask);
}

std::vector<ChipSignal> RegisterChip::signals() const
{
    std::vector<ChipSignal> signals;
    for (unsigned index = 0; index < m_registers.size(); ++index) {
        if (!m_registers[index].name.empty())
            signals.push_back({ m_registers[index].name, "register " + hex_text(index) });
    }
    return signals;
}

Result<unsigned> RegisterChip::find(std::string_view signal) const
{
    const auto named = std::ranges::find(m_registers, signal, &ChipRegister::name);
    if (!signal.empty() && named != m_registers.end())
        return static_cast<unsigned>(named - m_registers.begin());
    return chip_index(signal, "register", m_layout.count);
}

Result<Value> RegisterChip::get(std::string_view signal) const
{
    return Value(m_registers[VWB_TRY(find(signal))].value);
}

Result<void> RegisterChip::set(std::string_view signal, const Value& value)
{
    auto& reg = m_registers[VWB_TRY(find(signal))];
    const double maximum = static_cast<double>((uint64_t { 1 } << 8 * reg.width) - 1);
    reg.value = static_cast<uint32_t>(VWB_TRY(chip_number(signal, value, 0, maximum)));
    return {};
}

} // namespace vwb
