// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/sim_i2c_fixture.h"

#include <algorithm>

namespace vwb::test {

Result<std::unique_ptr<I2cAdapter>> SimI2cFixture::create(const std::string& text)
{
    m_root = parse_toml("[[device]]\n[device.sim]\n" + text, "bench.toml").value();
    ConfigReader table(*m_root->find("device")->items[0].find("sim"));
    return sim_i2c_kind().create(*m_loop, table);
}

std::string SimI2cFixture::error(const std::string& text)
{
    const auto bus = create(text);
    return bus ? "no error" : bus.error().message();
}

void SimI2cFixture::plug_in(const std::string& model, const std::string& keys)
{
    const bool placed = keys.find("address") != std::string::npos;
    auto bus = create("[[device.sim.chip]]\nmodel = \"" + model + "\"\n"
        + (placed ? "" : "address = 0x48\n") + keys);
    ASSERT_TRUE(bus) << bus.error().message();
    use(std::move(bus).value());
}

void SimI2cFixture::use(std::unique_ptr<I2cAdapter> bus)
{
    m_bus = std::move(bus);
    m_bus->set_listener(this);
}

std::unique_ptr<I2cTransfer> SimI2cFixture::transfer(
    uint16_t address, I2cDirection direction, const Bytes& bytes)
{
    auto made = std::make_unique<I2cTransfer>();
    made->add({ address, false }, direction, static_cast<uint32_t>(bytes.size()));
    std::ranges::copy(std::as_bytes(std::span(bytes)), made->data(0).begin());
    return made;
}

std::optional<I2cOutcome> SimI2cFixture::start(std::unique_ptr<I2cTransfer> made)
{
    m_done.reset();
    m_bus->execute(std::move(made));
    return outcome();
}

std::optional<I2cOutcome> SimI2cFixture::outcome() const
{
    return m_done ? std::optional(m_done->outcome) : std::nullopt;
}

void SimI2cFixture::advance(Duration step)
{
    m_clock.advance(step);
    while (m_loop->run_once(Duration(0))) { }
}

I2cOutcome SimI2cFixture::write(uint16_t address, const Bytes& bytes)
{
    return start(transfer(address, I2cDirection::Write, bytes)).value_or(I2cOutcome::Failed);
}

static std::vector<uint8_t> bytes_of(std::span<const std::byte> data)
{
    std::vector<uint8_t> bytes;
    for (const std::byte byte : data)
        bytes.push_back(std::to_integer<uint8_t>(byte));
    return bytes;
}

SimI2cFixture::Bytes SimI2cFixture::read(uint16_t address, uint32_t size)
{
    if (start(transfer(address, I2cDirection::Read, Bytes(size))) != I2cOutcome::Done)
        return {};
    return bytes_of(m_done->data(0));
}

SimI2cFixture::Bytes SimI2cFixture::read_registers(
    uint16_t address, const Bytes& pointer, uint32_t size)
{
    auto made = transfer(address, I2cDirection::Write, pointer);
    made->add({ address, false }, I2cDirection::Read, size);
    if (start(std::move(made)) != I2cOutcome::Done)
        return {};
    return bytes_of(m_done->data(1));
}

Result<Value> SimI2cFixture::act(std::string_view action, Value::Object parameters)
{
    return m_bus->actions()->call_action(action, Value(std::move(parameters)));
}

Value SimI2cFixture::get(const char* signal)
{
    auto value = act("get", { { "signal", signal } });
    return value ? value.value() : Value(value.error().message());
}

void SimI2cFixture::set(const char* signal, Value value)
{
    const auto done = act("set", { { "signal", signal }, { "value", std::move(value) } });
    EXPECT_TRUE(done) << done.error().message();
}

} // namespace vwb::test
