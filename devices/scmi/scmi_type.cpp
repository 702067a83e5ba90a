// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_type.h"

#include "devices/scmi/scmi_device.h"
#include "devices/scmi/scmi_load.h"
#include "devices/scmi/scmi_schema.h"
#include "devices/scmi/scmi_wire.h"

#include <algorithm>

namespace vwb {
namespace {

// A platform as ScmiLoad expects it.
constexpr const char* DEMO_BENCH = R"([[device]]
type = "scmi"
name = "scmi0"
[[device.sim.sensor]]
name = "cpu"
value = 42.0
trip_points = 1
intervals = ["10ms"]
[[device.sim.sensor]]
name = "accel"
kind = "accelerometer"
[[device.sim.sensor.axis]]
name = "Z"
value = 9.81
[[device.sim.clock]]
name = "uart"
rates = ["24MHz", "48MHz"]
[[device.sim.power]]
name = "gpu"
[[device.sim.performance]]
name = "big"
level = [{ level = 600 }, { level = 1200 }]
[[device.sim.reset]]
name = "usb"
[[device.sim.voltage]]
name = "vdd_io"
levels = ["1.8V", "3.3V"]
)";

Result<std::unique_ptr<Device>> create_device(
    const std::vector<ScmiHardwareKind>& kinds, DeviceSetup& setup)
{
    const auto kind = std::ranges::find(kinds, setup.hardware, &ScmiHardwareKind::name);
    if (kind == kinds.end())
        return Error(ErrorKind::NotFound, "scmi has no hardware kind '" + setup.hardware + "'");
    auto device = ScmiDevice::create(VWB_TRY(kind->create(setup.loop, setup.parameters)));
    if (!device)
        return setup.device.error("hardware", device.error().message());
    return std::unique_ptr<Device>(std::move(device).value());
}

} // namespace

DeviceType scmi_device_type(std::vector<ScmiHardwareKind> kinds)
{
    DeviceType type;
    type.name = "scmi";
    type.help = "system control: sensors, clocks, power, performance, reset and voltage domains";
    type.device_id = VIRTIO_ID_SCMI;
    type.schema = &SCMI_SCHEMA;
    for (const auto& kind : kinds)
        type.hardware.push_back({ kind.name, kind.help, kind.example });
    type.create
        = [kinds = std::move(kinds)](DeviceSetup& setup) { return create_device(kinds, setup); };
    type.demo_bench = DEMO_BENCH;
    type.demo_load = make_scmi_load;
    return type;
}

} // namespace vwb
