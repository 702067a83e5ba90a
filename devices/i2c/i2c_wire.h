// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The I2C adapter on the wire: structs and constants with the names of virtio 1.4, 5.16. No logic.
#pragma once

#include "engine/base/endian.h"

namespace vwb {

// virtio 1.4, 5.16.1
inline constexpr uint32_t VIRTIO_ID_I2C_ADAPTER = 34;

// virtio 1.4, 5.16.2
inline constexpr unsigned I2C_REQUESTQ = 0;

// virtio 1.4, 5.16.3: a bit number; mandatory for both sides.
inline constexpr unsigned VIRTIO_I2C_F_ZERO_LENGTH_REQUEST = 0;

// virtio 1.4, 5.16.6.1: the device-readable part begins with it; write data follow.
struct virtio_i2c_out_hdr {
    le16 addr;
    le16 padding;
    le32 flags;
};
static_assert(sizeof(virtio_i2c_out_hdr) == 8);

// The device-writable part ends with it, behind read data.
struct virtio_i2c_in_hdr {
    uint8_t status;
};
static_assert(sizeof(virtio_i2c_in_hdr) == 1);

inline constexpr uint32_t VIRTIO_I2C_FLAGS_FAIL_NEXT = 1u << 0;
inline constexpr uint32_t VIRTIO_I2C_FLAGS_M_RD = 1u << 1;

inline constexpr uint8_t VIRTIO_I2C_MSG_OK = 0;
inline constexpr uint8_t VIRTIO_I2C_MSG_ERR = 1;

// virtio 1.4, 5.16.6.1: a 10-bit address has 11110 in bits 7 to 3, which no 7-bit address has.
inline constexpr uint16_t I2C_TEN_BIT_MASK = 0x00f9;
inline constexpr uint16_t I2C_TEN_BIT_MARK = 0x00f0;

} // namespace vwb
