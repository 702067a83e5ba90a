// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_schema.h"

#include "devices/scmi/scmi_wire.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr std::array PROTOCOLS {
    EnumName { SCMI_BASE, "BASE" },
    EnumName { SCMI_POWER_DOMAIN, "POWER_DOMAIN" },
    EnumName { SCMI_SYSTEM_POWER, "SYSTEM_POWER" },
    EnumName { SCMI_PERFORMANCE, "PERFORMANCE" },
    EnumName { SCMI_CLOCK, "CLOCK" },
    EnumName { SCMI_SENSOR, "SENSOR" },
    EnumName { SCMI_RESET, "RESET" },
    EnumName { SCMI_VOLTAGE, "VOLTAGE" },
};

constexpr std::array TYPES {
    EnumName { static_cast<uint64_t>(ScmiMessageType::Command), "COMMAND" },
    EnumName { static_cast<uint64_t>(ScmiMessageType::DelayedResponse), "DELAYED_RESPONSE" },
    EnumName { static_cast<uint64_t>(ScmiMessageType::Notification), "NOTIFICATION" },
};

// Negative numbers as they are in a field of 32 bits.
constexpr EnumName status(ScmiStatus value, const char* name)
{
    return { static_cast<uint32_t>(value), name };
}

constexpr std::array STATUSES {
    status(ScmiStatus::Success, "SUCCESS"),
    status(ScmiStatus::NotSupported, "NOT_SUPPORTED"),
    status(ScmiStatus::InvalidParameters, "INVALID_PARAMETERS"),
    status(ScmiStatus::Denied, "DENIED"),
    status(ScmiStatus::NotFound, "NOT_FOUND"),
    status(ScmiStatus::OutOfRange, "OUT_OF_RANGE"),
    status(ScmiStatus::Busy, "BUSY"),
    status(ScmiStatus::CommsError, "COMMS_ERROR"),
    status(ScmiStatus::GenericError, "GENERIC_ERROR"),
    status(ScmiStatus::HardwareError, "HARDWARE_ERROR"),
    status(ScmiStatus::ProtocolError, "PROTOCOL_ERROR"),
};

// Offsets of fields are counted from where parameters or return values begin.
constexpr SchemaField number(
    const char* name, uint16_t offset, uint16_t size = 4, FieldKind kind = FieldKind::Unsigned)
{
    return { .name = name, .kind = kind, .offset = offset, .size = size };
}

constexpr SchemaField varying(const char* name, uint16_t offset, uint16_t size)
{
    return {
        .name = name, .kind = FieldKind::Unsigned, .offset = offset, .size = size, .varies = true
    };
}

// The number of something that has a name.
constexpr SchemaField named(const char* name, uint16_t offset)
{
    return {
        .name = name, .kind = FieldKind::Unsigned, .offset = offset, .size = 4, .named = name
    };
}

constexpr SchemaField hex(const char* name, uint16_t offset)
{
    return {
        .name = name, .kind = FieldKind::Unsigned, .offset = offset, .size = 4, .hexadecimal = true
    };
}

constexpr SchemaField text(const char* name, uint16_t offset, size_t size)
{
    return {
        .name = name, .kind = FieldKind::Text, .offset = offset, .size = static_cast<uint16_t>(size)
    };
}

constexpr SchemaField rest(const char* name, uint16_t offset)
{
    return { .name = name, .kind = FieldKind::Bytes, .offset = offset, .size = 0 };
}

constexpr SchemaField part(const char* name, uint16_t offset, uint8_t shift, uint8_t bits)
{
    return { .name = name,
        .kind = FieldKind::Unsigned,
        .offset = offset,
        .size = 4,
        .shift = shift,
        .bits = bits };
}

