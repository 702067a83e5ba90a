// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SCMI commands and event buffers on a simulated platform that has one of everything, whose values
// change and whose sensors fail meanwhile.
#include "devices/scmi/scmi_device.h"
#include "sim/scmi/sim_platform.h"
#include "tests/fuzz/device_bed.h"

namespace vwb::fuzz {
namespace {

ScmiSensorInfo sensor(const char* name, bool axes)
{
    ScmiSensorInfo info;
    info.name = name;
    info.quantity = { .type = 2, .scale = -3, .minimum = -40000, .maximum = 125000 };
    info.intervals = { { 1, 0 }, { 1, -1 }, { 1, -2 } };
    info.trip_points = axes ? 0 : 2;
    for (const char* axis : { "x", "y", "z" }) {
        if (axes)
            info.axes.push_back({ axis, { .type = 0x59, .scale = -6 } });
    }
    return info;
}

void build(SimScmiPlatform& platform)
{
    platform.sim_sensors().add(sensor("cpu", false)).set_wave(0, make_constant(42));
    platform.sim_sensors().add(sensor("accel", true));
    platform.sim_clocks().add({ "uart", { { 24000000, 48000000 } }, 7, 24000000, false });
    platform.sim_power().add({ "gpu" });
    platform.sim_performance().add(
        { "big", { { 600, 200, 10 }, { 900, 400, 10 } }, 900000, 900, 600, { 600, 900 } });
    platform.sim_resets().add({ "usb", 25 });
    platform.sim_voltages().add({ "vdd", { { 1800000, 3300000 } }, 1800000 });
    platform.add_system();
    platform.finish();
}

void disturb(SimScmiPlatform& platform, FuzzInput& input)
{
    const auto& signals = platform.signal_list();
    const auto& signal = signals[input.below(static_cast<uint32_t>(signals.size()))];
    switch (input.byte() % 4) {
    case 0:
        platform.get(signal);
        break;
    case 1: {
        [[maybe_unused]] const auto set = platform.set(signal, input.number<int32_t>());
        break;
    }
    case 2:
        platform.sim_sensors()
            .sensor(static_cast<uint16_t>(input.below(2)))
            .set_fault(SensorFault { static_cast<uint8_t>(input.below(5)) },
                Duration(int64_t { 1 } << (input.byte() % 31)));
        break;
    default:
        platform.request_system(input.byte() % 5, input.flag(), std::chrono::milliseconds(1));
    }
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace vwb;
    using namespace vwb::fuzz;
    static DeviceBed bed;
    FuzzInput input(data, size);
    bed.begin(input);
    auto platform = std::make_unique<SimScmiPlatform>(bed.loop());
    build(*platform);
    SimScmiPlatform& outside = *platform;
    auto device = ScmiDevice::create(std::move(platform)).value();
    bed.run(*device, [&](FuzzInput& in) { disturb(outside, in); });
    return 0;
}
