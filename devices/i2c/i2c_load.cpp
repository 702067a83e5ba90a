// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_load.h"

#include "devices/i2c/i2c_driver.h"
#include "engine/device/features.h"

#include <deque>

namespace vwb {
namespace {

// The chips of the demo bench.
constexpr uint16_t EEPROM = 0x50;
constexpr uint16_t SENSOR = 0x48;
constexpr uint16_t MAP = 0x20;
constexpr uint16_t NOBODY = 0x33;
constexpr unsigned EEPROM_BYTES = 256;
constexpr unsigned EEPROM_PAGE = 8;

using Bytes = I2cDriver::Bytes;
using Transfer = I2cDriver::Transfer;

Transfer read_from(uint16_t address, uint8_t reg, uint32_t size)
{
    return { { address, { reg }, 0 }, { address, {}, size } };
}

class I2cRun {
public:
    I2cRun(I2cDriver& driver, const OutsideCall& outside)
        : m_driver(driver)
        , m_outside(outside)
    {
    }

    Result<void> registers(uint8_t round);
    Result<void> eeprom(uint8_t round);
    Result<void> sensor();
    Result<void> failures();
    Result<void> many_at_once();

private:
    static constexpr size_t BURST = 10; // transfers of two under way: a plain ring of 64 holds them

    Result<void> write_page(unsigned word, const Bytes& page);
    Result<void> act(const char* action, Value::Object parameters);

    I2cDriver& m_driver;
    const OutsideCall& m_outside;
};

Result<void> I2cRun::act(const char* action, Value::Object parameters)
{
    VWB_TRY(m_outside(action, Value(std::move(parameters))));
    return {};
}

Result<void> I2cRun::registers(uint8_t round)
{
    for (unsigned i = 0; i < 100; ++i) {
        const auto value = static_cast<uint8_t>(round * 31 + i);
        VWB_TRY(m_driver.expect({ { MAP, { 1, value }, 0 } }, {}));
        VWB_TRY(m_driver.expect(read_from(MAP, 0, 2), { 0x5a, value }));
    }
    // Reading clears the status.
    VWB_TRY(act("set", { { "signal", "0x20.status" }, { "value", 0x80 } }));
    VWB_TRY(m_driver.expect(read_from(MAP, 2, 1), { 0x80 }));
    return m_driver.expect(read_from(MAP, 2, 1), { 0x00 });
}

// Polls for the end of the write as drivers do.
Result<void> I2cRun::write_page(unsigned word, const Bytes& page)
{
    Bytes bytes { static_cast<uint8_t>(word) };
    bytes.insert(bytes.end(), page.begin(), page.end());
    VWB_TRY(m_driver.expect({ { EEPROM, bytes, 0 } }, {}));
    while (!VWB_TRY(m_driver.probe(EEPROM))) { }
    return {};
}

Result<void> I2cRun::eeprom(uint8_t round)
{
    Bytes all(EEPROM_BYTES);
    for (unsigned i = 0; i < EEPROM_BYTES; ++i)
        all[i] = static_cast<uint8_t>(i * 7 + round);
    for (unsigned word = 0; word < EEPROM_BYTES; word += EEPROM_PAGE) {
        const auto begin = all.begin() + word;
        VWB_TRY(write_page(word, Bytes(begin, begin + EEPROM_PAGE)));
    }
    VWB_TRY(m_driver.expect(read_from(EEPROM, 0, EEPROM_BYTES), all));
    return m_driver.expect(
        read_from(EEPROM, EEPROM_BYTES - 1, 2), { all[EEPROM_BYTES - 1], all[0] });
}

Result<void> I2cRun::sensor()
{
    for (int celsius = -55; celsius <= 125; celsius += 5) {
        VWB_TRY(act("set", { { "signal", "room.temperature" }, { "value", celsius } }));
        VWB_TRY(m_driver.expect(read_from(SENSOR, 0, 2), { static_cast<uint8_t>(celsius), 0 }));
    }
    return {};
}

Result<void> I2cRun::failures()
{
    if (VWB_TRY(m_driver.probe(NOBODY)))
        m_driver.complain("an address without a chip was answered");
    // The second message fails and takes the third with it, but not the next transfer.
    VWB_TRY(
        m_driver.run({ { MAP, { 1, 0x11 }, 0 }, { NOBODY, {}, 1 }, { MAP, { 1, 0x22 }, 0 } }, 1));
    VWB_TRY(m_driver.expect(read_from(MAP, 1, 1), { 0x11 }));
    VWB_TRY(act("unplug", { { "chip", "room" } }));
    VWB_TRY(m_driver.run(read_from(SENSOR, 0, 2), 0));
    VWB_TRY(act("plug", { { "chip", "room" } }));
    VWB_TRY(act("stretch", { { "chip", "room" }, { "time", "100us" } }));
    VWB_TRY(m_driver.run(read_from(SENSOR, 0, 2)));
    VWB_TRY(act("stretch", { { "chip", "room" }, { "time", "0s" } }));
    return {};
}

// Transfers to two chips, one after the other in the ring, must not be joined.
Result<void> I2cRun::many_at_once()
{
    VWB_TRY(m_driver.expect({ { MAP, { 1, 0x77 }, 0 } }, {}));
    std::deque<I2cDriver::Tickets> tickets;
    for (size_t i = 0; i < BURST; ++i)
        tickets.push_back(VWB_TRY(m_driver.submit(read_from(i % 2 == 0 ? MAP : SENSOR, 1, 1))));
    for (size_t i = 0; i < BURST; ++i) {
        const auto transfer = read_from(i % 2 == 0 ? MAP : SENSOR, 1, 1);
        const auto bytes = VWB_TRY(m_driver.wait(transfer, tickets[i], I2cDriver::ALL));
        if (bytes != Bytes { i % 2 == 0 ? uint8_t { 0x77 } : uint8_t { 0 } })
            m_driver.complain("transfer " + std::to_string(i) + " of many read other bytes");
    }
    return {};
}

class I2cLoad final : public DriverLoad {
public:
    uint64_t features() const override { return feature_bit(VIRTIO_I2C_F_ZERO_LENGTH_REQUEST); }
    Result<void> run(BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters,
        const std::atomic<bool>& stop) override;
    std::string complaint() const override { return m_complaint; }

private:
    std::string m_complaint;
};

Result<void> I2cLoad::run(BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters,
    const std::atomic<bool>& stop)
{
    constexpr uint8_t rounds = 5;
    I2cDriver i2c(driver, counters, m_complaint);
    I2cRun run(i2c, outside);
    for (uint8_t round = 0; round < rounds && !stop; ++round) {
        VWB_TRY(run.registers(round));
        VWB_TRY(run.eeprom(round));
        VWB_TRY(run.sensor());
        VWB_TRY(run.failures());
        for (unsigned i = 0; i < 20; ++i)
            VWB_TRY(run.many_at_once());
    }
    return {};
}

} // namespace

std::unique_ptr<DriverLoad> make_i2c_load()
{
    return std::make_unique<I2cLoad>();
}

} // namespace vwb
