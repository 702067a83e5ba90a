// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/sim_i2c_bus.h"
#include "tests/support/sim_i2c_fixture.h"

#include <stdexcept>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

constexpr auto HELD = std::nullopt;

// Writes down what it sees, and misbehaves when told to.
class WrittenChip final : public I2cChip {
public:
    explicit WrittenChip(std::string& log)
        : m_log(log)
    {
    }
    unsigned address_count() const override { return 2; }
    bool start(I2cDirection direction, unsigned address) override
    {
        if (throws)
            throw std::runtime_error("model is broken");
        m_log += (direction == I2cDirection::Read ? "R" : "W") + std::to_string(address) + " ";
        return true;
    }
    bool write(uint8_t byte) override
    {
        m_log += std::to_string(byte) + " ";
        return byte != 0xee;
    }
    uint8_t read() override
    {
        while (hangs)
            step();
        return 7;
    }
    void stop() override { m_log += "P "; }
    void power_up() override { m_log += "power "; }
    Result<Value> get(std::string_view signal) const override
    {
        if (throws)
            throw std::runtime_error("model is broken");
        return no_such_signal(signal);
    }
    Result<void> set(std::string_view signal, const Value&) override
    {
        return no_such_signal(signal);
    }

    bool throws = false;
    bool hangs = false;

private:
    std::string& m_log;
};

class SimI2cBusTest : public SimI2cFixture {
protected:
    SimI2cBusTest()
    {
        auto bus = std::make_unique<SimI2cBus>(*m_loop, 500ms);
        auto chip = std::make_unique<WrittenChip>(m_log);
        m_chip = chip.get();
        EXPECT_TRUE(bus->attach({ 0x50, false }, "one", "written", std::move(chip)));
        EXPECT_TRUE(
            bus->attach({ 0x150, true }, "", "written", std::make_unique<WrittenChip>(m_other)));
        m_sim = bus.get();
        use(std::move(bus));
    }
    std::optional<I2cOutcome> start_write()
    {
        return start(transfer(0x50, I2cDirection::Write, { 1 }));
    }
    void stretch(const char* time)
    {
        EXPECT_TRUE(act("stretch", { { "chip", "one" }, { "time", time } }));
    }

    std::string m_log;
    std::string m_other;
    WrittenChip* m_chip;
    SimI2cBus* m_sim;
};

} // namespace

TEST_F(SimI2cBusTest, RoutesByAddress)
{
    EXPECT_EQ(write(0x50, { 1, 2 }), I2cOutcome::Done);
    EXPECT_EQ(read(0x51, 2), (Bytes { 7, 7 }));
    EXPECT_EQ(write(0x52, { 1 }), I2cOutcome::AddressNak);
    EXPECT_EQ(write(0x4f, {}), I2cOutcome::AddressNak);
    EXPECT_EQ(m_log, "W0 1 2 P R1 P ");
}

TEST_F(SimI2cBusTest, RepeatedStartHasNoStopBetween)
{
    EXPECT_EQ(read_registers(0x50, { 9 }, 1), (Bytes { 7 }));
    EXPECT_EQ(m_log, "W0 9 R0 P ");
}

TEST_F(SimI2cBusTest, TenBitAddressIsAnotherOne)
{
    auto made = std::make_unique<I2cTransfer>();
    made->add({ 0x151, true }, I2cDirection::Write, 0);
    EXPECT_EQ(start(std::move(made)), I2cOutcome::Done);
    EXPECT_EQ(m_other, "W1 P ");
    EXPECT_EQ(m_log, "");
}

TEST_F(SimI2cBusTest, RefusedByteEndsTheTransferThere)
{
    auto made = transfer(0x50, I2cDirection::Write, { 1, 0xee, 3 });
    made->add({ 0x50, false }, I2cDirection::Read, 1);
    EXPECT_EQ(start(std::move(made)), I2cOutcome::DataNak);
    EXPECT_EQ(m_done->done, 0u);
    EXPECT_EQ(m_log, "W0 1 238 P ");
}

