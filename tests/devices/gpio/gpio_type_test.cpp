// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_type.h"
#include "engine/bench/bench_file.h"
#include "sim/gpio/sim_gpio.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

class GpioTypeTest : public testing::Test {
protected:
    GpioTypeTest() { m_registry.add(gpio_device_type({ sim_gpio_kind() })); }

    // The only device of a bench file.
    Result<std::unique_ptr<Device>> make(const std::string& text)
    {
        auto bench = read_bench_text(text, "b.toml", m_registry);
        if (!bench)
            return std::move(bench).error();
        const DeviceSpec& spec = bench->devices[0];
        ConfigReader device(*spec.table);
        ConfigNode none;
        none.kind = ConfigNode::Kind::Table;
        none.file = "b.toml";
        const ConfigNode* parameters = spec.table->find(spec.hardware);
        ConfigReader reader(parameters ? *parameters : none);
        DeviceSetup setup { spec.name, spec.hardware, device, reader, *m_loop };
        return spec.type->create(setup);
    }
    const DeviceType& type() const { return *m_registry.find("gpio"); }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    Registry m_registry;
};

} // namespace

TEST_F(GpioTypeTest, DefaultIsASimulatedBank)
{
    const auto device = make("[[device]]\ntype = \"gpio\"\n").value();
    EXPECT_EQ(device->traits().device_id, 41u);
    EXPECT_EQ(device->traits().queues.size(), 2u);
    EXPECT_TRUE(device->traits().queues[1].parks_requests);
    EXPECT_EQ(device->traits().config_size, 8u);
    EXPECT_EQ(device->traits().features, 1u);
    ASSERT_NE(device->actions(), nullptr);
    Inspector inspector;
    device->inspect(inspector);
    const auto tree = std::move(inspector).tree();
    EXPECT_EQ(*tree.find("hardware")->find("kind"), Value("sim"));
}

TEST_F(GpioTypeTest, EveryHardwareKindHasItsExampleAccepted)
{
    for (const HardwareInfo& hardware : type().hardware) {
        const auto device = make("[[device]]\ntype = \"gpio\"\nhardware = \"" + hardware.kind
            + "\"\n[device." + hardware.kind + "]\n" + hardware.example);
        EXPECT_TRUE(device) << device.error().message();
    }
}

TEST_F(GpioTypeTest, DemoBenchMakesADevice)
{
    const auto device = make(type().demo_bench);
    ASSERT_TRUE(device) << device.error().message();
    EXPECT_NE(type().demo_load(), nullptr);
}

TEST_F(GpioTypeTest, NameThatNoDriverCanBeToldIsRefusedWithItsPlace)
{
    const auto device = make("[[device]]\ntype = 'gpio'\n\nhardware = 'sim'\n[device.sim]\n"
                             "[[device.sim.line]]\nname = 'gr\u00fcn'\n");
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().message(),
        "b.toml:4: hardware: name of line 0 has a character that is not printable 7-bit ASCII");
}
