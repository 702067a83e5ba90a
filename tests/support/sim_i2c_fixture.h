// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimI2cFixture: a simulated bus from the text of a bench file, with transfers written by hand and
// a clock that stands still. No guest and no ring.
#pragma once

#include "devices/i2c/i2c_hardware.h"
#include "engine/bench/bench_file.h"
#include "sim/i2c/sim_i2c.h"

#include <gtest/gtest.h>

#include <optional>

namespace vwb::test {

class SimI2cFixture : public testing::Test, private I2cListener {
protected:
    using Bytes = std::vector<uint8_t>;

    // From the text of a [device.sim] table, which begins in line 3.
    Result<std::unique_ptr<I2cAdapter>> create(const std::string& text);
    std::string error(const std::string& text);
    // The bus of the test: one chip at 0x48 (or what the keys say), with further keys.
    void plug_in(const std::string& model, const std::string& keys = "");
    void use(std::unique_ptr<I2cAdapter> bus);

    // One message each; a transfer with several is begin(), add_...() and run().
    I2cOutcome write(uint16_t address, const Bytes& bytes);
    Bytes read(uint16_t address, uint32_t size);
    // Write, repeated START, read: how a register is read. Empty if it failed.
    Bytes read_registers(uint16_t address, const Bytes& pointer, uint32_t size);
    // Nothing as long as the transfer is held up.
    std::optional<I2cOutcome> start(std::unique_ptr<I2cTransfer> transfer);
    std::unique_ptr<I2cTransfer> transfer(uint16_t address, I2cDirection direction, const Bytes&);
    std::optional<I2cOutcome> outcome() const;
    void advance(Duration step);

    Result<Value> act(std::string_view action, Value::Object parameters);
    Value get(const char* signal);
    void set(const char* signal, Value value);

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::unique_ptr<ConfigNode> m_root;
    std::unique_ptr<I2cAdapter> m_bus;
    std::unique_ptr<I2cTransfer> m_done; // the last one that ended

private:
    void transfer_done(std::unique_ptr<I2cTransfer> done) override { m_done = std::move(done); }
};

} // namespace vwb::test
