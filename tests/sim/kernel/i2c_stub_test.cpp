// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The kind "i2c-stub" on a kernel that a test plays. tests/guest/test_kernel_sims.py has a real
// one.
#include "devices/i2c/i2cdev_adapter.h"
#include "engine/bench/bench_file.h"
#include "sim/kernel/i2c_stub.h"
#include "tests/support/fake_i2cdev.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include <fcntl.h>

using namespace vwb;
using namespace vwb::test;

namespace {

struct FakeKernel final : I2cStubCalls {
    Result<std::string> loaded_chips() override
    {
        return loaded ? Result<std::string>(*loaded) : Error(ErrorKind::NotFound, "none");
    }
    int load(const std::string& path, const std::string& parameters) override
    {
        log += "load " + path + " " + parameters + "; ";
        return load_answer;
    }
    int unload() override
    {
        log += "unload; ";
        return 0;
    }
    bool probe(const std::string& parameters) override
    {
        log += "probe " + parameters + "; ";
        return load_answer == 0;
    }
    std::string adapter() override { return node; }
    UniqueFd open(const std::string& path) override
    {
        log += "open " + path + "; ";
        return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    }
    int access(int, uint16_t address, bool read, uint8_t index, uint16_t& value) override
    {
        auto& word = words[{ address, index }];
        (read ? value : word) = read ? word : value;
        return 0;
    }

