// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Registry: the device types that this program contains, filled in by main() so that one can read
// there what it can do. No self-registration.
#pragma once

#include "engine/base/config.h"
#include "engine/device/device.h"
#include "engine/driver/driver_load.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vwb {

// A kind of hardware as users name it in a bench file, for help and errors.
struct HardwareInfo {
    std::string kind; // "sim", "gpiochip", "getrandom"
    std::string help; // one line
    std::string example; // TOML of its table, without header; may be empty
};

// What a device is made from.
struct DeviceSetup {
    std::string name; // "gpio0"
    std::string hardware; // a kind
    ConfigReader& device; // the [[device]] table: keys of the device itself
    ConfigReader& parameters; // the sub-table named like the hardware kind (empty if there is none)
    EventLoop& loop; // where the device will live; this call is on its thread
};

struct DeviceType {
    std::string name; // "gpio"
    std::string help; // one line
    uint32_t device_id = 0;
    const Schema* schema = nullptr;
    std::vector<HardwareInfo> hardware; // the first is the default
    std::function<Result<std::unique_ptr<Device>>(DeviceSetup&)> create;
    // The bench file section and the load that "vwb demo" shows this device with.
    std::string demo_bench;
    std::function<std::unique_ptr<DriverLoad>()> demo_load;
};

class Registry {
public:
    void add(DeviceType type) { m_types.push_back(std::move(type)); }
    const std::vector<DeviceType>& types() const { return m_types; }
    // Null pointer if there is none of that name.
    const DeviceType* find(std::string_view name) const;

private:
    std::vector<DeviceType> m_types;
};

} // namespace vwb
