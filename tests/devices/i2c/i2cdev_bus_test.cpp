// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2cdev_bus.h"
#include "tests/support/fake_i2cdev.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

using namespace vwb;
using namespace vwb::test;
using Bytes = std::vector<uint8_t>;

namespace {

class I2cDevBusTest : public testing::Test {
protected:
    Result<I2cDevBus> open(I2cDevOptions options = {})
    {
        options.path = "/dev/i2c-1";
        return I2cDevBus::open(m_kernel, options);
    }
    // Forgets what opening was.
    I2cDevBus opened(const I2cDevOptions& options = {})
    {
        auto bus = open(options).value();
        m_kernel->log.clear();
        return bus;
    }
    void add_write(const Bytes& bytes, I2cAddress address = { 0x48, false })
    {
        m_transfer.add(address, I2cDirection::Write, static_cast<uint32_t>(bytes.size()));
        std::ranges::copy(
            std::as_bytes(std::span(bytes)), m_transfer.data(m_transfer.size() - 1).begin());
    }
    void add_read(uint32_t size, I2cAddress address = { 0x48, false })
    {
        m_transfer.add(address, I2cDirection::Read, size);
    }

    std::shared_ptr<FakeI2cDev> m_kernel = std::make_shared<FakeI2cDev>();
    I2cTransfer m_transfer;
};

} // namespace

TEST_F(I2cDevBusTest, TransferIsOneCall)
{
    auto bus = opened();
    add_write({ 1, 2 });
    add_read(2);
    bus.run(m_transfer);
    EXPECT_EQ(m_kernel->log, "address 48; rdwr W48 01 02 R48 2; ");
    EXPECT_EQ(m_transfer.done, 2u);
    EXPECT_EQ(m_transfer.outcome, I2cOutcome::Done);
    EXPECT_EQ(m_transfer.data(1)[1], std::byte { 0x11 });
}

TEST_F(I2cDevBusTest, EachAddressIsAskedFor)
{
    auto bus = opened();
    add_write({ 1 });
    add_write({ 2 }, { 0x150, true });
    bus.run(m_transfer);
    EXPECT_EQ(m_kernel->log, "address 48; address 150 ten; rdwr W48 01 W150ten 02; ");
    EXPECT_TRUE(bus.ten_bit());
}

TEST_F(I2cDevBusTest, ChipOfADriverIsLeftAloneUnlessForced)
{
    auto bus = opened();
    m_kernel->address_error = -EBUSY;
    add_write({ 1 });
    bus.run(m_transfer);
    EXPECT_EQ(m_kernel->log, "address 48; ");
    EXPECT_EQ(m_transfer.outcome, I2cOutcome::Refused);
    EXPECT_EQ(
        m_transfer.detail, "a driver of this machine has 0x48; cure: unbind it, or force = true");
    auto forced = opened({ .force = true });
    m_kernel->address_error = 0;
    m_transfer.clear();
    add_write({ 1 });
    forced.run(m_transfer);
    EXPECT_EQ(m_kernel->log, "force 48; rdwr W48 01; ");
}

TEST_F(I2cDevBusTest, FaultsOfTheKernelAreToldApart)
{
    auto bus = opened();
    for (const auto& [error, outcome] : {
             std::pair(ENXIO, I2cOutcome::AddressNak),
             std::pair(EREMOTEIO, I2cOutcome::AddressNak),
             std::pair(EAGAIN, I2cOutcome::ArbitrationLost),
             std::pair(ETIMEDOUT, I2cOutcome::Timeout),
             std::pair(EOPNOTSUPP, I2cOutcome::Refused),
             std::pair(EIO, I2cOutcome::Failed),
         }) {
        m_transfer.clear();
        add_write({ 1 });
        m_kernel->transfer_answer = -error;
        bus.run(m_transfer);
        EXPECT_EQ(m_transfer.outcome, outcome) << error;
        EXPECT_EQ(m_transfer.done, 0u);
        EXPECT_NE(m_transfer.detail, "");
    }
}

TEST_F(I2cDevBusTest, ShortCountTellsWhichMessagesWereDone)
{
    auto bus = opened();
    add_write({ 1 });
    add_write({ 2 });
    m_kernel->transfer_answer = 1;
    bus.run(m_transfer);
    EXPECT_EQ(m_transfer.done, 1u);
    EXPECT_EQ(m_transfer.outcome, I2cOutcome::AddressNak);
}