constexpr std::array HEADER {
    SchemaField { .name = "message",
        .kind = FieldKind::Unsigned,
        .offset = 0,
        .size = 4,
        .hexadecimal = true,
        .help = "message of the protocol",
        .bits = 8 },
    SchemaField { .name = "type",
        .kind = FieldKind::Unsigned,
        .offset = 0,
        .size = 4,
        .names = TYPES,
        .shift = 8,
        .bits = 2 },
    SchemaField { .name = "protocol",
        .kind = FieldKind::Unsigned,
        .offset = 0,
        .size = 4,
        .names = PROTOCOLS,
        .hexadecimal = true,
        .shift = 10,
        .bits = 8 },
    SchemaField { .name = "token",
        .kind = FieldKind::Unsigned,
        .offset = 0,
        .size = 4,
        .help = "chosen by the driver, comes back with the answer",
        .shift = 18,
        .bits = 10 },
};

constexpr SchemaField STATUS { .name = "status",
    .kind = FieldKind::Unsigned,
    .offset = SCMI_HEADER_SIZE,
    .size = 4,
    .names = STATUSES };

// Header, what comes between, and the fields moved behind both.
template <size_t N, size_t M>
constexpr auto behind_header(
    const std::array<SchemaField, N>& between, const std::array<SchemaField, M>& fields)
{
    std::array<SchemaField, HEADER.size() + N + M> all {};
    auto end = std::copy(HEADER.begin(), HEADER.end(), all.begin());
    end = std::copy(between.begin(), between.end(), end);
    for (SchemaField field : fields) {
        field.offset = static_cast<uint16_t>(field.offset + SCMI_HEADER_SIZE + 4 * N);
        *end++ = field;
    }
    return all;
}

template <size_t N> constexpr auto parameters(const std::array<SchemaField, N>& fields)
{
    return behind_header(std::array<SchemaField, 0> {}, fields);
}

template <size_t N> constexpr auto return_values(const std::array<SchemaField, N>& fields)
{
    return behind_header(std::array { STATUS }, fields);
}

constexpr auto NO_PARAMETERS = parameters(std::array<SchemaField, 0> {});
constexpr auto RETURN_VERSION = return_values(std::array<SchemaField, 1> { number("version", 0) });
constexpr auto RETURN_REST = return_values(std::array<SchemaField, 1> { rest("rest", 0) });
constexpr auto TAKE_MESSAGE_ID = parameters(std::array<SchemaField, 1> { number("message_id", 0) });
constexpr auto RETURN_ATTRIBUTES
    = return_values(std::array<SchemaField, 1> { hex("attributes", 0) });
constexpr auto RETURN_NAME16
    = return_values(std::array<SchemaField, 1> { text("name", 0, SCMI_SHORT_NAME_SIZE) });
constexpr auto TAKE_SKIP = parameters(std::array<SchemaField, 1> { number("skip", 0) });
constexpr auto RETURN_COUNT_REST
    = return_values(std::array<SchemaField, 2> { number("count", 0), rest("rest", 4) });
constexpr auto TAKE_AGENT = parameters(std::array<SchemaField, 1> { number("agent", 0) });
constexpr auto RETURN_AGENT_NAME16 = return_values(
    std::array<SchemaField, 2> { number("agent", 0), text("name", 4, SCMI_SHORT_NAME_SIZE) });
constexpr auto TAKE_ENABLE = parameters(std::array<SchemaField, 1> { number("enable", 0) });
constexpr auto STATUS_ALONE = return_values(std::array<SchemaField, 0> {});
constexpr auto TAKE_AGENT_DOMAIN_FLAGS = parameters(
    std::array<SchemaField, 3> { number("agent", 0), number("domain", 4), hex("flags", 8) });
constexpr auto TAKE_AGENT_DOMAIN_PERMISSION_FLAGS = parameters(std::array<SchemaField, 4> {
    number("agent", 0), number("domain", 4), number("permission", 8), hex("flags", 12) });
constexpr auto TAKE_AGENT_FLAGS
    = parameters(std::array<SchemaField, 2> { number("agent", 0), hex("flags", 4) });
