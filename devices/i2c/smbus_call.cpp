// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/smbus_call.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr size_t BLOCK_MAX = I2C_SMBUS_BLOCK_MAX;

bool has(unsigned long functions, unsigned long wanted)
{
    return (functions & wanted) == wanted;
}

std::vector<uint8_t> bytes_of(const I2cTransfer& transfer, size_t index)
{
    std::vector<uint8_t> bytes;
    for (const std::byte byte : transfer.data(index))
        bytes.push_back(std::to_integer<uint8_t>(byte));
    return bytes;
}

uint8_t address_byte(const I2cTransfer::Message& message)
{
    const unsigned reads = message.direction == I2cDirection::Read ? 1 : 0;
    return static_cast<uint8_t>(message.address.value << 1 | reads);
}

// The PEC of all messages, but for the last byte of the last one if it is a write.
uint8_t pec_of(const I2cTransfer& transfer)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < transfer.size(); ++i) {
        sum = smbus_pec(sum, address_byte(transfer.message(i)));
        const bool last = i + 1 == transfer.size();
        if (transfer.message(i).direction == I2cDirection::Read)
            break;
        auto bytes = bytes_of(transfer, i);
        if (last)
            bytes.pop_back();
        for (const uint8_t byte : bytes)
            sum = smbus_pec(sum, byte);
    }
    return sum;
}

Error refused(const I2cTransfer& transfer)
{
    std::string text;
    for (size_t i = 0; i < transfer.size(); ++i) {
        const auto& message = transfer.message(i);
        text += (i == 0 ? "" : ", then ");
        text += (message.direction == I2cDirection::Read ? "reading " : "writing ")
            + std::to_string(message.size) + " bytes";
    }
    return { ErrorKind::Unsupported, "an SMBus adapter has no call for " + text };
}

} // namespace

uint8_t smbus_pec(uint8_t sum, uint8_t byte)
{
    constexpr unsigned polynomial = 0x107; // x^8 + x^2 + x + 1
    unsigned value = sum ^ byte;
    for (int bit = 0; bit < 8; ++bit)
        value = (value & 0x80) != 0 ? value << 1 ^ polynomial : value << 1;
    return static_cast<uint8_t>(value);
}

bool SmbusCall::use(char read_write, int size, uint8_t command)
{
    m_read_write = read_write;
    m_size = size;
    m_command = command;
    return true;
}

Result<SmbusCall> SmbusCall::create(const I2cTransfer& transfer, unsigned long functions, bool pec)
{
    if (transfer.size() > 2)
        return Error(ErrorKind::Unsupported,
            "a transfer of " + std::to_string(transfer.size())
                + " messages; SMBus has at most a write and a read");
    const auto& first = transfer.message(0);
    const auto& last = transfer.message(transfer.size() - 1);
    SmbusCall call;
    if (transfer.size() == 1 && first.size == 0) {
        if (!has(functions, I2C_FUNC_SMBUS_QUICK))
            return Error(ErrorKind::Unsupported, "the adapter has no quick command");
        const bool reads = first.direction == I2cDirection::Read;
        call.use(reads ? I2C_SMBUS_READ : I2C_SMBUS_WRITE, I2C_SMBUS_QUICK, 0);
        return call;
    }
    if (pec && !has(functions, I2C_FUNC_SMBUS_PEC))
        return Error(ErrorKind::Unsupported, "the adapter has no PEC");
    call.m_pec = pec;
    const bool pair = transfer.size() == 2;
    if (last.size == 0 || (pair && first.direction == I2cDirection::Read)
        || (pair && last.direction == I2cDirection::Write)
        || (pair && first.address != last.address))
        return refused(transfer);
    auto written
        = first.direction == I2cDirection::Write ? bytes_of(transfer, 0) : std::vector<uint8_t> {};
    if (last.direction == I2cDirection::Read) {
        if (!call.read(written, last.size - (pec ? 1 : 0), functions, pec))
            return refused(transfer);
        return call;
    }
    if (pec) {
        if (written.back() != pec_of(transfer))
            return Error(ErrorKind::Invalid, "the PEC is wrong");
        written.pop_back();
    }
    if (!call.write(written, functions, pec))
        return refused(transfer);
    return call;
}

