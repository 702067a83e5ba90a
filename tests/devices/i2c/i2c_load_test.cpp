// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2c_load.h"
#include "devices/i2c/i2c_type.h"
#include "sim/i2c/sim_i2c.h"
#include "tests/support/load_fixture.h"

using namespace vwb;
using namespace vwb::test;

namespace {

// A bus that flips the lowest bit of all that is read.
class LyingAdapter final : public I2cAdapter, private I2cListener {
public:
    explicit LyingAdapter(std::unique_ptr<I2cAdapter> bus)
        : m_bus(std::move(bus))
    {
        m_bus->set_listener(this);
    }
    void set_listener(I2cListener* listener) override { m_listener = listener; }
    bool ten_bit() const override { return m_bus->ten_bit(); }
    void execute(std::unique_ptr<I2cTransfer> transfer) override
    {
        m_bus->execute(std::move(transfer));
    }
    void cancel() override { m_bus->cancel(); }
    void inspect(Inspector& inspector) const override { m_bus->inspect(inspector); }
    Actions* actions() override { return m_bus->actions(); }

private:
    void transfer_done(std::unique_ptr<I2cTransfer> transfer) override
    {
        for (size_t i = 0; i < transfer->done; ++i) {
            for (std::byte& byte : transfer->data(i))
                byte ^= std::byte { 1 };
        }
        m_listener->transfer_done(std::move(transfer));
    }

    std::unique_ptr<I2cAdapter> m_bus;
    I2cListener* m_listener = nullptr;
};

class I2cLoadTest : public LoadFixture { };

} // namespace

TEST_F(I2cLoadTest, SimulatedBusAnswersAllRight)
{
    serve(i2c_device_type({ sim_i2c_kind() }));
    run();
    expect_all_right(5000);
}

TEST_F(I2cLoadTest, PlainRingsGiveTheSame)
{
    serve(i2c_device_type({ sim_i2c_kind() }));
    run(plain_rings());
    expect_all_right(5000);
}

TEST_F(I2cLoadTest, WrongBytesAreComplainedOf)
{
    I2cAdapterKind lying = sim_i2c_kind();
    lying.create
        = [](EventLoop& loop, ConfigReader& parameters) -> Result<std::unique_ptr<I2cAdapter>> {
        return std::unique_ptr<I2cAdapter>(
            std::make_unique<LyingAdapter>(VWB_TRY(sim_i2c_kind().create(loop, parameters))));
    };
    serve(i2c_device_type({ lying }));
    run();
    EXPECT_GT(m_counters.errors, 50u);
}
