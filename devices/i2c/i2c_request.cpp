// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_request.h"

#include "engine/base/inspector.h"

namespace vwb {
namespace {

constexpr uint32_t HEADER = sizeof(virtio_i2c_out_hdr);
constexpr uint32_t STATUS_SIZE = sizeof(virtio_i2c_in_hdr);

// virtio 1.4, 5.16.6.1: none if it is neither a 7-bit nor a 10-bit address.
std::optional<I2cAddress> address_of(uint16_t addr)
{
    if ((addr & I2C_TEN_BIT_MASK) == I2C_TEN_BIT_MARK) {
        const unsigned high = (addr >> 1) & 3u;
        return I2cAddress { static_cast<uint16_t>(high << 8 | addr >> 8), true };
    }
    if ((addr & ~0xfeu) != 0)
        return std::nullopt;
    return I2cAddress { static_cast<uint16_t>(addr >> 1), false };
}

} // namespace

I2cRequest::I2cRequest(Request request)
    : m_request(std::move(request))
{
    virtio_i2c_out_hdr header;
    if (!m_request.reader().read_struct(header)) {
        m_fault = Fault { I2cRule::AddrFlagsSet,
            "request with " + std::to_string(m_request.readable_bytes())
                + " readable bytes; expected a header of 8" };
        return;
    }
    m_ends_group = (header.flags & VIRTIO_I2C_FLAGS_FAIL_NEXT) == 0;
    m_fault = judge(header);
}

std::optional<I2cRequest::Fault> I2cRequest::judge(const virtio_i2c_out_hdr& header)
{
    const uint32_t flags = header.flags;
    const uint32_t readable = m_request.readable_bytes() - HEADER;
    const uint32_t writable = m_request.writable_bytes();
    if (writable < STATUS_SIZE)
        return Fault { I2cRule::NoStatus, "request without room for its status" };
    if ((flags & ~(VIRTIO_I2C_FLAGS_FAIL_NEXT | VIRTIO_I2C_FLAGS_M_RD)) != 0)
        return Fault { I2cRule::ReservedFlagsZero,
            "flags are " + hex_text(flags) + "; only FAIL_NEXT (1) and M_RD (2) are defined" };
    const auto address = address_of(header.addr);
    if (!address)
        return Fault { I2cRule::AddrFlagsSet,
            "addr is " + hex_text(header.addr)
                + "; expected a 7-bit address in bits 7 to 1, or a 10-bit one" };
    const bool reads = (flags & VIRTIO_I2C_FLAGS_M_RD) != 0;
    if (reads && readable > 0)
        return Fault { I2cRule::NoMRdForWrite,
            "M_RD is set for a request with " + std::to_string(readable) + " bytes to write" };
    if (!reads && writable > STATUS_SIZE)
        return Fault { I2cRule::MRdForRead,
            "M_RD is clear for a request with room for " + std::to_string(writable - STATUS_SIZE)
                + " bytes to read" };
    m_address = *address;
    m_direction = reads ? I2cDirection::Read : I2cDirection::Write;
    m_size = reads ? writable - STATUS_SIZE : readable;
    if (m_size > MAX_MESSAGE_BYTES)
        return Fault { I2cRule::Refused,
            "message of " + std::to_string(m_size) + " bytes for " + to_text(m_address)
                + "; at most " + std::to_string(MAX_MESSAGE_BYTES) + " are served" };
    return std::nullopt;
}

void I2cRequest::add_to(I2cTransfer& transfer) const
{
    transfer.add(m_address, m_direction, m_size);
    if (m_direction == I2cDirection::Read)
        return;
    auto reader = m_request.reader();
    reader.skip(HEADER);
    reader.read(transfer.data(transfer.size() - 1));
}

void I2cRequest::succeed(std::span<const std::byte> data) &&
{
    auto writer = m_request.writer();
    if (m_direction == I2cDirection::Read)
        writer.write(data);
    writer.write_struct(virtio_i2c_in_hdr { VIRTIO_I2C_MSG_OK });
    std::move(m_request).complete(writer.position());
}

void I2cRequest::answer_error(Request request)
{
    auto writer = request.writer();
    if (request.writable_bytes() > 0) {
        writer.fill(std::byte { 0 }, request.writable_bytes() - STATUS_SIZE);
        writer.write_struct(virtio_i2c_in_hdr { VIRTIO_I2C_MSG_ERR });
    }
    std::move(request).complete(writer.position());
}

} // namespace vwb
