// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_transfer.h"

#include "devices/i2c/i2c_wire.h"

#include <cstring>

namespace vwb {

std::optional<TwoWireTransfer> i2c_transfer(const TraceRecord& record)
{
    virtio_i2c_out_hdr header;
    if (record.kind != RecordKind::Request || record.readable.size() < sizeof header)
        return std::nullopt;
    std::memcpy(&header, record.readable.data(), sizeof header);
    const uint32_t flags = header.flags;
    TwoWireTransfer transfer;
    transfer.address = static_cast<uint8_t>(header.addr >> 1 & 0x7f);
    transfer.read = (flags & VIRTIO_I2C_FLAGS_M_RD) != 0;
    transfer.stop = (flags & VIRTIO_I2C_FLAGS_FAIL_NEXT) == 0;
    const uint32_t used = record.used_length.value_or(0);
    if (used == 0)
        return std::nullopt; // no answer at all
    if (record.written.size() == used)
        transfer.acknowledged
            = std::to_integer<uint8_t>(record.written.back()) == VIRTIO_I2C_MSG_OK;
    if (transfer.read) { // virtio 1.4, 5.20.6.1: the status is behind the data
        transfer.size = used - uint32_t { sizeof(virtio_i2c_in_hdr) };
        transfer.data
            = record.written.first(std::min<size_t>(record.written.size(), transfer.size));
    } else {
        transfer.data = record.readable.subspan(sizeof header);
        transfer.size = record.readable_bytes.value_or(0)
            - static_cast<uint32_t>(
                std::min<size_t>(record.readable_bytes.value_or(0), sizeof header));
    }
    return transfer;
}

} // namespace vwb
