// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What becomes of chips where there is no kernel to make them. tests/guest/test_kernel_sims.py has
// the kernel.
#include "engine/bench/bench_file.h"
#include "sim/kernel/gpio_sim.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>

using namespace vwb;
namespace fs = std::filesystem;

namespace {

class GpioSimChipTest : public testing::Test {
protected:
    GpioSimChipTest()
    {
        char name[] = "/tmp/vwb-sim-XXXXXX";
        m_folder = ::mkdtemp(name);
        m_paths = { m_folder / "config", m_folder / "platform", m_folder / "dev" };
    }
    ~GpioSimChipTest() override { fs::remove_all(m_folder); }

    std::string error(const GpioSimOptions& options = { "", { {}, {} } })
    {
        const auto chip = GpioSimChip::create(options, m_paths);
        return chip ? "no error" : chip.error().message();
    }
    // From the text of a [device.gpio-sim] table, which begins in line 3.
    std::string config_error(const std::string& text)
    {
        const auto root = parse_toml("[[device]]\n[device.gpio-sim]\n" + text, "b.toml").value();
        ConfigReader table(*root->find("device")->items[0].find("gpio-sim"));
        const auto made = gpio_sim_kind(m_paths).create(*m_loop, table);
        return made ? "no error" : made.error().message();
    }

    fs::path m_folder;
    GpioSimPaths m_paths;
    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
};

} // namespace

TEST_F(GpioSimChipTest, CureForWhatIsMissingIsNamed)
{
    const auto root = m_paths.configfs + "/gpio-sim is not there; cure: ";
    const std::string probe = "modprobe gpio-sim (a kernel with CONFIG_GPIO_SIM)";
    EXPECT_EQ(error(), root + "mount -t configfs none " + m_paths.configfs + ", or " + probe);
    fs::create_directories(m_paths.configfs + "/usb_gadget");
    EXPECT_EQ(error(), root + probe);
    EXPECT_EQ(GpioSimChip::create({ "", { {} } }, m_paths).error().kind(), ErrorKind::Unavailable);
}

TEST_F(GpioSimChipTest, ChipThatCannotBeMadeLeavesNothing)
{
    const auto root = m_paths.configfs + "/gpio-sim";
    fs::create_directories(root);
    // Plain folders have no attributes.
    EXPECT_NE(error().find("/bank0/num_lines: No such file or directory"), std::string::npos);
    EXPECT_TRUE(fs::is_empty(root));
}

TEST_F(GpioSimChipTest, ChipsOfTheDeadAreRemovedAndThoseOfTheLivingStay)
{
    const auto root = m_paths.configfs + "/gpio-sim";
    fs::create_directories(root + "/vwb-1-0/bank0/line2/hog");
    fs::create_directories(root + "/vwb-2-0/bank0");
    fs::create_directories(root + "/somebody-elses/bank0");
    const UniqueFd lock(::open((root + "/vwb-2-0").c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    testing::internal::CaptureStderr();
    error();
    const auto said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("removed " + root + "/vwb-1-0, left over by a bench that died"),
        std::string::npos)
        << said;
    EXPECT_FALSE(fs::exists(root + "/vwb-1-0"));
    EXPECT_TRUE(fs::exists(root + "/vwb-2-0/bank0"));
    EXPECT_TRUE(fs::exists(root + "/somebody-elses/bank0"));
}

TEST_F(GpioSimChipTest, NumberOfLinesIsBounded)
{
    EXPECT_EQ(error({ "", {} }), "a chip of 0 lines; expected 1 to 1024");
    EXPECT_EQ(
        error({ "", std::vector<GpioSimLine>(1025) }), "a chip of 1025 lines; expected 1 to 1024");
}

TEST_F(GpioSimChipTest, EveryMistakeInTheFileIsNamedWithItsPlace)
{
    EXPECT_EQ(config_error("lines = []\n"), "b.toml:3: lines: expected 1 to 1024 lines");
    EXPECT_EQ(config_error("lines = ['a', 'a']\n"),
        "b.toml:3: name: 'a' is the name of another line; expected a unique one");
    EXPECT_EQ(
        config_error("lines = [3]\n"), "b.toml:3: name: expected a string, found an integer '3'");
    EXPECT_EQ(config_error("lines = [{ hog = 'output' }]\n"),
        "b.toml:3: hog: expected one of none, input, output-high, output-low, found a string"
        " 'output'");
    EXPECT_EQ(config_error("lable = 'x'\n"), "b.toml:3: lable: unknown key; did you mean 'label'?");
    // All of the example is accepted: what is missing is the kernel's.
    EXPECT_NE(config_error(gpio_sim_kind().example).find("cure: mount"), std::string::npos);
}
