// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/i2c_harness.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace vwb::test {
namespace {

std::string hex(unsigned value)
{
    char text[16];
    std::snprintf(text, sizeof text, "%02x", value);
    return text;
}

} // namespace

void FakeI2cAdapter::execute(std::unique_ptr<I2cTransfer> transfer)
{
    EXPECT_EQ(held, nullptr);
    held = std::move(transfer);
    if (!hold)
        finish();
}

void FakeI2cAdapter::cancel()
{
    bus += "cancel ";
    held.reset();
}

void FakeI2cAdapter::finish()
{
    auto transfer = std::move(held);
    while (transfer->done < transfer->size()) {
        const size_t index = transfer->done;
        const auto& message = transfer->message(index);
        const bool reads = message.direction == I2cDirection::Read;
        bus += "S " + hex(message.address.value) + (reads ? "R " : "W ");
        if (index == fail_at) {
            transfer->outcome = outcome;
            break;
        }
        for (std::byte& byte : transfer->data(index)) {
            if (reads)
                byte = std::byte { next_byte++ };
            else
                bus += hex(std::to_integer<uint8_t>(byte)) + " ";
        }
        if (reads)
            bus += std::to_string(message.size) + " ";
        ++transfer->done;
    }
    bus += "P ";
    listener->transfer_done(std::move(transfer));
}

I2cHarness::I2cHarness(const HarnessOptions& options, I2cAllowList allowed)
{
    auto adapter = std::make_unique<FakeI2cAdapter>();
    m_adapter = adapter.get();
    m_guest = std::make_unique<DeviceHarness>(
        [&](EventLoop& loop) {
            return std::make_unique<I2cDevice>(loop, std::move(adapter), allowed);
        },
        options);
}

I2cHarness::Bytes I2cHarness::header(uint16_t address, uint32_t flags, const Bytes& data)
{
    auto bytes = wire(le16 { static_cast<uint16_t>(address << 1) }, le16 { 0 }, le32 { flags });
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

uint64_t I2cHarness::write(uint16_t address, const Bytes& data, uint32_t flags)
{
    return m_guest->submit(I2C_REQUESTQ, header(address, flags, data), 1);
}

uint64_t I2cHarness::read(uint16_t address, uint32_t size, uint32_t flags)
{
    return m_guest->submit(I2C_REQUESTQ, header(address, flags | M_RD), size + 1);
}

int I2cHarness::status(uint64_t ticket)
{
    const auto answer = m_guest->answer(ticket);
    if (!answer)
        return -1;
    EXPECT_EQ(answer->used_length, answer->bytes.size());
    return answer->bytes.back();
}

I2cHarness::Bytes I2cHarness::data(uint64_t ticket)
{
    auto bytes = m_guest->answer(ticket).value_or(HarnessAnswer { 0, { 0xff } }).bytes;
    EXPECT_EQ(bytes.back(), VIRTIO_I2C_MSG_OK);
    bytes.pop_back();
    return bytes;
}

Value I2cHarness::inspect()
{
    Inspector inspector;
    host().device().inspect(inspector);
    return std::move(inspector).tree();
}

} // namespace vwb::test
