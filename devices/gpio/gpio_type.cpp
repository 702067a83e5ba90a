// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_type.h"

#include "devices/gpio/gpio_device.h"
#include "devices/gpio/gpio_load.h"
#include "devices/gpio/gpio_schema.h"
#include "devices/gpio/gpio_wire.h"

#include <algorithm>

namespace vwb {
namespace {

// Lines as GpioLoad expects them.
constexpr const char* DEMO_BENCH = R"([[device]]
type = "gpio"
name = "gpio0"
[device.sim]
lines = 8
wires = [["led", "sense"]]
[[device.sim.line]]
number = 1
name = "sense"
[[device.sim.line]]
number = 2
name = "led"
[[device.sim.line]]
number = 3
name = "button"
pull = "down"
)";

Result<std::unique_ptr<Device>> create_device(
    const std::vector<GpioHardwareKind>& kinds, DeviceSetup& setup)
{
    const auto kind = std::ranges::find(kinds, setup.hardware, &GpioHardwareKind::name);
    if (kind == kinds.end())
        return Error(ErrorKind::NotFound, "gpio has no hardware kind '" + setup.hardware + "'");
    auto device = GpioDevice::create(VWB_TRY(kind->create(setup.loop, setup.parameters)));
    if (!device)
        return setup.device.error("hardware", device.error().message());
    return std::unique_ptr<Device>(std::move(device).value());
}

} // namespace

DeviceType gpio_device_type(std::vector<GpioHardwareKind> kinds)
{
    DeviceType type;
    type.name = "gpio";
    type.help = "GPIO controller: lines with directions, values and interrupts";
    type.device_id = VIRTIO_ID_GPIO;
    type.schema = &GPIO_SCHEMA;
    for (const auto& kind : kinds)
        type.hardware.push_back({ kind.name, kind.help, kind.example });
    type.create
        = [kinds = std::move(kinds)](DeviceSetup& setup) { return create_device(kinds, setup); };
    type.demo_bench = DEMO_BENCH;
    type.demo_load = make_gpio_load;
    return type;
}

} // namespace vwb
