// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// 24Cxx: EEPROMs of 128 bytes to 64 KiB. A page is written at the STOP; until that is done the chip
// does not answer to its address, which is what drivers poll for.
#include "engine/base/inspector.h"
#include "sim/i2c/chips/chips.h"

#include <array>

namespace vwb {
namespace {

struct Part {
    const char* name;
    uint32_t bytes;
    uint32_t page;
    unsigned word_bytes; // of the word address
};
constexpr std::array PARTS {
    Part { "24c01", 128, 8, 1 },
    Part { "24c02", 256, 8, 1 },
    Part { "24c04", 512, 16, 1 },
    Part { "24c08", 1024, 16, 1 },
    Part { "24c16", 2048, 16, 1 },
    Part { "24c32", 4096, 32, 2 },
    Part { "24c64", 8192, 32, 2 },
    Part { "24c128", 16384, 64, 2 },
    Part { "24c256", 32768, 64, 2 },
    Part { "24c512", 65536, 128, 2 },
};
constexpr unsigned BLOCK = 256; // what one address of a part with 8-bit word addresses covers

class Eeprom final : public I2cChip {
public:
    Eeprom(const Part& part, const Clock& clock, Duration write_time, uint8_t fill)
        : m_part(part)
        , m_clock(clock)
        , m_write_time(write_time)
        , m_cells(part.bytes, fill)
    {
    }

    unsigned address_count() const override
    {
        return m_part.word_bytes == 1 && m_part.bytes > BLOCK ? m_part.bytes / BLOCK : 1;
    }
    bool start(I2cDirection direction, unsigned address) override
    {
        if (m_clock.now() < m_busy_until)
            return false;
        m_page.clear(); // a repeated START instead of the STOP writes nothing
        m_word_due = direction == I2cDirection::Write ? m_part.word_bytes : 0;
        if (address_count() > 1)
            m_word = (m_word % BLOCK) + address * BLOCK;
        return true;
    }
    bool write(uint8_t byte) override
    {
        if (m_word_due > 0) {
            --m_word_due;
            const uint32_t shift = 8 * m_word_due;
            m_word = ((m_word & ~(0xffu << shift)) | static_cast<uint32_t>(byte) << shift)
                % m_part.bytes;
            return true;
        }
        m_page.push_back({ m_word, byte });
        // Within the page: what runs over its end comes back at its beginning.
        m_word = m_word / m_part.page * m_part.page + (m_word + 1) % m_part.page;
        if (m_page.size() > m_part.page)
            m_page.erase(m_page.begin());
        return true;
    }
    uint8_t read() override
    {
        const uint8_t byte = m_cells[m_word];
        m_word = (m_word + 1) % m_part.bytes;
        return byte;
    }
    void stop() override
    {
        if (m_page.empty())
            return;
        for (const auto& [word, byte] : m_page)
            m_cells[word] = byte;
        m_page.clear();
        ++m_writes;
        m_busy_until = m_clock.now() + m_write_time;
    }
    // What is stored stays.
    void power_up() override
    {
        m_page.clear();
        m_word = 0;
    }

    std::vector<ChipSignal> signals() const override
    {
        return { { "bytes", "size of the part", false }, { "writes", "page writes so far", false },
            { "busy", "a page is being written", false } };
    }
    Result<Value> get(std::string_view signal) const override
    {
        if (signal == "bytes")
            return Value(m_part.bytes);
        if (signal == "writes")
            return Value(m_writes);
        if (signal == "busy")
            return Value(m_clock.now() < m_busy_until);
        return Value(m_cells[VWB_TRY(chip_index(signal, "byte", m_part.bytes))]);
    }
    Result<void> set(std::string_view signal, const Value& value) override
    {
        const auto cell = VWB_TRY(chip_index(signal, "byte", m_part.bytes));
        m_cells[cell] = static_cast<uint8_t>(VWB_TRY(chip_number(signal, value, 0, 255)));
        return {};
    }

private:
    const Part& m_part;
    const Clock& m_clock;
    const Duration m_write_time;
    std::vector<uint8_t> m_cells;
    uint32_t m_word = 0;
    unsigned m_word_due = 0; // bytes of the word address still to come
    std::vector<std::pair<uint32_t, uint8_t>> m_page; // written since the START
    TimePoint m_busy_until {};
    uint64_t m_writes = 0;
};

Result<std::unique_ptr<I2cChip>> create(const Part& part, ChipSetup& setup)
{
    const auto time = VWB_TRY(setup.table.duration_or("write_time", std::chrono::milliseconds(5)));
    const auto fill = VWB_TRY(setup.table.integer_or("fill", 0xff, 0, 0xff));
    return std::unique_ptr<I2cChip>(
        std::make_unique<Eeprom>(part, setup.loop.clock(), time, static_cast<uint8_t>(fill)));
}

} // namespace

std::vector<ChipModel> eeprom_24c_models()
{
    std::vector<ChipModel> models;
    for (const Part& part : PARTS)
        models.push_back({ part.name, [&part](ChipSetup& setup) { return create(part, setup); } });
    return models;
}

} // namespace vwb
