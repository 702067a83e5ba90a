// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_schema.h"

#include "devices/gpio/gpio_wire.h"

#include <array>
#include <cstddef>

namespace vwb {
namespace {

constexpr std::array TYPES {
    EnumName { VIRTIO_GPIO_MSG_GET_LINE_NAMES, "GET_LINE_NAMES" },
    EnumName { VIRTIO_GPIO_MSG_GET_DIRECTION, "GET_DIRECTION" },
    EnumName { VIRTIO_GPIO_MSG_SET_DIRECTION, "SET_DIRECTION" },
    EnumName { VIRTIO_GPIO_MSG_GET_VALUE, "GET_VALUE" },
    EnumName { VIRTIO_GPIO_MSG_SET_VALUE, "SET_VALUE" },
    EnumName { VIRTIO_GPIO_MSG_SET_IRQ_TYPE, "SET_IRQ_TYPE" },
};

constexpr std::array STATUSES {
    EnumName { VIRTIO_GPIO_STATUS_OK, "OK" },
    EnumName { VIRTIO_GPIO_STATUS_ERR, "ERR" },
};

constexpr std::array DIRECTIONS {
    EnumName { VIRTIO_GPIO_DIRECTION_NONE, "NONE" },
    EnumName { VIRTIO_GPIO_DIRECTION_OUT, "OUT" },
    EnumName { VIRTIO_GPIO_DIRECTION_IN, "IN" },
};

constexpr std::array LEVELS {
    EnumName { 0, "LOW" },
    EnumName { 1, "HIGH" },
};

constexpr std::array IRQ_TYPES {
    EnumName { VIRTIO_GPIO_IRQ_TYPE_NONE, "NONE" },
    EnumName { VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING, "EDGE_RISING" },
    EnumName { VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING, "EDGE_FALLING" },
    EnumName { VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH, "EDGE_BOTH" },
    EnumName { VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH, "LEVEL_HIGH" },
    EnumName { VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW, "LEVEL_LOW" },
};

constexpr std::array IRQ_STATUSES {
    EnumName { VIRTIO_GPIO_IRQ_STATUS_INVALID, "INVALID" },
    EnumName { VIRTIO_GPIO_IRQ_STATUS_VALID, "VALID" },
};

// Members of virtio_gpio_request; "value" differs from message to message.
constexpr SchemaField type_field()
{
    return { .name = "type",
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_request, type),
        .size = 2,
        .names = TYPES,
        .help = "message type" };
}

constexpr SchemaField line_field(const char* help)
{
    return { .name = "line",
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_request, gpio),
        .size = 2,
        .help = help,
        .named = "line" };
}

constexpr SchemaField value_field(
    const char* name, std::span<const EnumName> names, const char* help)
{
    return { .name = name,
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_request, value),
        .size = 4,
        .names = names,
        .help = help };
}

constexpr SchemaField unused_value_field()
{
    return { .name = "value",
        .kind = FieldKind::Padding,
        .offset = offsetof(virtio_gpio_request, value),
        .size = 4 };
}

constexpr SchemaField status_field()
{
    return { .name = "status",
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_response, status),
        .size = 1,
        .names = STATUSES };
}

constexpr SchemaField result_field(const char* name, std::span<const EnumName> names)
{
    return { .name = name,
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_response, value),
        .size = 1,
        .names = names };
}

constexpr auto LINE_HELP = "line number, below ngpio";

constexpr std::array NAMES_REQUEST {
    type_field(),
    SchemaField { .name = "line",
        .kind = FieldKind::Padding,
        .offset = offsetof(virtio_gpio_request, gpio),
        .size = 2 },
    unused_value_field(),
};
constexpr std::array NAMES_RESPONSE {
    status_field(),
    SchemaField { .name = "names",
        .kind = FieldKind::Text,
        .offset = GPIO_NAMES_RESPONSE_HEADER,
        .size = 0,
        .help = "a zero-terminated name for each line, empty if it has none" },
};

constexpr std::array READ_REQUEST { type_field(), line_field(LINE_HELP), unused_value_field() };
constexpr std::array DIRECTION_RESPONSE { status_field(), result_field("direction", DIRECTIONS) };
constexpr std::array LEVEL_RESPONSE { status_field(), result_field("level", LEVELS) };

