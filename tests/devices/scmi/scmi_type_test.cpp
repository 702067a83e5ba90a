// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_type.h"
#include "engine/bench/bench_file.h"
#include "sim/scmi/sim_scmi.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

class ScmiTypeTest : public testing::Test {
protected:
    ScmiTypeTest() { m_registry.add(scmi_device_type({ sim_scmi_kind() })); }

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
    // What is said to a bench whose device has these lines; they begin with line 3.
    std::string refusal(const std::string& lines)
    {
        const auto device = make("[[device]]\ntype = \"scmi\"\n" + lines);
        return device ? "none" : device.error().message();
    }
    const DeviceType& type() const { return *m_registry.find("scmi"); }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    Registry m_registry;
};

constexpr const char* SENSOR = "[[device.sim.sensor]]\nname = \"a\"\n";

} // namespace

TEST_F(ScmiTypeTest, DefaultIsOneTemperature)
{
    const auto device = make("[[device]]\ntype = \"scmi\"\n").value();
    EXPECT_EQ(device->traits().device_id, 32u);
    EXPECT_EQ(device->traits().queues.size(), 2u);
    EXPECT_TRUE(device->traits().queues[1].parks_requests);
    EXPECT_EQ(device->traits().config_size, 0u);
    EXPECT_EQ(device->traits().features, 1u);
    const auto value = device->actions()->call_action(
        "get", Value(Value::Object { { "signal", "sensor.cpu" } }));
    EXPECT_EQ(value.value(), Value(42.0));
}

TEST_F(ScmiTypeTest, EveryHardwareKindHasItsExampleAccepted)
{
    for (const HardwareInfo& hardware : type().hardware) {
        const auto device = make("[[device]]\ntype = \"scmi\"\nhardware = \"" + hardware.kind
            + "\"\n[device." + hardware.kind + "]\n" + hardware.example);
        EXPECT_TRUE(device) << device.error().message();
    }
}

TEST_F(ScmiTypeTest, DemoBenchMakesADevice)
{
    const auto device = make(type().demo_bench);
    ASSERT_TRUE(device) << device.error().message();
    EXPECT_NE(type().demo_load(), nullptr);
}

TEST_F(ScmiTypeTest, ErrorsNameFileLineAndKey)
{
    EXPECT_EQ(refusal("[[device.sim.sensor]]\nkind = \"power\"\n"),
        "b.toml:3: name: is missing; expected a string");
    EXPECT_EQ(refusal(std::string(SENSOR) + "kindd = \"power\"\n"),
        "b.toml:5: kindd: unknown key; did you mean 'kind'?");
    EXPECT_EQ(refusal(std::string(SENSOR) + SENSOR),
        "b.toml:6: name: 'a' is the name of another sensor already");
    EXPECT_EQ(refusal(std::string(SENSOR) + "wave = { kind = \"sine\" }\n"),
        "b.toml:5: period: is missing; expected a duration like \"10s\"");
    EXPECT_EQ(refusal(std::string(SENSOR) + "coupling = [{ from = \"b\" }]\n"),
        "b.toml:5: from: there is no sensor 'b' before this one; did you mean 'a'?");
    EXPECT_EQ(refusal(std::string(SENSOR) + "coupling = [{ from = \"a\" }]\n"),
        "b.toml:5: from: a sensor cannot be coupled to itself");
    EXPECT_EQ(refusal(std::string(SENSOR) + "intervals = [\"1us\"]\n"),
        "b.toml:5: intervals: '1us' is too short; expected at least 100us");
    EXPECT_EQ(refusal("[[device.sim.clock]]\nname = \"c\"\nrates = [\"24MV\"]\n"),
        "b.toml:5: rates: '24MV' is no quantity; expected one like 1.5mHz, 3Hz or 2kHz");
    EXPECT_EQ(refusal("[[device.sim.performance]]\nname = \"p\"\n"),
        "b.toml:3: level: is missing; expected tables like { level = 1000 }");
    EXPECT_EQ(refusal("[[device.sim.voltage]]\nname = \"v\"\nrange = [\"2V\", \"1V\", \"1V\"]\n"),
        "b.toml:5: range: expected [lowest, highest, step]");
}

TEST_F(ScmiTypeTest, QuantitiesHaveUnitsAndPrefixes)
{
    EXPECT_DOUBLE_EQ(parse_quantity("24MHz", "Hz").value(), 24e6);
    EXPECT_DOUBLE_EQ(parse_quantity("32768", "Hz").value(), 32768);
    EXPECT_DOUBLE_EQ(parse_quantity("900mV", "V").value(), 0.9);
    EXPECT_DOUBLE_EQ(parse_quantity("-1.5V", "V").value(), -1.5);
    EXPECT_FALSE(parse_quantity("1xV", "V"));
    EXPECT_FALSE(parse_quantity("V", "V"));
}