constexpr auto TAKE_DOMAIN = parameters(std::array<SchemaField, 1> { number("domain", 0) });
constexpr auto RETURN_ATTRIBUTES_NAME16 = return_values(
    std::array<SchemaField, 2> { hex("attributes", 0), text("name", 4, SCMI_SHORT_NAME_SIZE) });
constexpr auto TAKE_FLAGS_DOMAIN_STATE = parameters(
    std::array<SchemaField, 3> { hex("flags", 0), number("domain", 4), number("state", 8) });
constexpr auto RETURN_STATE = return_values(std::array<SchemaField, 1> { number("state", 0) });
constexpr auto TAKE_DOMAIN_ENABLE
    = parameters(std::array<SchemaField, 2> { number("domain", 0), number("enable", 4) });
constexpr auto RETURN_FLAGS_NAME = return_values(
    std::array<SchemaField, 2> { hex("flags", 0), text("name", 4, SCMI_NAME_SIZE) });
constexpr auto TAKE_FLAGS_STATE
    = parameters(std::array<SchemaField, 2> { hex("flags", 0), number("state", 4) });
constexpr auto RETURN_ATTRIBUTES_RATE_LIMIT_SUSTAINED_KHZ_SUSTAINED_LEVEL_NAME16
    = return_values(std::array<SchemaField, 5> { hex("attributes", 0), number("rate_limit", 4),
        number("sustained_khz", 8), number("sustained_level", 12),
        text("name", 16, SCMI_SHORT_NAME_SIZE) });
constexpr auto TAKE_DOMAIN_INDEX
    = parameters(std::array<SchemaField, 2> { number("domain", 0), number("index", 4) });
constexpr auto RETURN_COUNTS_REST = return_values(std::array<SchemaField, 3> {
    part("returned", 0, 0, 6), part("remaining", 0, 16, 16), rest("rest", 4) });
constexpr auto TAKE_DOMAIN_MAXIMUM_MINIMUM = parameters(
    std::array<SchemaField, 3> { number("domain", 0), number("maximum", 4), number("minimum", 8) });
constexpr auto RETURN_MAXIMUM_MINIMUM
    = return_values(std::array<SchemaField, 2> { number("maximum", 0), number("minimum", 4) });
constexpr auto TAKE_DOMAIN_LEVEL
    = parameters(std::array<SchemaField, 2> { number("domain", 0), number("level", 4) });
constexpr auto RETURN_LEVEL = return_values(std::array<SchemaField, 1> { number("level", 0) });
constexpr auto TAKE_CLOCK = parameters(std::array<SchemaField, 1> { named("clock", 0) });
constexpr auto RETURN_ATTRIBUTES_NAME16_LATENCY = return_values(std::array<SchemaField, 3> {
    hex("attributes", 0), text("name", 4, SCMI_SHORT_NAME_SIZE), number("latency", 20) });
constexpr auto TAKE_CLOCK_INDEX
    = parameters(std::array<SchemaField, 2> { named("clock", 0), number("index", 4) });
constexpr auto TAKE_FLAGS_CLOCK_RATE64 = parameters(std::array<SchemaField, 3> {
    hex("flags", 0), named("clock", 4), number("rate", 8, 8, FieldKind::Unsigned) });
constexpr auto RETURN_RATE64
    = return_values(std::array<SchemaField, 1> { number("rate", 0, 8, FieldKind::Unsigned) });
constexpr auto TAKE_CLOCK_ATTRIBUTES_CONFIG = parameters(
    std::array<SchemaField, 3> { named("clock", 0), hex("attributes", 4), hex("config", 8) });
constexpr auto TAKE_CLOCK_ENABLE
    = parameters(std::array<SchemaField, 2> { named("clock", 0), number("enable", 4) });
constexpr auto TAKE_CLOCK_FLAGS
    = parameters(std::array<SchemaField, 2> { named("clock", 0), hex("flags", 4) });
