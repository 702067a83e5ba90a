// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_driver.h"

#include <algorithm>

namespace vwb {
namespace {

std::string describe(const I2cDriver::Transfer& transfer)
{
    std::string text = "transfer of " + std::to_string(transfer.size()) + " to";
    for (const auto& message : transfer)
        text += " " + std::to_string(message.address)
            + (message.reads() ? " (reads " + std::to_string(message.read) + ")"
                               : " (writes " + std::to_string(message.write.size()) + ")");
    return text;
}

uint8_t status_of(const Answer& answer)
{
    return std::to_integer<uint8_t>(answer.bytes.back());
}

} // namespace

void I2cDriver::complain(std::string text)
{
    ++m_counters.errors;
    m_complaint = "request " + std::to_string(m_counters.requests) + ": " + std::move(text);
}

Result<I2cDriver::Tickets> I2cDriver::submit(const Transfer& transfer)
{
    Tickets tickets;
    for (size_t i = 0; i < transfer.size(); ++i) {
        const auto& message = transfer[i];
        virtio_i2c_out_hdr header;
        header.addr = static_cast<uint16_t>(message.address << 1);
        header.flags = (message.reads() ? VIRTIO_I2C_FLAGS_M_RD : 0)
            | (i + 1 < transfer.size() ? VIRTIO_I2C_FLAGS_FAIL_NEXT : 0);
        const auto head = std::as_bytes(std::span(&header, 1));
        const auto body = std::as_bytes(std::span(message.write));
        // As Linux does: header, data and status are descriptors of their own.
        std::vector<BuiltinDriver::Piece> readable { { head.begin(), head.end() } };
        std::vector<uint32_t> writable;
        if (!body.empty())
            readable.push_back({ body.begin(), body.end() });
        if (message.reads())
            writable.push_back(message.read);
        writable.push_back(sizeof(virtio_i2c_in_hdr));
        tickets.push_back(VWB_TRY(m_driver.submit_segments(I2C_REQUESTQ, readable, writable)));
    }
    return tickets;
}

Result<I2cDriver::Bytes> I2cDriver::wait(
    const Transfer& transfer, const Tickets& tickets, size_t failing)
{
    Bytes bytes;
    for (size_t i = 0; i < tickets.size(); ++i) {
        const auto answer = VWB_TRY(m_driver.wait(I2C_REQUESTQ, tickets[i]));
        ++m_counters.requests;
        const uint8_t expected = i < failing ? VIRTIO_I2C_MSG_OK : VIRTIO_I2C_MSG_ERR;
        if (answer.used_length != answer.bytes.size())
            complain(describe(transfer) + ": used length " + std::to_string(answer.used_length)
                + "; expected " + std::to_string(answer.bytes.size()));
        else if (status_of(answer) != expected)
            complain(describe(transfer) + ": status " + std::to_string(status_of(answer))
                + " of message " + std::to_string(i) + "; expected " + std::to_string(expected));
        for (size_t byte = 0; byte + 1 < answer.bytes.size(); ++byte)
            bytes.push_back(std::to_integer<uint8_t>(answer.bytes[byte]));
    }
    return bytes;
}

Result<I2cDriver::Bytes> I2cDriver::run(const Transfer& transfer, size_t failing)
{
    const MonotonicClock clock;
    const TimePoint start = clock.now();
    const auto tickets = VWB_TRY(submit(transfer));
    auto bytes = VWB_TRY(wait(transfer, tickets, failing));
    m_counters.latency.record(clock.now() - start);
    return bytes;
}

Result<void> I2cDriver::expect(const Transfer& transfer, const Bytes& bytes)
{
    const auto read = VWB_TRY(run(transfer));
    if (read != bytes)
        complain(describe(transfer) + ": other bytes were read than expected");
    return {};
}

Result<bool> I2cDriver::probe(uint16_t address)
{
    const auto tickets = VWB_TRY(submit({ { address, {}, 0 } }));
    const auto answer = VWB_TRY(m_driver.wait(I2C_REQUESTQ, tickets[0]));
    ++m_counters.requests;
    return status_of(answer) == VIRTIO_I2C_MSG_OK;
}

} // namespace vwb