    std::optional<std::string> loaded;
    int load_answer = 0;
    std::string node = "/dev/i2c-5";
    std::map<std::pair<uint16_t, uint8_t>, uint16_t> words;
    std::string log;
};

class I2cStubTest : public testing::Test {
protected:
    // From the text of a [device.i2c-stub] table, which begins in line 3.
    Result<std::unique_ptr<I2cAdapter>> make(const std::string& text)
    {
        m_root = parse_toml("[[device]]\n[device.i2c-stub]\n" + text, "b.toml").value();
        ConfigReader table(*m_root->find("device")->items[0].find("i2c-stub"));
        return i2c_stub_kind(m_kernel, [this](EventLoop& loop, const std::string& path, bool) {
            m_kernel->log += "adapter " + path + "; ";
            I2cDevOptions options;
            options.path = path;
            return Result<std::unique_ptr<I2cAdapter>>(
                I2cDevAdapter::create(loop, m_adapters, options, Duration(1)).value());
        }).create(*m_loop, table);
    }
    std::string error(const std::string& text)
    {
        const auto adapter = make(text);
        return adapter ? "no error" : adapter.error().message();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::shared_ptr<FakeKernel> m_kernel = std::make_shared<FakeKernel>();
    std::shared_ptr<FakeI2cDev> m_adapters = std::make_shared<FakeI2cDev>();
    std::unique_ptr<ConfigNode> m_root;
};

} // namespace

TEST_F(I2cStubTest, ModuleIsLoadedAndGoesWithTheAdapter)
{
    {
        const auto adapter = make("chips = [0x50, 0x48]\n").value();
        EXPECT_EQ(m_kernel->log, "probe chip_addr=80,72; open /dev/i2c-5; adapter /dev/i2c-5; ");
        m_kernel->log.clear();
    }
    EXPECT_EQ(m_kernel->log, "unload; ");
    m_kernel->log.clear();
    make("chips = [0x50]\nmodule = '/x/i2c-stub.ko'\n").value();
    EXPECT_EQ(m_kernel->log.find("load /x/i2c-stub.ko chip_addr=80; "), 0u);
}

TEST_F(I2cStubTest, RegistersAreLoadedBeforehandAndReadAndSetFromOutside)
{
    const auto adapter = make("chips = [{ address = 0x48, name = 'room', registers ="
                              " [{ index = 5, name = 'temp', value = 0x1234 }] }]\n")
                             .value();
    EXPECT_EQ((m_kernel->words[{ 0x48, 5 }]), 0x1234);
    const auto act = [&](const char* verb, Value::Object parameters) {
        return adapter->actions()->call_action(verb, Value(std::move(parameters)));
    };
    for (const char* signal : { "room.temp", "0x48.5", "72.0x05" })
        EXPECT_EQ(act("get", { { "signal", signal } }).value().integer_or(0), 0x1234) << signal;
    EXPECT_TRUE(act("set", { { "signal", "room.9" }, { "value", 0xffff } }));
    EXPECT_EQ((m_kernel->words[{ 0x48, 9 }]), 0xffff);
    EXPECT_EQ(to_text(act("signals", {}).value()), "[{name=room.temp, value=4660}]");
}

TEST_F(I2cStubTest, ChangesOfRegistersAreToldToThoseWhoListen)
{
    struct Listener final : SignalListener {
        bool observed() const override { return listens; }
        void signal_changed(uint32_t signal, double value) override
        {
            changes.emplace_back(signal, value);
        }
        bool listens = false;
        std::vector<std::pair<uint32_t, double>> changes;
    } listener;
    const auto adapter = make("chips = [{ address = 0x48, name = 'room', registers ="
                              " [{ index = 5 }, { index = 7, name = 'x', value = 9 }] }]\n")
                             .value();
    adapter->set_signal_listener(&listener);
    const auto set = [&](const char* signal, int value) {
        ASSERT_TRUE(adapter->actions()->call_action(
            "set", Value(Value::Object { { "signal", signal }, { "value", value } })));
    };
    set("room.x", 10);
    EXPECT_TRUE(listener.changes.empty());
    listener.listens = true;
    set("room.x", 11);
    set("room.x", 11);
    const std::vector<std::pair<uint32_t, double>> expected = { { 1, 11.0 } };
    EXPECT_EQ(listener.changes, expected);
    adapter->set_signal_listener(nullptr);
}

TEST_F(I2cStubTest, RegistersThatAreNotThereAreNamed)
{
    const auto adapter = make("chips = [{ address = 0x48, name = 'room' }]\n").value();
    const auto error_of = [&](const char* verb, Value::Object parameters) {
        return adapter->actions()
            ->call_action(verb, Value(std::move(parameters)))
            .error()
            .message();
    };
    const std::string expected = "expected CHIP.REGISTER, like \"room.0x00\"";
    EXPECT_EQ(
        error_of("get", { { "signal", "0x49.5" } }), "there is no register '0x49.5'; " + expected);
    EXPECT_EQ(
        error_of("get", { { "signal", "room" } }), "there is no register 'room'; " + expected);
    EXPECT_EQ(error_of("get", { { "signal", "room.256" } }),
        "chip 'room' has no register '256'; expected a name of the bench file's, or 0x00 to 0xff");
    EXPECT_EQ(error_of("set", { { "signal", "room.1" }, { "value", 0x10000 } }),
        "value must be 0 to 65535, not 65536");
}

TEST_F(I2cStubTest, ModuleOfSomebodyElseIsLeftAlone)
{
    m_kernel->loaded = "80,0,0";
    EXPECT_EQ(error("chips = [0x50]\n"),
        "i2c-stub is loaded already (chips 80,0,0), by somebody else or by a bench that died; cure:"
        " rmmod i2c-stub");
    EXPECT_EQ(m_kernel->log, "");
}

TEST_F(I2cStubTest, CureForWhatIsMissingIsNamed)
{
    m_kernel->node.clear();
    EXPECT_EQ(error("chips = [0x50]\n"),
        "i2c-stub is loaded, but its adapter has no node; cure: modprobe i2c-dev");
    EXPECT_EQ(m_kernel->log, "probe chip_addr=80; unload; ");
    m_kernel->load_answer = -EPERM;
    EXPECT_EQ(error("chips = [0x50]\nmodule = '/x.ko'\n"),
        "loading i2c-stub: /x.ko: Operation not permitted; cure: run as root, on a kernel that has"
        " the module (CONFIG_I2C_STUB=m), or name its file with module = \"/path/i2c-stub.ko\"");
}

TEST_F(I2cStubTest, EveryMistakeInTheFileIsNamedWithItsPlace)
{
    EXPECT_EQ(error(""),
        "b.toml:2: chips: expected 1 to 10 chips, like [0x48, { address = 0x50, name ="
        " \"eeprom\" }]");
    EXPECT_EQ(error("chips = [2]\n"),
        "b.toml:3: address: expected an integer from 3 to 119, found an integer '2'");
    EXPECT_EQ(
        error("chips = [80, 80]\n"), "b.toml:3: address: there is a chip '0x50' at 0x50 already");
    EXPECT_EQ(error("chips = [{ address = 80, registers = [{ index = 256 }] }]\n"),
        "b.toml:3: index: expected an integer from 0 to 255, found an integer '256'");
    EXPECT_EQ(m_kernel->log, "");
    EXPECT_EQ(error(i2c_stub_kind().example), "no error");
}
