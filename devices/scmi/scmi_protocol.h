// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiProtocol: one protocol of the platform (sensors, clocks, ...) behind one interface: a table
// of its messages, which the device checks sizes and features by, and what each of them does. The
// three messages that every protocol has are the device's. Owned by ScmiDevice, on its loop.
#pragma once

#include "devices/scmi/scmi_command.h"
#include "devices/scmi/scmi_event_queue.h"
#include "engine/base/inspector.h"
#include "engine/device/state_stream.h"

#include <span>

namespace vwb {

struct ScmiMessage {
    uint8_t id;
    const char* name; // as in the specification
    uint8_t parameter_bytes; // exactly
    // Behind the status, at least: a list that comes in pages needs room for one entry.
    uint8_t return_bytes = 0;
    // Asks for notifications: not there without VIRTIO_SCMI_F_P2A_CHANNELS.
    bool notifies = false;
};

// What a protocol has of its device.
class ScmiPlatform {
public:
    virtual ScmiEventQueue& events() = 0;
    virtual DeviceContext& context() = 0;
    // The hardware failed behind a command or a notification: reported, and told to a driver that
    // asked for errors.
    virtual void hardware_failed(uint32_t header, const std::string& what, const Error& error) = 0;

protected:
    ~ScmiPlatform() = default;
};

class ScmiProtocol {
public:
    virtual ~ScmiProtocol() = default;

    virtual uint8_t id() const = 0;
    virtual const char* name() const = 0; // "sensor"
    virtual uint32_t version() const = 0; // major << 16 | minor
    virtual std::span<const ScmiMessage> messages() const = 0;
    // Return values of PROTOCOL_ATTRIBUTES.
    virtual void attributes(ScmiCommand& command) const = 0;

    // A message of the table, with parameters and room as it says. A command that was kept is
    // answered later, whatever is returned.
    virtual ScmiStatus handle(ScmiCommand& command) = 0;

    // The queue stops: kept commands are given back.
    virtual void stop_commands() { }
    // As it was before the driver came.
    virtual void reset() = 0;
    virtual void inspect(Inspector& inspector) const = 0;

    // What the driver has set up, for a successor, which takes it after reset(). Errors: Invalid if
    // it does not fit, and as the hardware says.
    virtual void save(StateWriter& state) const = 0;
    virtual Result<void> load(StateReader& state) = 0;
};

// What the hardware's refusal is to a driver.
ScmiStatus scmi_status(const Error& error);

// "SENSOR_READING_GET", or null pointer.
const ScmiMessage* find_scmi_message(std::span<const ScmiMessage> messages, uint8_t id);

// A protocol with notifications offers at least one message that asks for them.
bool has_scmi_events(const ScmiProtocol& protocol);

} // namespace vwb
