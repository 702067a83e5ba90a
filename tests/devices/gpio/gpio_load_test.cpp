// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_load.h"
#include "devices/gpio/gpio_type.h"
#include "sim/gpio/sim_gpio.h"
#include "tests/support/load_fixture.h"

using namespace vwb;
using namespace vwb::test;

namespace {

// A bank that answers wrong: every level is the opposite.
class InvertedGpio final : public GpioHardware {
public:
    explicit InvertedGpio(std::unique_ptr<GpioHardware> bank)
        : m_bank(std::move(bank))
    {
    }
    uint16_t line_count() const override { return m_bank->line_count(); }
    std::string line_name(uint16_t line) const override { return m_bank->line_name(line); }
    void set_listener(GpioListener* listener) override { m_bank->set_listener(listener); }
    Result<GpioLevel> peek(uint16_t line) const override { return m_bank->peek(line); }
    Result<GpioLevel> value(uint16_t line) override
    {
        return opposite(m_bank->value(line).value());
    }
    Result<void> set_input(uint16_t line) override { return m_bank->set_input(line); }
    Result<void> set_output(uint16_t line, GpioLevel level) override
    {
        return m_bank->set_output(line, level);
    }
    Result<void> watch_edges(uint16_t line, GpioEdges edges) override
    {
        return m_bank->watch_edges(line, edges);
    }
    Result<void> release(uint16_t line) override { return m_bank->release(line); }
    void release_all() override { m_bank->release_all(); }
    void inspect(Inspector& inspector) const override { m_bank->inspect(inspector); }
    Actions* actions() override { return m_bank->actions(); }

private:
    std::unique_ptr<GpioHardware> m_bank;
};

class GpioLoadTest : public LoadFixture { };

} // namespace

TEST_F(GpioLoadTest, SimulatedBankAnswersAllRight)
{
    serve(gpio_device_type({ sim_gpio_kind() }));
    run();
    expect_all_right(5000);
}

TEST_F(GpioLoadTest, PlainRingsGiveTheSame)
{
    serve(gpio_device_type({ sim_gpio_kind() }));
    run(plain_rings());
    expect_all_right(5000);
}

TEST_F(GpioLoadTest, WrongLevelsAreComplainedOf)
{
    GpioHardwareKind inverted = sim_gpio_kind();
    inverted.create
        = [](EventLoop& loop, ConfigReader& parameters) -> Result<std::unique_ptr<GpioHardware>> {
        auto bank = VWB_TRY(sim_gpio_kind().create(loop, parameters));
        return std::unique_ptr<GpioHardware>(std::make_unique<InvertedGpio>(std::move(bank)));
    };
    DriverOptions options;
    options.timeout = std::chrono::milliseconds(100); // for the interrupts that never come
    serve(gpio_device_type({ inverted }));
    run(options);
    EXPECT_GT(m_counters.errors, 50u);
    EXPECT_NE(m_complaint, "");
}
