// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_type.h"

#include "devices/i2c/i2c_device.h"
#include "devices/i2c/i2c_load.h"
#include "devices/i2c/i2c_schema.h"
#include "devices/i2c/i2c_wire.h"

#include <algorithm>

namespace vwb {
namespace {

// Chips as I2cLoad expects them.
constexpr const char* DEMO_BENCH = R"([[device]]
type = "i2c"
name = "i2c0"
[[device.sim.chip]]
address = 0x50
model = "24c02"
write_time = "200us"
[[device.sim.chip]]
address = 0x48
model = "lm75"
name = "room"
[[device.sim.chip]]
address = 0x20
model = "registers"
registers = [
  { index = 0, name = "id", value = 0x5a },
  { index = 1, name = "control", write_mask = 0xff },
  { index = 2, name = "status", value = 0x80, clear_on_read = 0x80 },
]
)";

// 0x48, 72, "0x48", "72", or a range of them: "0x50-0x57".
Result<void> allow(I2cAllowList& allowed, const Value& entry)
{
    const std::string text = to_text(entry);
    const size_t dash = text.find('-', 1);
    const auto first = VWB_TRY(parse_i2c_address(std::string_view(text).substr(0, dash)));
    const auto last = dash == text.npos
        ? first
        : VWB_TRY(parse_i2c_address(std::string_view(text).substr(dash + 1)));
    if (last.value < first.value)
        return Error(ErrorKind::Invalid, "range '" + text + "' ends before it begins");
    for (size_t address = first.value; address <= last.value; ++address)
        allowed.addresses.set(address);
    return {};
}

Result<I2cAllowList> read_allow_list(ConfigReader& table)
{
    I2cAllowList allowed;
    if (!table.has("addresses"))
        return allowed;
    allowed.all = false;
    for (const auto& entry : VWB_TRY(table.scalars("addresses"))) {
        if (const auto done = allow(allowed, entry); !done)
            return table.error("addresses", done.error().message());
    }
    return allowed;
}

Result<std::unique_ptr<Device>> create_device(
    const std::vector<I2cAdapterKind>& kinds, DeviceSetup& setup)
{
    const auto kind = std::ranges::find(kinds, setup.hardware, &I2cAdapterKind::name);
    if (kind == kinds.end())
        return Error(ErrorKind::NotFound, "i2c has no hardware kind '" + setup.hardware + "'");
    const auto allowed = VWB_TRY(read_allow_list(setup.device));
    auto adapter = VWB_TRY(kind->create(setup.loop, setup.parameters));
    return std::unique_ptr<Device>(
        std::make_unique<I2cDevice>(setup.loop, std::move(adapter), allowed));
}

} // namespace

DeviceType i2c_device_type(std::vector<I2cAdapterKind> kinds)
{
    DeviceType type;
    type.name = "i2c";
    type.help = "I2C adapter: transfers to the chips of a bus";
    type.device_id = VIRTIO_ID_I2C_ADAPTER;
    type.schema = &I2C_SCHEMA;
    for (const auto& kind : kinds)
        type.hardware.push_back({ kind.name, kind.help, kind.example });
    type.create
        = [kinds = std::move(kinds)](DeviceSetup& setup) { return create_device(kinds, setup); };
    type.demo_bench = DEMO_BENCH;
    type.demo_load = make_i2c_load;
    return type;
}

} // namespace vwb
