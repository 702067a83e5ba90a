// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The I2C device on the simulated bus: what a guest sees of the outside and the other way round.
#include "devices/i2c/i2c_device.h"
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/sim_i2c_bus.h"
#include "tests/support/i2c_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace vwb::test::i2c;
using namespace std::chrono_literals;
using Bytes = std::vector<uint8_t>;

namespace {

class I2cOnSimTest : public testing::Test {
protected:
    std::unique_ptr<Device> make(EventLoop& loop)
    {
        auto bus = std::make_unique<SimI2cBus>(loop, 500ms);
        add(*bus, loop, 0x48, lm75_model());
        add(*bus, loop, 0x50, eeprom_24c_models()[1]);
        return std::make_unique<I2cDevice>(loop, std::move(bus));
    }
    static void add(SimI2cBus& bus, EventLoop& loop, uint16_t address, const ChipModel& model)
    {
        ConfigNode none;
        none.kind = ConfigNode::Kind::Table;
        ConfigReader table(none);
        ChipSetup setup { loop, { address, false }, table };
        EXPECT_TRUE(bus.attach({ address, false }, "", model.name, model.create(setup).value()));
    }

    int status(uint64_t ticket)
    {
        const auto answer = m_guest.answer(ticket);
        return answer ? answer->bytes.back() : WAITING;
    }
    uint64_t write(uint16_t address, const Bytes& bytes, uint32_t flags = 0)
    {
        return m_guest.submit(I2C_REQUESTQ, I2cHarness::header(address, flags, bytes), 1);
    }
    uint64_t read(uint16_t address, uint32_t size)
    {
        return m_guest.submit(I2C_REQUESTQ, I2cHarness::header(address, M_RD), size + 1);
    }
    // Data and status.
    Bytes read_register(uint16_t address, uint8_t reg, uint32_t size)
    {
        write(address, { reg }, FAIL_NEXT);
        return m_guest.answer(read(address, size)).value().bytes;
    }
    void act(std::string_view action, Value::Object parameters)
    {
        EXPECT_TRUE(
            m_guest.host().device().actions()->call_action(action, Value(std::move(parameters))));
        m_guest.settle();
    }

    DeviceHarness m_guest { [this](EventLoop& loop) { return make(loop); } };
};

} // namespace

TEST_F(I2cOnSimTest, GuestReadsWhatTheOutsideSets)
{
    act("set", { { "signal", "0x48.temperature" }, { "value", -12.5 } });
    EXPECT_EQ(read_register(0x48, 0, 2), (Bytes { 0xf3, 0x80, OK }));
    EXPECT_EQ(m_guest.rules(), "");
}

TEST_F(I2cOnSimTest, AddressesAreProbedAsI2cdetectDoes)
{
    std::vector<int> found;
    for (uint16_t address = 0x08; address < 0x78; ++address) {
        if (status(write(address, {})) == OK)
            found.push_back(address);
    }
    EXPECT_EQ(found, (std::vector<int> { 0x48, 0x50 }));
    EXPECT_EQ(m_guest.rules(), "");
}

TEST_F(I2cOnSimTest, EepromIsPolledUntilItHasWritten)
{
    EXPECT_EQ(status(write(0x50, { 0, 1, 2 })), OK);
    EXPECT_EQ(status(write(0x50, {})), ERR);
    m_guest.advance(5ms);
    EXPECT_EQ(status(write(0x50, {})), OK);
    EXPECT_EQ(read_register(0x50, 0, 2), (Bytes { 1, 2, OK }));
}

TEST_F(I2cOnSimTest, StuckBusCostsAnErrorStatusAndAProblem)
{
    act("stick", {});
    const auto stuck = write(0x48, { 0 });
    const auto behind = write(0x50, {});
    EXPECT_EQ(status(stuck), WAITING);
    m_guest.advance(500ms);
    EXPECT_EQ(status(stuck), ERR);
    EXPECT_EQ(status(behind), WAITING);
    act("release", {});
    EXPECT_EQ(status(behind), OK);
    EXPECT_EQ(m_guest.rules(), "i2c.hardware");
}

TEST_F(I2cOnSimTest, UnpluggedChipComesBack)
{
    act("unplug", { { "chip", "0x48" } });
    EXPECT_EQ(status(write(0x48, {})), ERR);
    act("plug", { { "chip", "0x48" } });
    EXPECT_EQ(status(write(0x48, {})), OK);
}

TEST_F(I2cOnSimTest, QueueStopsWhileAChipStretches)
{
    act("stretch", { { "chip", "0x48" }, { "time", "100ms" } });
    const auto ticket = write(0x48, { 0 });
    m_guest.stop_queues();
    EXPECT_EQ(status(ticket), ERR);
    m_guest.start_queues();
    const auto next = write(0x48, { 0 });
    m_guest.advance(100ms);
    EXPECT_EQ(status(next), OK);
}
