// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A chip without C++: a register map written in the bench file.
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/register_chip.h"

#include <set>

namespace vwb {
namespace {

class Registers final : public RegisterChip {
public:
    using RegisterChip::define;
    using RegisterChip::RegisterChip;
};

Result<void> read_register(ConfigReader& table, Registers& chip, int64_t width,
    std::set<int64_t>& indices, std::set<std::string>& names)
{
    const auto index = VWB_TRY(table.integer("index", 0, RegisterChip::MAX_REGISTERS - 1));
    if (!indices.insert(index).second)
        return table.error("index", "register " + std::to_string(index) + " is there already");
    const auto own_width = VWB_TRY(table.integer_or("width", width, 1, 4));
    const int64_t most = (int64_t { 1 } << 8 * own_width) - 1;
    ChipRegister reg;
    reg.width = static_cast<uint8_t>(own_width);
    reg.name = VWB_TRY(table.string_or("name", ""));
    if (!reg.name.empty() && !names.insert(reg.name).second)
        return table.error("name", "'" + reg.name + "' is another register's name already");
    reg.reset = static_cast<uint32_t>(VWB_TRY(table.integer_or("value", 0, 0, most)));
    reg.write_mask = static_cast<uint32_t>(VWB_TRY(table.integer_or("write_mask", 0, 0, most)));
    reg.clear_on_read
        = static_cast<uint32_t>(VWB_TRY(table.integer_or("clear_on_read", 0, 0, most)));
    VWB_TRY(table.finish());
    chip.define(static_cast<unsigned>(index), std::move(reg));
    return {};
}

Result<std::unique_ptr<I2cChip>> create(ChipSetup& setup)
{
    auto& table = setup.table;
    RegisterChip::Layout layout;
    if (VWB_TRY(table.word_or("byte_order", "big", { "big", "little" })) == "little")
        layout.order = ByteOrder::Little;
    layout.auto_increment = VWB_TRY(table.boolean_or("auto_increment", true));
    const auto width = VWB_TRY(table.integer_or("width", 1, 1, 4));
    auto tables = VWB_TRY(table.tables("registers"));
    if (tables.empty())
        return table.error(
            "registers", "there is none; expected a list like [{index = 0, value = 0x55}]");
    auto chip = std::make_unique<Registers>(layout);
    std::set<int64_t> indices;
    std::set<std::string> names;
    for (auto& one : tables)
        VWB_TRY(read_register(one, *chip, width, indices, names));
    return std::unique_ptr<I2cChip>(std::move(chip));
}

} // namespace

ChipModel registers_model()
{
    return { "registers", create };
}

} // namespace vwb
