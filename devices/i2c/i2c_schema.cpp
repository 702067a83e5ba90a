// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_schema.h"

#include "devices/i2c/i2c_wire.h"

#include <array>
#include <cstddef>

namespace vwb {
namespace {

constexpr std::array FLAGS {
    EnumName { VIRTIO_I2C_FLAGS_FAIL_NEXT, "FAIL_NEXT" },
    EnumName { VIRTIO_I2C_FLAGS_M_RD, "M_RD" },
};

constexpr std::array STATUSES {
    EnumName { VIRTIO_I2C_MSG_OK, "OK" },
    EnumName { VIRTIO_I2C_MSG_ERR, "ERR" },
};

constexpr SchemaField ADDR { .name = "addr",
    .kind = FieldKind::Unsigned,
    .offset = offsetof(virtio_i2c_out_hdr, addr),
    .size = 2,
    .hexadecimal = true,
    .help = "7-bit address shifted left by one: 0x90 is the chip at 0x48" };
constexpr SchemaField PADDING { .name = "padding",
    .kind = FieldKind::Padding,
    .offset = offsetof(virtio_i2c_out_hdr, padding),
    .size = 2 };
constexpr SchemaField FLAG_BITS { .name = "flags",
    .kind = FieldKind::Flags,
    .offset = offsetof(virtio_i2c_out_hdr, flags),
    .size = 4,
    .names = FLAGS,
    .help = "FAIL_NEXT: the next request belongs to the same transfer" };
constexpr SchemaField WRITE_BUF { .name = "write_buf",
    .kind = FieldKind::Bytes,
    .offset = sizeof(virtio_i2c_out_hdr),
    .size = 0,
    .help = "bytes written to the chip; none: a zero-length request" };
constexpr SchemaField READ_BUF { .name = "read_buf",
    .kind = FieldKind::Bytes,
    .offset = 0,
    .size = 0,
    .from_end = sizeof(virtio_i2c_in_hdr),
    .help = "bytes read from the chip" };
constexpr SchemaField STATUS { .name = "status",
    .kind = FieldKind::Unsigned,
    .offset = 0,
    .size = sizeof(virtio_i2c_in_hdr),
    .names = STATUSES,
    .from_end = sizeof(virtio_i2c_in_hdr) };

constexpr std::array WRITE_REQUEST { ADDR, PADDING, FLAG_BITS, WRITE_BUF };
constexpr std::array WRITE_RESPONSE { STATUS };
constexpr std::array READ_REQUEST { ADDR, PADDING, FLAG_BITS };
constexpr std::array READ_RESPONSE { READ_BUF, STATUS };
constexpr std::array ANY_RESPONSE { READ_BUF, STATUS };

constexpr SchemaMessage message(const char* name, uint32_t flags,
    std::span<const SchemaField> request, std::span<const SchemaField> response, const char* help)
{
    return { .name = name,
        .queue = I2C_REQUESTQ,
        .selector_offset = offsetof(virtio_i2c_out_hdr, flags),
        .selector_size = 4,
        .selector_value = flags,
        .request = request,
        .response = response,
        .help = help };
}

constexpr std::array MESSAGES {
    message("WRITE", 0, WRITE_REQUEST, WRITE_RESPONSE, "writes, and ends its transfer"),
    message("WRITE_FAIL_NEXT", VIRTIO_I2C_FLAGS_FAIL_NEXT, WRITE_REQUEST, WRITE_RESPONSE,
        "writes; more of the transfer follows"),
    message(
        "READ", VIRTIO_I2C_FLAGS_M_RD, READ_REQUEST, READ_RESPONSE, "reads, and ends its transfer"),
    message("READ_FAIL_NEXT", VIRTIO_I2C_FLAGS_M_RD | VIRTIO_I2C_FLAGS_FAIL_NEXT, READ_REQUEST,
        READ_RESPONSE, "reads; more of the transfer follows"),
    // Reserved flags are set.
    SchemaMessage { .name = "REQUEST",
        .queue = I2C_REQUESTQ,
        .selector_offset = 0,
        .selector_size = 0,
        .selector_value = 0,
        .request = WRITE_REQUEST,
        .response = ANY_RESPONSE,
        .help = "a request with reserved flags" },
};

constexpr std::array FEATURES { EnumName {
    VIRTIO_I2C_F_ZERO_LENGTH_REQUEST, "ZERO_LENGTH_REQUEST" } };
constexpr std::array QUEUES { "requestq" };

} // namespace

constinit const Schema I2C_SCHEMA {
    .device = "i2c", .messages = MESSAGES, .config = {}, .features = FEATURES, .queues = QUEUES
};

} // namespace vwb