TEST_F(I2cDevBusTest, BoundsOfTheKernelAreRefusedWithoutAskingIt)
{
    auto bus = opened();
    for (size_t i = 0; i <= I2cDevBus::MAX_MESSAGES; ++i)
        add_write({});
    bus.run(m_transfer);
    EXPECT_EQ(m_transfer.outcome, I2cOutcome::Refused);
    EXPECT_EQ(m_transfer.detail, "a transfer of 43 messages; the kernel takes 42");
    m_transfer.clear();
    add_read(8193);
    bus.run(m_transfer);
    EXPECT_EQ(m_transfer.detail, "a message of 8193 bytes; the kernel takes 8192");
    EXPECT_EQ(m_kernel->log, "");
}

TEST_F(I2cDevBusTest, ZeroLengthIsAQuickCommandWhereTheControllerHasNoOther)
{
    auto bus = opened();
    m_kernel->transfer_answer = -EOPNOTSUPP;
    add_write({});
    bus.run(m_transfer);
    EXPECT_EQ(m_kernel->log, "address 48; rdwr W48; address 48; smbus W 00 0; ");
    EXPECT_EQ(m_transfer.outcome, I2cOutcome::Done);
    EXPECT_EQ(m_transfer.done, 1u);
}

TEST_F(I2cDevBusTest, SmbusAdapterGetsSmbusCalls)
{
    m_kernel->can = I2C_FUNC_SMBUS_EMUL;
    auto bus = opened();
    EXPECT_FALSE(bus.ten_bit());
    m_kernel->smbus_fill = [](i2c_smbus_data& data) { data.word = 0x1234; };
    add_write({ 7 });
    add_read(2);
    bus.run(m_transfer);
    EXPECT_EQ(m_kernel->log, "address 48; smbus R 07 3; ");
    EXPECT_EQ(m_transfer.done, 2u);
    EXPECT_EQ(m_transfer.data(1)[0], std::byte { 0x34 });
}

TEST_F(I2cDevBusTest, WhatSmbusCannotDoIsRefused)
{
    m_kernel->can = I2C_FUNC_SMBUS_EMUL;
    auto bus = opened();
    add_read(4);
    bus.run(m_transfer);
    EXPECT_EQ(m_kernel->log, "");
    EXPECT_EQ(m_transfer.outcome, I2cOutcome::Refused);
    EXPECT_EQ(m_transfer.detail, "an SMBus adapter has no call for reading 4 bytes");
}

TEST_F(I2cDevBusTest, SmbusAdapterNeedsLibi2c)
{
    m_kernel->can = I2C_FUNC_SMBUS_EMUL;
    m_kernel->libi2c = false;
    const auto bus = open();
    ASSERT_FALSE(bus);
    EXPECT_EQ(bus.error().message(),
        "/dev/i2c-1: the adapter does SMBus only, and this program was built without libi2c; cure: "
        "install libi2c-dev and build again");
}

TEST_F(I2cDevBusTest, OptionsAreToldToTheKernel)
{
    I2cDevOptions options;
    options.timeout = std::chrono::milliseconds(250);
    options.retries = 3;
    options.pec = true;
    EXPECT_TRUE(open(options));
    EXPECT_EQ(m_kernel->log, "open /dev/i2c-1; timeout 25; retries 3; ");
    m_kernel->log.clear();
    m_kernel->can = I2C_FUNC_SMBUS_EMUL;
    EXPECT_TRUE(open({ .pec = true }));
    EXPECT_EQ(m_kernel->log, "open /dev/i2c-1; pec; ");
}

TEST_F(I2cDevBusTest, WhatCannotBeOpenedIsNamedWithACure)
{
    m_kernel->open_error = ENOENT;
    EXPECT_EQ(
        open().error().message(), "/dev/i2c-1: No such file or directory; cure: modprobe i2c-dev");
    m_kernel->open_error = EACCES;
    EXPECT_EQ(open().error().message(), "/dev/i2c-1: Permission denied; cure: join the group i2c");
    m_kernel->open_error = 0;
    m_kernel->can = 0;
    EXPECT_EQ(
        open().error().message(), "/dev/i2c-1: is no I2C adapter: Inappropriate ioctl for device");
}