constexpr auto RETURN_ATTRIBUTES_CONFIG
    = return_values(std::array<SchemaField, 2> { hex("attributes", 0), hex("config", 4) });
constexpr auto TAKE_INDEX = parameters(std::array<SchemaField, 1> { number("index", 0) });
constexpr auto TAKE_SENSOR_ENABLE
    = parameters(std::array<SchemaField, 2> { named("sensor", 0), number("enable", 4) });
constexpr auto TAKE_SENSOR_CONTROL_VALUE64 = parameters(std::array<SchemaField, 3> {
    named("sensor", 0), hex("control", 4), number("value", 8, 8, FieldKind::Signed) });
constexpr auto TAKE_SENSOR_FLAGS
    = parameters(std::array<SchemaField, 2> { named("sensor", 0), hex("flags", 4) });
constexpr auto RETURN_VALUE64_TIME64_REST = return_values(std::array<SchemaField, 3> {
    number("value", 0, 8, FieldKind::Signed), varying("time", 8, 8), rest("rest", 16) });
constexpr auto TAKE_SENSOR_INDEX
    = parameters(std::array<SchemaField, 2> { named("sensor", 0), number("index", 4) });
constexpr auto TAKE_SENSOR = parameters(std::array<SchemaField, 1> { named("sensor", 0) });
constexpr auto RETURN_CONFIG = return_values(std::array<SchemaField, 1> { hex("config", 0) });
constexpr auto TAKE_SENSOR_CONFIG
    = parameters(std::array<SchemaField, 2> { named("sensor", 0), hex("config", 4) });
constexpr auto RETURN_ATTRIBUTES_LATENCY_NAME16 = return_values(std::array<SchemaField, 3> {
    hex("attributes", 0), number("latency", 4), text("name", 8, SCMI_SHORT_NAME_SIZE) });
constexpr auto TAKE_DOMAIN_FLAGS_STATE = parameters(
    std::array<SchemaField, 3> { number("domain", 0), hex("flags", 4), number("state", 8) });
constexpr auto TAKE_DOMAIN_CONFIG
    = parameters(std::array<SchemaField, 2> { number("domain", 0), hex("config", 4) });
constexpr auto TAKE_DOMAIN_FLAGS_LEVEL_S = parameters(std::array<SchemaField, 3> {
    number("domain", 0), hex("flags", 4), number("level", 8, 4, FieldKind::Signed) });
constexpr auto RETURN_LEVEL_S
    = return_values(std::array<SchemaField, 1> { number("level", 0, 4, FieldKind::Signed) });

// What a notification carries depends on its protocol and message.
constexpr auto EVENT = parameters(std::array { rest("payload", 0) });

constexpr uint32_t PROTOCOL_AND_MESSAGE = 0x3fcff;

constexpr SchemaMessage message(const char* name, uint8_t protocol, uint8_t id,
    std::span<const SchemaField> request, std::span<const SchemaField> response)
{
    return { .name = name,
        .queue = SCMI_CMDQ,
        .selector_offset = 0,
        .selector_size = SCMI_HEADER_SIZE,
        .selector_value = scmi_header_word(protocol, id, ScmiMessageType::Command),
        .request = request,
        .response = response,
        .selector_mask = PROTOCOL_AND_MESSAGE };
}

