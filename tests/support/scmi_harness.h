// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiHarness: an SCMI device on a simulated platform that a test builds and moves by hand, driven
// through guest rings with buffers as large as those of Linux unless a test says otherwise.
#pragma once

#include "devices/scmi/scmi_device.h"
#include "devices/scmi/scmi_wire.h"
#include "sim/scmi/sim_platform.h"
#include "tests/support/device_harness.h"

#include <functional>

namespace vwb::test {

struct ScmiAnswer {
    uint32_t used_length = 0;
    uint32_t header = 0;
    ScmiStatus status = ScmiStatus::Success;
    std::vector<uint32_t> words; // behind the status
    std::string text; // the same as characters, up to the first zero
};

class ScmiHarness {
public:
    static constexpr uint32_t BUFFER = 136;
    using Words = std::vector<uint32_t>;
    using Build = std::function<void(SimScmiPlatform&)>;

    // Default: demo_platform().
    explicit ScmiHarness(const HarnessOptions& options = {});
    explicit ScmiHarness(const Build& build, const HarnessOptions& options = {});

    SimScmiPlatform& platform() { return *m_platform; }
    DeviceHarness& guest() { return *m_guest; }
    std::string rules() { return m_guest->rules(); }

    ScmiAnswer command(uint8_t protocol, uint8_t message, const Words& parameters = {},
        uint32_t writable = BUFFER);
    // The status alone.
    ScmiStatus status(uint8_t protocol, uint8_t message, const Words& parameters = {});
    // Parks a buffer on eventq; what came back in it, header first, or nothing yet.
    uint64_t park(uint32_t size = BUFFER);
    Words event(uint64_t ticket);

    static Words bytes_as_words(const HarnessAnswer& answer);
    static std::vector<uint8_t> request_bytes(
        uint8_t protocol, uint8_t message, const Words& parameters, uint32_t token = 0x155);

private:
    SimScmiPlatform* m_platform = nullptr; // the device's
    std::unique_ptr<DeviceHarness> m_guest;
};

// Sensor 0 "cpu" (temperature, 42 degrees, two trip points), sensor 1 "accel" (three axes), clock
// "uart", power "gpu", performance "big", reset "usb", voltage "vdd" and the system.
void demo_platform(SimScmiPlatform& platform);
// A scalar sensor in thousandths.
ScmiSensorInfo scalar_sensor(const std::string& name, uint8_t trip_points = 0);
ScmiSensorInfo axis_sensor(const std::string& name, const std::vector<std::string>& axes);

} // namespace vwb::test