TEST_F(SimI2cBusTest, FailureTellsWhichMessagesWereDone)
{
    auto made = transfer(0x50, I2cDirection::Write, { 1 });
    made->add({ 0x60, false }, I2cDirection::Read, 1);
    made->add({ 0x50, false }, I2cDirection::Read, 1);
    EXPECT_EQ(start(std::move(made)), I2cOutcome::AddressNak);
    EXPECT_EQ(m_done->done, 1u);
    EXPECT_EQ(m_log, "W0 1 P ");
}

TEST_F(SimI2cBusTest, ModelThatThrowsCostsTheTransferAnError)
{
    m_chip->throws = true;
    EXPECT_EQ(start_write(), I2cOutcome::Failed);
    EXPECT_EQ(m_done->detail, "the chip model threw in start(): model is broken");
    m_chip->throws = false;
    EXPECT_EQ(start_write(), I2cOutcome::Done);
}

TEST_F(SimI2cBusTest, ModelThatHangsCostsTheTransferAnError)
{
    m_chip->hangs = true;
    auto made = transfer(0x50, I2cDirection::Read, Bytes(2));
    EXPECT_EQ(start(std::move(made)), I2cOutcome::Failed);
    EXPECT_EQ(m_done->detail, "the chip model hangs in read(): 1000000 steps without an end");
    m_chip->hangs = false;
    EXPECT_EQ(read(0x50, 1), Bytes { 7 });
}

TEST_F(SimI2cBusTest, ModelThatThrowsOutsideATransferIsAnErrorToo)
{
    m_chip->throws = true;
    const auto value = act("get", { { "signal", "one.level" } });
    EXPECT_EQ(value.error().message(), "one: the chip model threw in get(): model is broken");
}

TEST_F(SimI2cBusTest, NakIsForSoManyTimesOrUntilReleased)
{
    EXPECT_TRUE(act("nak", { { "chip", "one" }, { "count", 2 } }));
    EXPECT_EQ(write(0x50, {}), I2cOutcome::AddressNak);
    EXPECT_EQ(write(0x51, {}), I2cOutcome::AddressNak);
    EXPECT_EQ(write(0x50, {}), I2cOutcome::Done);
    EXPECT_TRUE(act("nak", { { "chip", "one" } }));
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(write(0x50, {}), I2cOutcome::AddressNak);
    EXPECT_TRUE(act("release", { { "chip", "0x50" } }));
    EXPECT_EQ(write(0x50, {}), I2cOutcome::Done);
}

TEST_F(SimI2cBusTest, StretchedClockDelaysTheTransferOnTheClock)
{
    stretch("3ms");
    EXPECT_EQ(start_write(), HELD);
    advance(2ms);
    EXPECT_EQ(outcome(), HELD);
    advance(1ms);
    EXPECT_EQ(outcome(), I2cOutcome::Done);
    stretch("0s");
    EXPECT_EQ(start_write(), I2cOutcome::Done);
}

TEST_F(SimI2cBusTest, ClockStretchedForTooLongIsATimeout)
{
    stretch("1min");
    EXPECT_EQ(start_write(), HELD);
    advance(499ms);
    EXPECT_EQ(outcome(), HELD);
    advance(1ms);
    EXPECT_EQ(outcome(), I2cOutcome::Timeout);
    EXPECT_EQ(m_done->detail, "the chip holds the clock too long");
}

TEST_F(SimI2cBusTest, StuckBusTimesOutOrGoesOnWhenReleased)
{
    EXPECT_TRUE(act("stick", {}));
    EXPECT_EQ(start_write(), HELD);
    advance(500ms);
    EXPECT_EQ(outcome(), I2cOutcome::Timeout);
    EXPECT_EQ(start_write(), HELD);
    EXPECT_TRUE(act("release", {}));
    EXPECT_EQ(outcome(), I2cOutcome::Done);
    EXPECT_EQ(m_log, "W0 1 P ");
}

TEST_F(SimI2cBusTest, ReleasingTheBusDoesNotShortenAStretch)
{
    stretch("1min");
    EXPECT_EQ(start_write(), HELD);
    EXPECT_TRUE(act("release", {}));
    EXPECT_EQ(outcome(), HELD);
}

TEST_F(SimI2cBusTest, ArbitrationIsLostSoManyTimes)
{
    EXPECT_TRUE(act("arbitrate", { { "count", 2 } }));
    EXPECT_EQ(start_write(), I2cOutcome::ArbitrationLost);
    EXPECT_EQ(start_write(), I2cOutcome::ArbitrationLost);
    EXPECT_EQ(start_write(), I2cOutcome::Done);
    EXPECT_EQ(m_log, "W0 1 P ");
}

