// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RegisterChip: a chip that is a map of registers behind a pointer, as most chips are: the first
// byte written selects a register, the next ones write it and those behind it, reads read them.
// Widths, byte order, masks, read-to-clear and auto-increment are data; a model adds what reading
// or writing does beside that, and the signals that registers stand for.
#pragma once

#include "sim/i2c/i2c_chip.h"

#include <cstdint>

namespace vwb {

enum class ByteOrder : uint8_t { Big, Little };

struct ChipRegister {
    bool exists = false;
    uint8_t width = 1; // bytes: 1 to 4
    std::string name {}; // a signal of the outside; may be empty
    uint32_t reset = 0; // value after power-up
    uint32_t write_mask = 0; // bits that the guest can change
    uint32_t clear_on_read = 0; // bits that reading clears
    uint32_t value = 0;
};

class RegisterChip : public I2cChip {
public:
    static constexpr unsigned MAX_REGISTERS = 256;

    struct Layout {
        unsigned count = MAX_REGISTERS;
        ByteOrder order = ByteOrder::Big;
        bool auto_increment = true; // at the end: from 0 on again
        uint8_t pointer_mask = 0xff;
    };

    explicit RegisterChip(const Layout& layout);

    bool start(I2cDirection direction, unsigned address) override;
    bool write(uint8_t byte) override;
    uint8_t read() override;
    void stop() override;
    void power_up() override;

    // Named registers. Others: "register0x1f".
    std::vector<ChipSignal> signals() const override;
    Result<Value> get(std::string_view signal) const override;
    Result<void> set(std::string_view signal, const Value& value) override;

    const ChipRegister& register_at(unsigned index) const { return m_registers[index]; }

protected:
    void define(unsigned index, ChipRegister reg);
    // Registers of one byte each.
    void define_range(unsigned first, unsigned count, uint32_t write_mask, uint32_t reset = 0);
    uint32_t value(unsigned index) const
    {
        step();
        return m_registers[index].value;
    }
    void set_value(unsigned index, uint32_t value)
    {
        step();
        m_registers[index].value = value;
    }

    // What the guest reads; called once for each time a register is read, at its first byte.
    virtual uint32_t read_register(unsigned index) { return m_registers[index].value; }
    // value: what the guest has written, all of its bits.
    virtual void write_register(unsigned index, uint32_t value) { store(index, value); }
    // Which register comes after this one.
    virtual unsigned next_register(unsigned index) const;
    // Keeps the bits that can be written.
    void store(unsigned index, uint32_t value);

private:
    unsigned shift(const ChipRegister& reg) const;
    void next_byte(const ChipRegister& reg);
    Result<unsigned> find(std::string_view signal) const;

    const Layout m_layout;
    std::vector<ChipRegister> m_registers;
    unsigned m_pointer = 0;
    bool m_pointer_due = false; // the next byte written is the pointer
    uint8_t m_byte = 0; // of the register
    uint32_t m_latch = 0; // the register as it is read, or as far as it was written
};

} // namespace vwb