bool SmbusCall::write(const Bytes& bytes, unsigned long functions, bool pec)
{
    const size_t size = bytes.size();
    if (size == 1 && has(functions, I2C_FUNC_SMBUS_WRITE_BYTE))
        return use(I2C_SMBUS_WRITE, I2C_SMBUS_BYTE, bytes[0]);
    if (size == 2 && has(functions, I2C_FUNC_SMBUS_WRITE_BYTE_DATA)) {
        m_data.byte = bytes[1];
        return use(I2C_SMBUS_WRITE, I2C_SMBUS_BYTE_DATA, bytes[0]);
    }
    if (size == 3 && has(functions, I2C_FUNC_SMBUS_WRITE_WORD_DATA)) {
        m_data.word = static_cast<uint16_t>(bytes[1] | bytes[2] << 8);
        return use(I2C_SMBUS_WRITE, I2C_SMBUS_WORD_DATA, bytes[0]);
    }
    // On the wire a block is its command, its length and its bytes.
    if (size >= 3 && size - 2 <= BLOCK_MAX && bytes[1] == size - 2
        && has(functions, I2C_FUNC_SMBUS_WRITE_BLOCK_DATA)) {
        std::copy(bytes.begin() + 1, bytes.end(), m_data.block);
        return use(I2C_SMBUS_WRITE, I2C_SMBUS_BLOCK_DATA, bytes[0]);
    }
    // This one has no length, and never a PEC.
    if (!pec && size >= 2 && size - 1 <= BLOCK_MAX
        && has(functions, I2C_FUNC_SMBUS_WRITE_I2C_BLOCK)) {
        m_data.block[0] = static_cast<uint8_t>(size - 1);
        std::copy(bytes.begin() + 1, bytes.end(), m_data.block + 1);
        return use(I2C_SMBUS_WRITE, I2C_SMBUS_I2C_BLOCK_DATA, bytes[0]);
    }
    return false;
}

bool SmbusCall::read(const Bytes& written, uint32_t size, unsigned long functions, bool pec)
{
    if (written.empty()) {
        return size == 1 && has(functions, I2C_FUNC_SMBUS_READ_BYTE)
            && use(I2C_SMBUS_READ, I2C_SMBUS_BYTE, 0);
    }
    const uint8_t command = written[0];
    if (written.size() == 3 && size == 2 && has(functions, I2C_FUNC_SMBUS_PROC_CALL)) {
        m_data.word = static_cast<uint16_t>(written[1] | written[2] << 8);
        return use(I2C_SMBUS_WRITE, I2C_SMBUS_PROC_CALL, command);
    }
    if (written.size() >= 3 && written.size() - 2 <= BLOCK_MAX && written[1] == written.size() - 2
        && has(functions, I2C_FUNC_SMBUS_BLOCK_PROC_CALL)) {
        std::copy(written.begin() + 1, written.end(), m_data.block);
        return use(I2C_SMBUS_WRITE, I2C_SMBUS_BLOCK_PROC_CALL, command);
    }
    if (written.size() != 1)
        return false;
    if (size == 1 && has(functions, I2C_FUNC_SMBUS_READ_BYTE_DATA))
        return use(I2C_SMBUS_READ, I2C_SMBUS_BYTE_DATA, command);
    if (size == 2 && has(functions, I2C_FUNC_SMBUS_READ_WORD_DATA))
        return use(I2C_SMBUS_READ, I2C_SMBUS_WORD_DATA, command);
    if (!pec && size >= 1 && size <= BLOCK_MAX && has(functions, I2C_FUNC_SMBUS_READ_I2C_BLOCK)) {
        m_data.block[0] = static_cast<uint8_t>(size);
        return use(I2C_SMBUS_READ, I2C_SMBUS_I2C_BLOCK_DATA, command);
    }
    // Its length comes first, and the kernel reads as many bytes as that says.
    return size >= 1 && size <= BLOCK_MAX + 1 && has(functions, I2C_FUNC_SMBUS_READ_BLOCK_DATA)
        && use(I2C_SMBUS_READ, I2C_SMBUS_BLOCK_DATA, command);
}

SmbusCall::Bytes SmbusCall::answer() const
{
    const size_t length = std::min<size_t>(m_data.block[0], BLOCK_MAX);
    switch (m_size) {
    case I2C_SMBUS_BYTE:
    case I2C_SMBUS_BYTE_DATA:
        return { m_data.byte };
    case I2C_SMBUS_WORD_DATA:
    case I2C_SMBUS_PROC_CALL:
        return { static_cast<uint8_t>(m_data.word & 0xff), static_cast<uint8_t>(m_data.word >> 8) };
    case I2C_SMBUS_I2C_BLOCK_DATA:
        return { m_data.block + 1, m_data.block + 1 + length };
    default:
        return { m_data.block, m_data.block + 1 + length };
    }
}

void SmbusCall::take_answer(I2cTransfer& transfer) const
{
    const size_t last = transfer.size() - 1;
    const auto room = transfer.data(last);
    if (transfer.message(last).direction == I2cDirection::Write || room.empty())
        return;
    auto bytes = answer();
    if (m_pec) {
        uint8_t sum = pec_of(transfer);
        for (const uint8_t byte : bytes)
            sum = smbus_pec(sum, byte);
        bytes.push_back(sum);
    }
    // Behind what a chip sends nobody pulls the line down.
    std::ranges::fill(room, std::byte { 0xff });
    const size_t count = std::min(bytes.size(), room.size());
    std::ranges::copy(std::as_bytes(std::span(bytes)).first(count), room.begin());
}

} // namespace vwb