TEST_F(SimI2cBusTest, UnpluggedChipIsGoneAndComesBackAsAfterPowerUp)
{
    EXPECT_TRUE(act("unplug", { { "chip", "one" } }));
    EXPECT_EQ(write(0x50, {}), I2cOutcome::AddressNak);
    EXPECT_TRUE(act("plug", { { "chip", "one" } }));
    EXPECT_EQ(write(0x50, {}), I2cOutcome::Done);
    EXPECT_EQ(m_log, "power W0 P ");
}

TEST_F(SimI2cBusTest, ChipPulledOutDuringATransfer)
{
    stretch("1ms");
    EXPECT_EQ(start(transfer(0x50, I2cDirection::Read, Bytes(2))), HELD);
    EXPECT_TRUE(act("unplug", { { "chip", "one" } }));
    advance(1ms);
    EXPECT_EQ(outcome(), I2cOutcome::Done);
    EXPECT_EQ(m_done->data(0)[1], std::byte { 0xff });
    EXPECT_TRUE(act("plug", { { "chip", "one" } }));
    EXPECT_EQ(start_write(), HELD);
    EXPECT_TRUE(act("unplug", { { "chip", "one" } }));
    advance(1ms);
    EXPECT_EQ(outcome(), I2cOutcome::DataNak);
}

TEST_F(SimI2cBusTest, CancelledTransferIsForgotten)
{
    stretch("1ms");
    EXPECT_EQ(start_write(), HELD);
    m_bus->cancel();
    advance(1s);
    EXPECT_EQ(outcome(), HELD);
    EXPECT_EQ(m_log, "W0 P ");
    EXPECT_EQ(start_write(), HELD);
    advance(1ms);
    EXPECT_EQ(outcome(), I2cOutcome::Done);
}

TEST_F(SimI2cBusTest, AddressesAndNamesAreTakenOnce)
{
    const auto attach = [this](unsigned address, const char* name) -> std::string {
        const auto done = m_sim->attach({ static_cast<uint16_t>(address), false }, name, "new",
            std::make_unique<WrittenChip>(m_log));
        return done ? "" : done.error().message();
    };
    EXPECT_EQ(attach(0x51, ""), "address 0x51 is that of written already");
    EXPECT_EQ(attach(0x4f, ""), "address 0x50 is that of written already");
    EXPECT_EQ(attach(0x7f, ""), "new has 2 addresses; from 0x7f on there are not so many");
    EXPECT_EQ(attach(0x20, "one"), "'one' is the name of another chip already");
    EXPECT_EQ(attach(0x20, "two"), "");
}

TEST_F(SimI2cBusTest, UnknownChipsAndActionsAreNamed)
{
    EXPECT_EQ(act("unplug", { { "chip", "onee" } }).error().message(),
        "there is no chip 'onee'; did you mean 'one'?");
    EXPECT_EQ(get("one.heat"), Value("one: the chip has no signal 'heat'"));
    EXPECT_EQ(get("one"), Value("'one' is no signal; write CHIP.SIGNAL, like 0x48.temperature"));
    EXPECT_EQ(
        act("plugg", {}).error().message(), "there is no action 'plugg'; did you mean 'plug'?");
    EXPECT_FALSE(act("nak", { { "chip", "one" }, { "count", -1 } }));
}

TEST_F(SimI2cBusTest, InspectShowsWhatWasDoneToAChip)
{
    EXPECT_TRUE(act("nak", { { "chip", "one" } }));
    stretch("2ms");
    EXPECT_TRUE(act("stick", {}));
    Inspector inspector;
    m_bus->inspect(inspector);
    const auto tree = std::move(inspector).tree();
    EXPECT_EQ(*tree.find("stuck"), Value(true));
    EXPECT_EQ(*tree.find("0x50")->find("naks"), Value("always"));
    EXPECT_EQ(*tree.find("0x50")->find("stretch"), Value("2ms"));
    EXPECT_EQ(*tree.find("0x50")->find("name"), Value("one"));
    EXPECT_NE(tree.find("0x150 (10-bit)"), nullptr);
}
