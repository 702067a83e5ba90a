// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/smbus_call.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace vwb;
using Bytes = std::vector<uint8_t>;

namespace {

constexpr unsigned long ALL = I2C_FUNC_SMBUS_EMUL_ALL;
constexpr unsigned long NO_I2C_BLOCK = ALL & ~static_cast<unsigned long>(I2C_FUNC_SMBUS_I2C_BLOCK);

I2cTransfer writing(const Bytes& bytes)
{
    I2cTransfer transfer;
    transfer.add({ 0x48, false }, I2cDirection::Write, static_cast<uint32_t>(bytes.size()));
    std::ranges::copy(std::as_bytes(std::span(bytes)), transfer.data(0).begin());
    return transfer;
}

I2cTransfer reading(uint32_t size)
{
    I2cTransfer transfer;
    transfer.add({ 0x48, false }, I2cDirection::Read, size);
    return transfer;
}

I2cTransfer exchange(const Bytes& bytes, uint32_t size)
{
    auto transfer = writing(bytes);
    transfer.add({ 0x48, false }, I2cDirection::Read, size);
    return transfer;
}

// "W 05 2 [bytes of the block, or the word]"
std::string call_of(const I2cTransfer& transfer, unsigned long functions = ALL, bool pec = false)
{
    auto call = SmbusCall::create(transfer, functions, pec);
    if (!call)
        return call.error().message();
    return std::string(call->read_write() == I2C_SMBUS_READ ? "R " : "W ")
        + std::to_string(call->command()) + " " + std::to_string(call->size());
}

Bytes answer_of(I2cTransfer transfer, const i2c_smbus_data& data, unsigned long functions = ALL,
    bool pec = false)
{
    auto call = SmbusCall::create(transfer, functions, pec).value();
    *call.data() = data;
    call.take_answer(transfer);
    Bytes bytes;
    for (const std::byte byte : transfer.data(transfer.size() - 1))
        bytes.push_back(std::to_integer<uint8_t>(byte));
    return bytes;
}

} // namespace

TEST(SmbusCall, EveryCallOfSmbusIsFound)
{
    EXPECT_EQ(call_of(writing({})), "W 0 " + std::to_string(I2C_SMBUS_QUICK));
    EXPECT_EQ(call_of(reading(0)), "R 0 " + std::to_string(I2C_SMBUS_QUICK));
    EXPECT_EQ(call_of(writing({ 5 })), "W 5 " + std::to_string(I2C_SMBUS_BYTE));
    EXPECT_EQ(call_of(reading(1)), "R 0 " + std::to_string(I2C_SMBUS_BYTE));
    EXPECT_EQ(call_of(writing({ 5, 6 })), "W 5 " + std::to_string(I2C_SMBUS_BYTE_DATA));
    EXPECT_EQ(call_of(exchange({ 5 }, 1)), "R 5 " + std::to_string(I2C_SMBUS_BYTE_DATA));
    EXPECT_EQ(call_of(writing({ 5, 6, 7 })), "W 5 " + std::to_string(I2C_SMBUS_WORD_DATA));
    EXPECT_EQ(call_of(exchange({ 5 }, 2)), "R 5 " + std::to_string(I2C_SMBUS_WORD_DATA));
    EXPECT_EQ(call_of(exchange({ 5, 6, 7 }, 2)), "W 5 " + std::to_string(I2C_SMBUS_PROC_CALL));
    EXPECT_EQ(call_of(writing({ 5, 9, 9, 9 })), "W 5 " + std::to_string(I2C_SMBUS_I2C_BLOCK_DATA));
    EXPECT_EQ(call_of(exchange({ 5 }, 32)), "R 5 " + std::to_string(I2C_SMBUS_I2C_BLOCK_DATA));
    EXPECT_EQ(call_of(writing({ 5, 2, 8, 9 })), "W 5 " + std::to_string(I2C_SMBUS_BLOCK_DATA));
    EXPECT_EQ(call_of(exchange({ 5 }, 33)), "R 5 " + std::to_string(I2C_SMBUS_BLOCK_DATA));
    EXPECT_EQ(
        call_of(exchange({ 5, 2, 8, 9 }, 3)), "W 5 " + std::to_string(I2C_SMBUS_BLOCK_PROC_CALL));
}

TEST(SmbusCall, WhatIsWrittenIsPassedOn)
{
    EXPECT_EQ(SmbusCall::create(writing({ 5, 6 }), ALL, false).value().data()->byte, 6);
    EXPECT_EQ(
        SmbusCall::create(writing({ 5, 0x34, 0x12 }), ALL, false).value().data()->word, 0x1234);
    auto block = SmbusCall::create(writing({ 5, 9, 8, 7 }), ALL, false).value();
    EXPECT_EQ(block.data()->block[0], 3);
    EXPECT_EQ(block.data()->block[3], 7);
    auto smbus = SmbusCall::create(writing({ 5, 2, 8, 9 }), ALL, false).value();
    EXPECT_EQ(smbus.data()->block[0], 2);
    EXPECT_EQ(smbus.data()->block[2], 9);
}

