// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The SCMI device on the wire: the virtio part (virtio 1.4, 5.17) and what all SCMI protocols share
// (Arm DEN0056, 4.1), with their names. No logic but the header's bits.
#pragma once

#include "engine/base/endian.h"

namespace vwb {

// virtio 1.4, 5.17.1
inline constexpr uint32_t VIRTIO_ID_SCMI = 32;

// virtio 1.4, 5.17.2: eventq is there only with VIRTIO_SCMI_F_P2A_CHANNELS.
inline constexpr unsigned SCMI_CMDQ = 0;
inline constexpr unsigned SCMI_EVENTQ = 1;

// virtio 1.4, 5.17.3: bit numbers
inline constexpr unsigned VIRTIO_SCMI_F_P2A_CHANNELS = 0;
inline constexpr unsigned VIRTIO_SCMI_F_SHARED_MEMORY = 1;

// virtio 1.4, 5.17.6.1: le32 header, then parameters; le32 header, then return values, of which the
// first is the status. An event (5.17.6.3) is a le32 header and its payload.
inline constexpr uint32_t SCMI_HEADER_SIZE = 4;
inline constexpr uint32_t SCMI_STATUS_SIZE = 4;

// DEN0056, 4.1.4.1
enum class ScmiMessageType : uint8_t { Command = 0, DelayedResponse = 2, Notification = 3 };

struct ScmiHeader {
    uint8_t message = 0; // bits 7:0
    uint8_t type = 0; // 9:8
    uint8_t protocol = 0; // 17:10
    uint32_t word = 0; // all of it, as it is echoed
};

constexpr ScmiHeader scmi_header(uint32_t word)
{
    return { static_cast<uint8_t>(word), static_cast<uint8_t>(word >> 8 & 3),
        static_cast<uint8_t>(word >> 10), word };
}

constexpr uint32_t scmi_header_word(
    uint8_t protocol, uint8_t message, ScmiMessageType type, uint32_t token = 0)
{
    return message | uint32_t { static_cast<uint8_t>(type) } << 8 | uint32_t { protocol } << 10
        | (token & 0x3ff) << 18;
}

// DEN0056, 4.1.2
enum class ScmiStatus : int32_t {
    Success = 0,
    NotSupported = -1,
    InvalidParameters = -2,
    Denied = -3,
    NotFound = -4,
    OutOfRange = -5,
    Busy = -6,
    CommsError = -7,
    GenericError = -8,
    HardwareError = -9,
    ProtocolError = -10,
};

inline constexpr uint8_t SCMI_BASE = 0x10;
inline constexpr uint8_t SCMI_POWER_DOMAIN = 0x11;
inline constexpr uint8_t SCMI_SYSTEM_POWER = 0x12;
inline constexpr uint8_t SCMI_PERFORMANCE = 0x13;
inline constexpr uint8_t SCMI_CLOCK = 0x14;
inline constexpr uint8_t SCMI_SENSOR = 0x15;
inline constexpr uint8_t SCMI_RESET = 0x16;
inline constexpr uint8_t SCMI_VOLTAGE = 0x17;

// In every protocol.
inline constexpr uint8_t PROTOCOL_VERSION = 0x0;
inline constexpr uint8_t PROTOCOL_ATTRIBUTES = 0x1;
inline constexpr uint8_t PROTOCOL_MESSAGE_ATTRIBUTES = 0x2;

inline constexpr uint8_t BASE_DISCOVER_VENDOR = 0x3;
inline constexpr uint8_t BASE_DISCOVER_SUB_VENDOR = 0x4;
inline constexpr uint8_t BASE_DISCOVER_IMPLEMENTATION_VERSION = 0x5;
inline constexpr uint8_t BASE_DISCOVER_LIST_PROTOCOLS = 0x6;
inline constexpr uint8_t BASE_DISCOVER_AGENT = 0x7;
inline constexpr uint8_t BASE_NOTIFY_ERRORS = 0x8;
inline constexpr uint8_t BASE_SET_DEVICE_PERMISSIONS = 0x9;
inline constexpr uint8_t BASE_SET_PROTOCOL_PERMISSIONS = 0xa;
inline constexpr uint8_t BASE_RESET_AGENT_CONFIGURATION = 0xb;
inline constexpr uint8_t BASE_ERROR_EVENT = 0x0;

inline constexpr uint8_t POWER_DOMAIN_ATTRIBUTES = 0x3;
inline constexpr uint8_t POWER_STATE_SET = 0x4;
inline constexpr uint8_t POWER_STATE_GET = 0x5;
inline constexpr uint8_t POWER_STATE_NOTIFY = 0x6;
inline constexpr uint8_t POWER_DOMAIN_NAME_GET = 0x8;
inline constexpr uint8_t POWER_STATE_CHANGED = 0x0;

inline constexpr uint8_t SYSTEM_POWER_STATE_SET = 0x3;
inline constexpr uint8_t SYSTEM_POWER_STATE_GET = 0x4;
inline constexpr uint8_t SYSTEM_POWER_STATE_NOTIFY = 0x5;
inline constexpr uint8_t SYSTEM_POWER_STATE_NOTIFIER = 0x0;

inline constexpr uint8_t PERF_DOMAIN_ATTRIBUTES = 0x3;
inline constexpr uint8_t PERF_DESCRIBE_LEVELS = 0x4;
inline constexpr uint8_t PERF_LIMITS_SET = 0x5;
inline constexpr uint8_t PERF_LIMITS_GET = 0x6;
inline constexpr uint8_t PERF_LEVEL_SET = 0x7;
inline constexpr uint8_t PERF_LEVEL_GET = 0x8;
inline constexpr uint8_t PERF_NOTIFY_LIMITS = 0x9;
inline constexpr uint8_t PERF_NOTIFY_LEVEL = 0xa;
inline constexpr uint8_t PERF_DOMAIN_NAME_GET = 0xc;
inline constexpr uint8_t PERF_LIMITS_CHANGED = 0x0;
inline constexpr uint8_t PERF_LEVEL_CHANGED = 0x1;

inline constexpr uint8_t CLOCK_ATTRIBUTES = 0x3;
inline constexpr uint8_t CLOCK_DESCRIBE_RATES = 0x4;
inline constexpr uint8_t CLOCK_RATE_SET = 0x5;
inline constexpr uint8_t CLOCK_RATE_GET = 0x6;
inline constexpr uint8_t CLOCK_CONFIG_SET = 0x7;
inline constexpr uint8_t CLOCK_NAME_GET = 0x8;
inline constexpr uint8_t CLOCK_RATE_NOTIFY = 0x9;
inline constexpr uint8_t CLOCK_CONFIG_GET = 0xb;
inline constexpr uint8_t CLOCK_RATE_CHANGED = 0x0;

inline constexpr uint8_t SENSOR_DESCRIPTION_GET = 0x3;
inline constexpr uint8_t SENSOR_TRIP_POINT_NOTIFY = 0x4;
inline constexpr uint8_t SENSOR_TRIP_POINT_CONFIG = 0x5;
inline constexpr uint8_t SENSOR_READING_GET = 0x6;
inline constexpr uint8_t SENSOR_AXIS_DESCRIPTION_GET = 0x7;
inline constexpr uint8_t SENSOR_LIST_UPDATE_INTERVALS = 0x8;
inline constexpr uint8_t SENSOR_CONFIG_GET = 0x9;
inline constexpr uint8_t SENSOR_CONFIG_SET = 0xa;
inline constexpr uint8_t SENSOR_CONTINUOUS_UPDATE_NOTIFY = 0xb;
inline constexpr uint8_t SENSOR_NAME_GET = 0xc;
inline constexpr uint8_t SENSOR_AXIS_NAME_GET = 0xd;
inline constexpr uint8_t SENSOR_TRIP_POINT_EVENT = 0x0;
inline constexpr uint8_t SENSOR_UPDATE = 0x1;

inline constexpr uint8_t RESET_DOMAIN_ATTRIBUTES = 0x3;
inline constexpr uint8_t RESET = 0x4;
inline constexpr uint8_t RESET_NOTIFY = 0x5;
inline constexpr uint8_t RESET_DOMAIN_NAME_GET = 0x6;
inline constexpr uint8_t RESET_ISSUED = 0x0;

inline constexpr uint8_t VOLTAGE_DOMAIN_ATTRIBUTES = 0x3;
inline constexpr uint8_t VOLTAGE_DESCRIBE_LEVELS = 0x4;
inline constexpr uint8_t VOLTAGE_CONFIG_SET = 0x5;
inline constexpr uint8_t VOLTAGE_CONFIG_GET = 0x6;
inline constexpr uint8_t VOLTAGE_LEVEL_SET = 0x7;
inline constexpr uint8_t VOLTAGE_LEVEL_GET = 0x8;
inline constexpr uint8_t VOLTAGE_DOMAIN_NAME_GET = 0x9;

// Names come short with the attributes, zero-terminated, and whole on request.
inline constexpr size_t SCMI_SHORT_NAME_SIZE = 16;
inline constexpr size_t SCMI_NAME_SIZE = 64;

// DEN0056, 4.2.2.8: agent 0 is the platform; the guest is the only other one.
inline constexpr uint32_t SCMI_PLATFORM_AGENT = 0;
inline constexpr uint32_t SCMI_GUEST_AGENT = 1;

} // namespace vwb
