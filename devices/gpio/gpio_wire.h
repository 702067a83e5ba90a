// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The GPIO device on the wire: structs and constants with the names of virtio 1.4, 5.18. No logic.
#pragma once

#include "engine/base/endian.h"

namespace vwb {

// virtio 1.4, 5.18.1
inline constexpr uint32_t VIRTIO_ID_GPIO = 41;

// virtio 1.4, 5.18.2: eventq is there only with VIRTIO_GPIO_F_IRQ.
inline constexpr unsigned GPIO_REQUESTQ = 0;
inline constexpr unsigned GPIO_EVENTQ = 1;

// virtio 1.4, 5.18.3: a bit number
inline constexpr unsigned VIRTIO_GPIO_F_IRQ = 0;

// virtio 1.4, 5.18.4
struct virtio_gpio_config {
    le16 ngpio;
    uint8_t padding[2] = {};
    le32 gpio_names_size;
};
static_assert(sizeof(virtio_gpio_config) == 8);

// virtio 1.4, 5.18.6
struct virtio_gpio_request {
    le16 type;
    le16 gpio;
    le32 value;
};
static_assert(sizeof(virtio_gpio_request) == 8);

struct virtio_gpio_response {
    uint8_t status;
    uint8_t value;
};
static_assert(sizeof(virtio_gpio_response) == 2);

// virtio 1.4, 5.18.6.1: virtio_gpio_response_N is this byte and gpio_names_size bytes of names.
inline constexpr uint32_t GPIO_NAMES_RESPONSE_HEADER = 1;

inline constexpr uint8_t VIRTIO_GPIO_STATUS_OK = 0x0;
inline constexpr uint8_t VIRTIO_GPIO_STATUS_ERR = 0x1;

inline constexpr uint16_t VIRTIO_GPIO_MSG_GET_LINE_NAMES = 0x0001;
inline constexpr uint16_t VIRTIO_GPIO_MSG_GET_DIRECTION = 0x0002;
inline constexpr uint16_t VIRTIO_GPIO_MSG_SET_DIRECTION = 0x0003;
inline constexpr uint16_t VIRTIO_GPIO_MSG_GET_VALUE = 0x0004;
inline constexpr uint16_t VIRTIO_GPIO_MSG_SET_VALUE = 0x0005;
inline constexpr uint16_t VIRTIO_GPIO_MSG_SET_IRQ_TYPE = 0x0006;

inline constexpr uint8_t VIRTIO_GPIO_DIRECTION_NONE = 0x00;
inline constexpr uint8_t VIRTIO_GPIO_DIRECTION_OUT = 0x01;
inline constexpr uint8_t VIRTIO_GPIO_DIRECTION_IN = 0x02;

inline constexpr uint8_t VIRTIO_GPIO_IRQ_TYPE_NONE = 0x00;
inline constexpr uint8_t VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING = 0x01;
inline constexpr uint8_t VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING = 0x02;
inline constexpr uint8_t VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH = 0x03;
inline constexpr uint8_t VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH = 0x04;
inline constexpr uint8_t VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW = 0x08;

// virtio 1.4, 5.18.7
struct virtio_gpio_irq_request {
    le16 gpio;
};
static_assert(sizeof(virtio_gpio_irq_request) == 2);

struct virtio_gpio_irq_response {
    uint8_t status;
};
static_assert(sizeof(virtio_gpio_irq_response) == 1);

inline constexpr uint8_t VIRTIO_GPIO_IRQ_STATUS_INVALID = 0x0;
inline constexpr uint8_t VIRTIO_GPIO_IRQ_STATUS_VALID = 0x1;

} // namespace vwb