TEST(SmbusCall, WhatIsReadComesInTheOrderOfTheWire)
{
    i2c_smbus_data data {};
    data.word = 0x1234;
    EXPECT_EQ(answer_of(exchange({ 5 }, 2), data), (Bytes { 0x34, 0x12 }));
    EXPECT_EQ(answer_of(exchange({ 5, 6, 7 }, 2), data), (Bytes { 0x34, 0x12 }));
    data = {};
    data.block[0] = 3;
    data.block[1] = 7;
    data.block[2] = 8;
    data.block[3] = 9;
    EXPECT_EQ(answer_of(exchange({ 5 }, 3), data), (Bytes { 7, 8, 9 }));
    // A block of SMBus begins with its length; behind its end nobody pulls the line down.
    EXPECT_EQ(
        answer_of(exchange({ 5 }, 6), data, NO_I2C_BLOCK), (Bytes { 3, 7, 8, 9, 0xff, 0xff }));
}

TEST(SmbusCall, LengthThatTheKernelClaimsIsBounded)
{
    i2c_smbus_data data {};
    data.block[0] = 255;
    EXPECT_EQ(answer_of(exchange({ 5 }, 33), data).size(), 33u);
}

TEST(SmbusCall, WhatSmbusCannotSayIsRefusedWithAReason)
{
    EXPECT_EQ(call_of(reading(5)), "an SMBus adapter has no call for reading 5 bytes");
    EXPECT_EQ(call_of(exchange({ 1, 2 }, 5)),
        "an SMBus adapter has no call for writing 2 bytes, then reading 5 bytes");
    EXPECT_EQ(call_of(exchange({ 1 }, 100)),
        "an SMBus adapter has no call for writing 1 bytes, then reading 100 bytes");
    auto three = exchange({ 1 }, 1);
    three.add({ 0x48, false }, I2cDirection::Read, 1);
    EXPECT_EQ(call_of(three), "a transfer of 3 messages; SMBus has at most a write and a read");
    auto other_chip = writing({ 1 });
    other_chip.add({ 0x49, false }, I2cDirection::Read, 1);
    EXPECT_EQ(call_of(other_chip),
        "an SMBus adapter has no call for writing 1 bytes, then reading 1 bytes");
    EXPECT_EQ(call_of(exchange({ 1 }, 0)),
        "an SMBus adapter has no call for writing 1 bytes, then reading 0 bytes");
}

TEST(SmbusCall, FunctionsOfTheAdapterAreRespected)
{
    EXPECT_EQ(call_of(writing({}), 0), "the adapter has no quick command");
    EXPECT_EQ(call_of(exchange({ 5 }, 2), I2C_FUNC_SMBUS_READ_I2C_BLOCK),
        "R 5 " + std::to_string(I2C_SMBUS_I2C_BLOCK_DATA));
    EXPECT_EQ(call_of(writing({ 5, 6, 7 }), I2C_FUNC_SMBUS_WRITE_BYTE_DATA),
        "an SMBus adapter has no call for writing 3 bytes");
    EXPECT_EQ(call_of(writing({ 5, 6 }), I2C_FUNC_SMBUS_BYTE_DATA, true), "the adapter has no PEC");
}

TEST(SmbusCall, PecIsCheckedAndTakenOff)
{
    Bytes bytes { 5, 0x34, 0x12 };
    uint8_t sum = smbus_pec(0, 0x90);
    for (const uint8_t byte : bytes)
        sum = smbus_pec(sum, byte);
    bytes.push_back(sum);
    EXPECT_EQ(call_of(writing(bytes), ALL, true), "W 5 " + std::to_string(I2C_SMBUS_WORD_DATA));
    bytes.back() ^= 1;
    EXPECT_EQ(call_of(writing(bytes), ALL, true), "the PEC is wrong");
}

TEST(SmbusCall, PecIsMadeForWhatIsRead)
{
    i2c_smbus_data data {};
    data.word = 0x3034;
    const auto bytes = answer_of(exchange({ 9 }, 3), data, ALL, true);
    uint8_t sum = 0;
    for (const unsigned byte : { 0x90u, 9u, 0x91u, 0x34u, 0x30u })
        sum = smbus_pec(sum, static_cast<uint8_t>(byte));
    EXPECT_EQ(bytes, (Bytes { 0x34, 0x30, sum }));
}

TEST(SmbusCall, PecPolynomialIsThatOfSmbus)
{
    uint8_t sum = 0;
    for (const char character : { '1', '2', '3', '4', '5', '6', '7', '8', '9' })
        sum = smbus_pec(sum, static_cast<uint8_t>(character));
    EXPECT_EQ(sum, 0xf4); // the check value of CRC-8
}