constexpr std::array SET_DIRECTION_REQUEST { type_field(), line_field(LINE_HELP),
    value_field("direction", DIRECTIONS, "NONE deactivates the line and drops its state") };
constexpr std::array SET_VALUE_REQUEST { type_field(), line_field(LINE_HELP),
    value_field("level", LEVELS, "kept until the line becomes an output") };
constexpr std::array SET_IRQ_TYPE_REQUEST { type_field(), line_field(LINE_HELP),
    value_field("irq_type", IRQ_TYPES, "NONE disables the interrupt") };
constexpr std::array EMPTY_RESPONSE { status_field(),
    SchemaField { .name = "value",
        .kind = FieldKind::Padding,
        .offset = offsetof(virtio_gpio_response, value),
        .size = 1 } };

constexpr std::array EVENT_REQUEST {
    SchemaField { .name = "line",
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_irq_request, gpio),
        .size = 2,
        .help = "line whose interrupt is unmasked",
        .named = "line" },
};
constexpr std::array EVENT_RESPONSE {
    SchemaField { .name = "status",
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_irq_response, status),
        .size = 1,
        .names = IRQ_STATUSES,
        .help = "VALID: an interrupt; INVALID: the buffer comes back without one" },
};

constexpr SchemaMessage request_message(const char* name, uint16_t type,
    std::span<const SchemaField> request, std::span<const SchemaField> response, const char* help)
{
    return { .name = name,
        .queue = GPIO_REQUESTQ,
        .selector_offset = offsetof(virtio_gpio_request, type),
        .selector_size = 2,
        .selector_value = type,
        .request = request,
        .response = response,
        .help = help };
}

constexpr std::array MESSAGES {
    request_message("GET_LINE_NAMES", VIRTIO_GPIO_MSG_GET_LINE_NAMES, NAMES_REQUEST, NAMES_RESPONSE,
        "the names of all lines"),
    request_message("GET_DIRECTION", VIRTIO_GPIO_MSG_GET_DIRECTION, READ_REQUEST,
        DIRECTION_RESPONSE, "the direction a line is configured for"),
    request_message("SET_DIRECTION", VIRTIO_GPIO_MSG_SET_DIRECTION, SET_DIRECTION_REQUEST,
        EMPTY_RESPONSE, "configures or deactivates a line"),
    request_message("GET_VALUE", VIRTIO_GPIO_MSG_GET_VALUE, READ_REQUEST, LEVEL_RESPONSE,
        "the level sensed on a line"),
    request_message("SET_VALUE", VIRTIO_GPIO_MSG_SET_VALUE, SET_VALUE_REQUEST, EMPTY_RESPONSE,
        "the level a line has as an output"),
    request_message("SET_IRQ_TYPE", VIRTIO_GPIO_MSG_SET_IRQ_TYPE, SET_IRQ_TYPE_REQUEST,
        EMPTY_RESPONSE, "enables or disables the interrupt of a line"),
    SchemaMessage { .name = "IRQ",
        .queue = GPIO_EVENTQ,
        .selector_offset = 0,
        .selector_size = 0,
        .selector_value = 0,
        .request = EVENT_REQUEST,
        .response = EVENT_RESPONSE,
        .help = "waits for an interrupt of a line; queued: unmasked, returned: masked",
        .waits = true },
};

constexpr std::array CONFIG {
    SchemaField { .name = "ngpio",
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_config, ngpio),
        .size = 2,
        .help = "number of lines" },
    SchemaField { .name = "padding",
        .kind = FieldKind::Padding,
        .offset = offsetof(virtio_gpio_config, padding),
        .size = 2 },
    SchemaField { .name = "gpio_names_size",
        .kind = FieldKind::Unsigned,
        .offset = offsetof(virtio_gpio_config, gpio_names_size),
        .size = 4,
        .help = "bytes of all names; 0: no line has one" },
};

constexpr std::array FEATURES { EnumName { VIRTIO_GPIO_F_IRQ, "IRQ" } };
constexpr std::array QUEUES { "requestq", "eventq" };

} // namespace

constinit const Schema GPIO_SCHEMA {
    .device = "gpio", .messages = MESSAGES, .config = CONFIG, .features = FEATURES, .queues = QUEUES
};

} // namespace vwb
