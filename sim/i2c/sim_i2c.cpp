// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/sim_i2c.h"

#include "sim/i2c/chips/chips.h"
#include "sim/i2c/sim_i2c_bus.h"

#include <algorithm>

namespace vwb {
namespace {

Result<std::unique_ptr<I2cChip>> make_chip(
    const std::string& name, EventLoop& loop, I2cAddress address, ConfigReader& table)
{
    const auto& models = chip_models();
    const auto model = std::ranges::find(models, name, &ChipModel::name);
    if (model == models.end()) {
        std::vector<std::string> known;
        std::string all;
        for (const auto& each : models) {
            known.push_back(each.name);
            all += (all.empty() ? "" : ", ") + each.name;
        }
        const auto near = nearest_word(name, known);
        return table.error("model",
            "there is no chip model '" + name + "'; "
                + (near.empty() ? "there are " + all : "did you mean '" + near + "'?"));
    }
    ChipSetup setup { loop, address, table };
    return model->create(setup);
}

Result<void> read_chip(SimI2cBus& bus, EventLoop& loop, ConfigReader& table)
{
    const auto model = VWB_TRY(table.string("model"));
    I2cAddress address;
    address.ten_bit = VWB_TRY(table.boolean_or("ten_bit", false));
    const int64_t most = address.ten_bit ? I2C_MAX_TEN_BIT_ADDRESS : I2C_MAX_ADDRESS;
    address.value = static_cast<uint16_t>(VWB_TRY(table.integer("address", 0, most)));
    auto name = VWB_TRY(table.string_or("name", ""));
    if (name.find('.') != std::string::npos || name.starts_with("0"))
        return table.error("name",
            "'" + name + "' is no name for a chip; expected one without '.' and no address");
    auto chip = VWB_TRY(make_chip(model, loop, address, table));
    VWB_TRY(table.finish());
    auto attached = bus.attach(address, std::move(name), model, std::move(chip));
    if (!attached)
        return table.error("address", attached.error().message());
    return {};
}

Result<std::unique_ptr<I2cAdapter>> create(EventLoop& loop, ConfigReader& parameters)
{
    const auto timeout = VWB_TRY(parameters.duration_or("timeout", std::chrono::milliseconds(500)));
    auto tables = VWB_TRY(parameters.tables("chip"));
    VWB_TRY(parameters.finish());
    auto bus = std::make_unique<SimI2cBus>(loop, timeout);
    for (auto& table : tables)
        VWB_TRY(read_chip(*bus, loop, table));
    return std::unique_ptr<I2cAdapter>(std::move(bus));
}

} // namespace

I2cAdapterKind sim_i2c_kind()
{
    return {
        .name = "sim",
        .help = "a simulated bus: EEPROMs, sensors, clocks, expanders, register maps",
        .example = R"(timeout = "500ms"              # how long a transfer may be held up

[[device.sim.chip]]
address = 0x50
model = "24c02"                # 24c01 to 24c512
write_time = "5ms"

[[device.sim.chip]]
address = 0x48
model = "lm75"                 # tmp102, bme280, mpu6050, ds1307, pcf8574, pca9685, sbs-battery
name = "room"                  # vwb set i2c0.room.temperature=21.5

[[device.sim.chip]]            # a chip without C++
address = 0x20
model = "registers"
byte_order = "big"
auto_increment = true
width = 1                      # bytes of a register; each may have its own
registers = [
  { index = 0x00, name = "id", value = 0x5a },
  { index = 0x01, name = "control", write_mask = 0x0f },
  { index = 0x02, name = "status", value = 0x80, clear_on_read = 0x80 },
]
)",
        .create = create,
    };
}

} // namespace vwb
