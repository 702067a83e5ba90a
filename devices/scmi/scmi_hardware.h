// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The hardware port of the SCMI device: a platform that has sensors, clocks and domains, or some of
// them. Simulated, or real sensors of the host. What it has not, the device does not offer.
#pragma once

#include "devices/scmi/scmi_domain_hardware.h"
#include "devices/scmi/scmi_sensor_hardware.h"
#include "engine/base/actions.h"
#include "engine/base/config.h"
#include "engine/base/inspector.h"
#include "engine/base/signal_listener.h"
#include "engine/event/event_loop.h"

#include <functional>
#include <memory>
#include <string>

namespace vwb {

class ScmiHardware {
public:
    virtual ~ScmiHardware() = default;

    // Null pointers: there are none.
    virtual ScmiSensors* sensors() { return nullptr; }
    virtual ScmiClocks* clocks() { return nullptr; }
    virtual ScmiPowerDomains* power() { return nullptr; }
    virtual ScmiPerformanceDomains* performance() { return nullptr; }
    virtual ScmiResetDomains* resets() { return nullptr; }
    virtual ScmiVoltageDomains* voltages() { return nullptr; }
    virtual ScmiSystem* system() { return nullptr; }

    // Null pointer: nobody listens. Borrowed.
    virtual void set_signal_listener(SignalListener* listener) = 0;

    virtual void inspect(Inspector& inspector) const = 0;
    // Verbs for observers, or null pointer if there are none.
    virtual Actions* actions() { return nullptr; }
};

// A kind of SCMI hardware as users name it in a bench file, and how to make it.
struct ScmiHardwareKind {
    std::string name; // "sim"
    std::string help; // one line
    std::string example; // TOML of its table, without header
    // Reads all keys of the hardware's table. Errors name file, line and key.
    std::function<Result<std::unique_ptr<ScmiHardware>>(EventLoop&, ConfigReader&)> create;
};

} // namespace vwb
