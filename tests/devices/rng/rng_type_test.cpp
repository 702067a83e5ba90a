// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/file_rng.h"
#include "devices/rng/getrandom_rng.h"
#include "devices/rng/rng_device.h"
#include "devices/rng/rng_type.h"
#include "engine/bench/bench_file.h"
#include "sim/rng/seeded_rng.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

class RngTypeTest : public testing::Test {
protected:
    RngTypeTest()
        : m_loop(EventLoop::create(m_clock).value())
    {
        m_registry.add(rng_device_type(
            { getrandom_rng_kind(), file_rng_kind(), hwrng_kind(), seeded_rng_kind() }));
    }
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
    std::string error(const std::string& text)
    {
        auto device = make(text);
        return device ? "no error" : device.error().message();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    Registry m_registry;
};

Value inspected(const Device& device)
{
    Inspector inspector;
    device.inspect(inspector);
    return std::move(inspector).tree();
}

std::string source_kind(const Device& device)
{
    return inspected(device).find("source")->find("kind")->string_or("");
}

} // namespace

TEST_F(RngTypeTest, DefaultIsTheHostKernelWithoutLimit)
{
    const auto device = make("[[device]]\ntype = \"rng\"\n").value();
    EXPECT_EQ(source_kind(*device), "getrandom");
    EXPECT_EQ(*inspected(*device).find("rate")->find("limited"), Value(false));
    EXPECT_EQ(device->traits().device_id, 4u);
    EXPECT_EQ(device->traits().queues.size(), 1u);
    EXPECT_EQ(device->traits().config_size, 0u);
}

TEST_F(RngTypeTest, RateAndSourceComeFromTheBenchFile)
{
    const auto device = make("[[device]]\ntype = \"rng\"\nhardware = \"file\"\n"
                             "rate = { bytes = \"4K\", period = \"250ms\" }\n"
                             "file = { path = \"/dev/zero\" }\n")
                            .value();
    EXPECT_EQ(source_kind(*device), "file");
    EXPECT_EQ(dynamic_cast<RngDevice&>(*device).rate(), (RngRate { 4096, 250ms }));
}

TEST_F(RngTypeTest, EveryHardwareKindHasItsExampleAccepted)
{
    for (const HardwareInfo& hardware : m_registry.find("rng")->hardware) {
        const std::string text = "[[device]]\ntype = \"rng\"\nhardware = \"" + hardware.kind
            + "\"\n[device." + hardware.kind + "]\n" + hardware.example;
        const std::string message = error(text);
        // This host may have no /dev/hwrng; everything else must be right.
        EXPECT_TRUE(message == "no error" || message.find("/dev/hwrng: ") != std::string::npos)
            << message;
    }
}

TEST_F(RngTypeTest, DemoBenchMakesASeededDevice)
{
    const DeviceType& type = *m_registry.find("rng");
    EXPECT_EQ(source_kind(*make(type.demo_bench).value()), "seeded");
    EXPECT_NE(type.demo_load(), nullptr);
}

TEST_F(RngTypeTest, MistakesNameFileLineAndKey)
{
    const std::string head = "[[device]]\ntype = \"rng\"\n";
    EXPECT_EQ(error(head + "rate = { period = \"1s\" }\n"),
        "b.toml:3: bytes: is missing; expected the bytes of each period, at least 1");
    EXPECT_EQ(error(head + "rate = { bytes = 0 }\n"),
        "b.toml:3: bytes: is 0; expected the bytes of each period, at least 1");
    EXPECT_EQ(error(head + "rate = { bytes = 1, period = \"0s\" }\n"),
        "b.toml:3: period: is 0; expected a duration like \"1s\"");
    EXPECT_EQ(error(head + "rate = { bytes = 1, perod = \"1s\" }\n"),
        "b.toml:3: perod: unknown key; did you mean 'period'?");
    EXPECT_EQ(error(head + "rate = 5\n"), "b.toml:3: rate: expected a table, found an integer '5'");
    EXPECT_EQ(error(head + "hardware = \"file\"\n\nfile = { path = \"/nonexistent\" }\n"),
        "b.toml:5: path: /nonexistent: No such file or directory");
    EXPECT_EQ(
        error(head + "hardware = \"file\"\nfile = { path = \"/dev/zero\", at_end = \"x\" }\n"),
        "b.toml:4: at_end: expected one of rewind, stop, found a string 'x'");
}

TEST_F(RngTypeTest, HardwareGeneratorsAreCharacterDevicesByName)
{
    const std::string head = "[[device]]\ntype = \"rng\"\nhardware = \"hwrng\"\n";
    for (const char* name : { "random", "urandom", "/dev/zero" }) {
        const auto device = make(head + "hwrng = { name = \"" + name + "\" }\n");
        ASSERT_TRUE(device) << device.error().message();
        EXPECT_EQ(source_kind(**device), "file");
    }
    EXPECT_EQ(error(head + "hwrng = { name = \"no-such-generator\" }\n"),
        "b.toml:4: name: /dev/no-such-generator: No such file or directory");
    EXPECT_EQ(error(head + "hwrng = { name = \"/etc/passwd\" }\n"),
        "b.toml:4: name: /etc/passwd is no character device; hardware = \"file\" takes other "
        "files");
}