constexpr std::array MESSAGES {
    message("BASE_PROTOCOL_VERSION", SCMI_BASE, PROTOCOL_VERSION, NO_PARAMETERS, RETURN_VERSION),
    message("BASE_PROTOCOL_ATTRIBUTES", SCMI_BASE, PROTOCOL_ATTRIBUTES, NO_PARAMETERS, RETURN_REST),
    message("BASE_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_BASE, PROTOCOL_MESSAGE_ATTRIBUTES,
        TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("BASE_DISCOVER_VENDOR", SCMI_BASE, BASE_DISCOVER_VENDOR, NO_PARAMETERS, RETURN_NAME16),
    message("BASE_DISCOVER_SUB_VENDOR", SCMI_BASE, BASE_DISCOVER_SUB_VENDOR, NO_PARAMETERS,
        RETURN_NAME16),
    message("BASE_DISCOVER_IMPLEMENTATION_VERSION", SCMI_BASE, BASE_DISCOVER_IMPLEMENTATION_VERSION,
        NO_PARAMETERS, RETURN_VERSION),
    message("BASE_DISCOVER_LIST_PROTOCOLS", SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, TAKE_SKIP,
        RETURN_COUNT_REST),
    message("BASE_DISCOVER_AGENT", SCMI_BASE, BASE_DISCOVER_AGENT, TAKE_AGENT, RETURN_AGENT_NAME16),
    message("BASE_NOTIFY_ERRORS", SCMI_BASE, BASE_NOTIFY_ERRORS, TAKE_ENABLE, STATUS_ALONE),
    message("BASE_SET_DEVICE_PERMISSIONS", SCMI_BASE, BASE_SET_DEVICE_PERMISSIONS,
        TAKE_AGENT_DOMAIN_FLAGS, STATUS_ALONE),
    message("BASE_SET_PROTOCOL_PERMISSIONS", SCMI_BASE, BASE_SET_PROTOCOL_PERMISSIONS,
        TAKE_AGENT_DOMAIN_PERMISSION_FLAGS, STATUS_ALONE),
    message("BASE_RESET_AGENT_CONFIGURATION", SCMI_BASE, BASE_RESET_AGENT_CONFIGURATION,
        TAKE_AGENT_FLAGS, STATUS_ALONE),
    message("POWER_DOMAIN_PROTOCOL_VERSION", SCMI_POWER_DOMAIN, PROTOCOL_VERSION, NO_PARAMETERS,
        RETURN_VERSION),
    message("POWER_DOMAIN_PROTOCOL_ATTRIBUTES", SCMI_POWER_DOMAIN, PROTOCOL_ATTRIBUTES,
        NO_PARAMETERS, RETURN_REST),
    message("POWER_DOMAIN_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_POWER_DOMAIN,
        PROTOCOL_MESSAGE_ATTRIBUTES, TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("POWER_DOMAIN_ATTRIBUTES", SCMI_POWER_DOMAIN, POWER_DOMAIN_ATTRIBUTES, TAKE_DOMAIN,
        RETURN_ATTRIBUTES_NAME16),
    message("POWER_STATE_SET", SCMI_POWER_DOMAIN, POWER_STATE_SET, TAKE_FLAGS_DOMAIN_STATE,
        STATUS_ALONE),
    message("POWER_STATE_GET", SCMI_POWER_DOMAIN, POWER_STATE_GET, TAKE_DOMAIN, RETURN_STATE),
    message("POWER_STATE_NOTIFY", SCMI_POWER_DOMAIN, POWER_STATE_NOTIFY, TAKE_DOMAIN_ENABLE,
        STATUS_ALONE),
    message("POWER_DOMAIN_NAME_GET", SCMI_POWER_DOMAIN, POWER_DOMAIN_NAME_GET, TAKE_DOMAIN,
        RETURN_FLAGS_NAME),
    message("SYSTEM_POWER_PROTOCOL_VERSION", SCMI_SYSTEM_POWER, PROTOCOL_VERSION, NO_PARAMETERS,
        RETURN_VERSION),
    message("SYSTEM_POWER_PROTOCOL_ATTRIBUTES", SCMI_SYSTEM_POWER, PROTOCOL_ATTRIBUTES,
        NO_PARAMETERS, RETURN_REST),
    message("SYSTEM_POWER_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_SYSTEM_POWER,
        PROTOCOL_MESSAGE_ATTRIBUTES, TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("SYSTEM_POWER_STATE_SET", SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_SET, TAKE_FLAGS_STATE,
        STATUS_ALONE),
    message("SYSTEM_POWER_STATE_GET", SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_GET, NO_PARAMETERS,
        RETURN_STATE),
    message("SYSTEM_POWER_STATE_NOTIFY", SCMI_SYSTEM_POWER, SYSTEM_POWER_STATE_NOTIFY, TAKE_ENABLE,
        STATUS_ALONE),
    message("PERFORMANCE_PROTOCOL_VERSION", SCMI_PERFORMANCE, PROTOCOL_VERSION, NO_PARAMETERS,
        RETURN_VERSION),
    message("PERFORMANCE_PROTOCOL_ATTRIBUTES", SCMI_PERFORMANCE, PROTOCOL_ATTRIBUTES, NO_PARAMETERS,
        RETURN_REST),
    message("PERFORMANCE_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_PERFORMANCE,
        PROTOCOL_MESSAGE_ATTRIBUTES, TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("PERF_DOMAIN_ATTRIBUTES", SCMI_PERFORMANCE, PERF_DOMAIN_ATTRIBUTES, TAKE_DOMAIN,
        RETURN_ATTRIBUTES_RATE_LIMIT_SUSTAINED_KHZ_SUSTAINED_LEVEL_NAME16),
    message("PERF_DESCRIBE_LEVELS", SCMI_PERFORMANCE, PERF_DESCRIBE_LEVELS, TAKE_DOMAIN_INDEX,
        RETURN_COUNTS_REST),
    message("PERF_LIMITS_SET", SCMI_PERFORMANCE, PERF_LIMITS_SET, TAKE_DOMAIN_MAXIMUM_MINIMUM,
        STATUS_ALONE),
    message(
        "PERF_LIMITS_GET", SCMI_PERFORMANCE, PERF_LIMITS_GET, TAKE_DOMAIN, RETURN_MAXIMUM_MINIMUM),
    message("PERF_LEVEL_SET", SCMI_PERFORMANCE, PERF_LEVEL_SET, TAKE_DOMAIN_LEVEL, STATUS_ALONE),
    message("PERF_LEVEL_GET", SCMI_PERFORMANCE, PERF_LEVEL_GET, TAKE_DOMAIN, RETURN_LEVEL),
    message("PERF_NOTIFY_LIMITS", SCMI_PERFORMANCE, PERF_NOTIFY_LIMITS, TAKE_DOMAIN_ENABLE,
        STATUS_ALONE),
    message(
        "PERF_NOTIFY_LEVEL", SCMI_PERFORMANCE, PERF_NOTIFY_LEVEL, TAKE_DOMAIN_ENABLE, STATUS_ALONE),
    message("PERF_DOMAIN_NAME_GET", SCMI_PERFORMANCE, PERF_DOMAIN_NAME_GET, TAKE_DOMAIN,
        RETURN_FLAGS_NAME),
    message("CLOCK_PROTOCOL_VERSION", SCMI_CLOCK, PROTOCOL_VERSION, NO_PARAMETERS, RETURN_VERSION),
    message(
        "CLOCK_PROTOCOL_ATTRIBUTES", SCMI_CLOCK, PROTOCOL_ATTRIBUTES, NO_PARAMETERS, RETURN_REST),
    message("CLOCK_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_CLOCK, PROTOCOL_MESSAGE_ATTRIBUTES,
        TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("CLOCK_ATTRIBUTES", SCMI_CLOCK, CLOCK_ATTRIBUTES, TAKE_CLOCK,
        RETURN_ATTRIBUTES_NAME16_LATENCY),
    message("CLOCK_DESCRIBE_RATES", SCMI_CLOCK, CLOCK_DESCRIBE_RATES, TAKE_CLOCK_INDEX,
        RETURN_COUNTS_REST),
    message("CLOCK_RATE_SET", SCMI_CLOCK, CLOCK_RATE_SET, TAKE_FLAGS_CLOCK_RATE64, STATUS_ALONE),
    message("CLOCK_RATE_GET", SCMI_CLOCK, CLOCK_RATE_GET, TAKE_CLOCK, RETURN_RATE64),
    message("CLOCK_CONFIG_SET", SCMI_CLOCK, CLOCK_CONFIG_SET, TAKE_CLOCK_ATTRIBUTES_CONFIG,
        STATUS_ALONE),
    message("CLOCK_NAME_GET", SCMI_CLOCK, CLOCK_NAME_GET, TAKE_CLOCK, RETURN_FLAGS_NAME),
    message("CLOCK_RATE_NOTIFY", SCMI_CLOCK, CLOCK_RATE_NOTIFY, TAKE_CLOCK_ENABLE, STATUS_ALONE),
    message("CLOCK_CONFIG_GET", SCMI_CLOCK, CLOCK_CONFIG_GET, TAKE_CLOCK_FLAGS,
        RETURN_ATTRIBUTES_CONFIG),
    message(
        "SENSOR_PROTOCOL_VERSION", SCMI_SENSOR, PROTOCOL_VERSION, NO_PARAMETERS, RETURN_VERSION),
    message(
        "SENSOR_PROTOCOL_ATTRIBUTES", SCMI_SENSOR, PROTOCOL_ATTRIBUTES, NO_PARAMETERS, RETURN_REST),
    message("SENSOR_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_SENSOR, PROTOCOL_MESSAGE_ATTRIBUTES,
        TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("SENSOR_DESCRIPTION_GET", SCMI_SENSOR, SENSOR_DESCRIPTION_GET, TAKE_INDEX,
        RETURN_COUNTS_REST),
    message("SENSOR_TRIP_POINT_NOTIFY", SCMI_SENSOR, SENSOR_TRIP_POINT_NOTIFY, TAKE_SENSOR_ENABLE,
        STATUS_ALONE),
    message("SENSOR_TRIP_POINT_CONFIG", SCMI_SENSOR, SENSOR_TRIP_POINT_CONFIG,
        TAKE_SENSOR_CONTROL_VALUE64, STATUS_ALONE),
    message("SENSOR_READING_GET", SCMI_SENSOR, SENSOR_READING_GET, TAKE_SENSOR_FLAGS,
        RETURN_VALUE64_TIME64_REST),
    message("SENSOR_AXIS_DESCRIPTION_GET", SCMI_SENSOR, SENSOR_AXIS_DESCRIPTION_GET,
        TAKE_SENSOR_INDEX, RETURN_COUNTS_REST),
    message("SENSOR_LIST_UPDATE_INTERVALS", SCMI_SENSOR, SENSOR_LIST_UPDATE_INTERVALS,
        TAKE_SENSOR_INDEX, RETURN_COUNTS_REST),
    message("SENSOR_CONFIG_GET", SCMI_SENSOR, SENSOR_CONFIG_GET, TAKE_SENSOR, RETURN_CONFIG),
    message("SENSOR_CONFIG_SET", SCMI_SENSOR, SENSOR_CONFIG_SET, TAKE_SENSOR_CONFIG, STATUS_ALONE),
    message("SENSOR_CONTINUOUS_UPDATE_NOTIFY", SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY,
        TAKE_SENSOR_ENABLE, STATUS_ALONE),
    message("SENSOR_NAME_GET", SCMI_SENSOR, SENSOR_NAME_GET, TAKE_SENSOR, RETURN_FLAGS_NAME),
    message("SENSOR_AXIS_NAME_GET", SCMI_SENSOR, SENSOR_AXIS_NAME_GET, TAKE_SENSOR_INDEX,
        RETURN_COUNTS_REST),
    message("RESET_PROTOCOL_VERSION", SCMI_RESET, PROTOCOL_VERSION, NO_PARAMETERS, RETURN_VERSION),
    message(
        "RESET_PROTOCOL_ATTRIBUTES", SCMI_RESET, PROTOCOL_ATTRIBUTES, NO_PARAMETERS, RETURN_REST),
    message("RESET_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_RESET, PROTOCOL_MESSAGE_ATTRIBUTES,
        TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("RESET_DOMAIN_ATTRIBUTES", SCMI_RESET, RESET_DOMAIN_ATTRIBUTES, TAKE_DOMAIN,
        RETURN_ATTRIBUTES_LATENCY_NAME16),
    message("RESET", SCMI_RESET, RESET, TAKE_DOMAIN_FLAGS_STATE, STATUS_ALONE),
    message("RESET_NOTIFY", SCMI_RESET, RESET_NOTIFY, TAKE_DOMAIN_ENABLE, STATUS_ALONE),
    message(
        "RESET_DOMAIN_NAME_GET", SCMI_RESET, RESET_DOMAIN_NAME_GET, TAKE_DOMAIN, RETURN_FLAGS_NAME),
    message(
        "VOLTAGE_PROTOCOL_VERSION", SCMI_VOLTAGE, PROTOCOL_VERSION, NO_PARAMETERS, RETURN_VERSION),
    message("VOLTAGE_PROTOCOL_ATTRIBUTES", SCMI_VOLTAGE, PROTOCOL_ATTRIBUTES, NO_PARAMETERS,
        RETURN_REST),
    message("VOLTAGE_PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_VOLTAGE, PROTOCOL_MESSAGE_ATTRIBUTES,
        TAKE_MESSAGE_ID, RETURN_ATTRIBUTES),
    message("VOLTAGE_DOMAIN_ATTRIBUTES", SCMI_VOLTAGE, VOLTAGE_DOMAIN_ATTRIBUTES, TAKE_DOMAIN,
        RETURN_ATTRIBUTES_NAME16),
    message("VOLTAGE_DESCRIBE_LEVELS", SCMI_VOLTAGE, VOLTAGE_DESCRIBE_LEVELS, TAKE_DOMAIN_INDEX,
        RETURN_COUNTS_REST),
    message(
        "VOLTAGE_CONFIG_SET", SCMI_VOLTAGE, VOLTAGE_CONFIG_SET, TAKE_DOMAIN_CONFIG, STATUS_ALONE),
    message("VOLTAGE_CONFIG_GET", SCMI_VOLTAGE, VOLTAGE_CONFIG_GET, TAKE_DOMAIN, RETURN_CONFIG),
    message("VOLTAGE_LEVEL_SET", SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, TAKE_DOMAIN_FLAGS_LEVEL_S,
        STATUS_ALONE),
    message("VOLTAGE_LEVEL_GET", SCMI_VOLTAGE, VOLTAGE_LEVEL_GET, TAKE_DOMAIN, RETURN_LEVEL_S),
    message("VOLTAGE_DOMAIN_NAME_GET", SCMI_VOLTAGE, VOLTAGE_DOMAIN_NAME_GET, TAKE_DOMAIN,
        RETURN_FLAGS_NAME),
    SchemaMessage { .name = "UNKNOWN",
        .queue = SCMI_CMDQ,
        .selector_offset = 0,
        .selector_size = 0,
        .selector_value = 0,
        .request = NO_PARAMETERS,
        .response = STATUS_ALONE,
        .help = "a message or a protocol that the device does not know" },
    SchemaMessage { .name = "EVENT",
        .queue = SCMI_EVENTQ,
        .selector_offset = 0,
        .selector_size = 0,
        .selector_value = 0,
        .request = {},
        .response = EVENT,
        .help = "waits for a notification",
        .waits = true },
};

constexpr std::array FEATURES {
    EnumName { VIRTIO_SCMI_F_P2A_CHANNELS, "P2A_CHANNELS" },
    EnumName { VIRTIO_SCMI_F_SHARED_MEMORY, "SHARED_MEMORY" },
};
constexpr std::array QUEUES { "cmdq", "eventq" };

} // namespace

constinit const Schema SCMI_SCHEMA {
    .device = "scmi", .messages = MESSAGES, .config = {}, .features = FEATURES, .queues = QUEUES
};

} // namespace vwb
