// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/device_tree.h"
#include "engine/guest/guest_scratch.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

namespace vwb {
namespace {

const std::array<GuestDevice, 2> devices { { { "rng0", 4, "/run/rng.sock" },
    { "gpio0", 41, "/run/gpio.sock" } } };

constexpr const char* board = R"(/dts-v1/;
/ {
    virtio-gpio {
        compatible = "virtio,uml";
        virtio-device-id = <41>;
        socket-path = "${gpio0}";
    };
};
)";

class DeviceTree : public testing::Test {
protected:
    void SetUp() override
    {
        auto scratch = GuestScratch::create();
        ASSERT_TRUE(scratch) << scratch.error().message();
        m_scratch.emplace(std::move(*scratch));
    }
    std::string write(const std::string& name, const std::string& text)
    {
        const auto path = m_scratch->path() + "/" + name;
        std::ofstream(path) << text;
        return path;
    }
    Result<PreparedTree> prepare(const std::string& file)
    {
        return prepare_device_tree(file, devices, m_scratch->path());
    }

    std::optional<GuestScratch> m_scratch;
};

TEST_F(DeviceTree, SourceIsCompiledAndItsDevicesLeaveTheCommandLine)
{
    const auto tree = prepare(write("board.dts", board));
    ASSERT_TRUE(tree) << tree.error().message();
    ASSERT_EQ(tree->other_devices.size(), 1U);
    EXPECT_EQ(tree->other_devices[0].name, "rng0");
    // The blob is taken as it is, and names the same socket.
    const auto again = prepare(tree->blob_path);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->blob_path, tree->blob_path);
    EXPECT_EQ(again->other_devices.size(), 1U);
}

TEST_F(DeviceTree, BareTreeIsABlobWithoutDevices)
{
    const auto blob = write_bare_tree(m_scratch->path());
    ASSERT_TRUE(blob) << blob.error().message();
    const auto tree = prepare(*blob);
    ASSERT_TRUE(tree) << tree.error().message();
    EXPECT_EQ(tree->other_devices.size(), 2U);
}

TEST_F(DeviceTree, IncludesAreFoundBesideTheSource)
{
    write("part.dtsi", "/ { part; };\n");
    const auto file = write("board.dts", "/dts-v1/;\n/include/ \"part.dtsi\"\n/ { };\n");
    const auto tree = prepare(file);
    ASSERT_TRUE(tree) << tree.error().message();
    EXPECT_EQ(tree->other_devices.size(), 2U);
}

TEST_F(DeviceTree, MissingFileWrongFileAndWrongSourceAreTold)
{
    EXPECT_EQ(prepare("/nonexistent/board.dts").error().kind(), ErrorKind::NotFound);
    const auto text = prepare(write("board.txt", "hello"));
    ASSERT_FALSE(text);
    EXPECT_NE(text.error().message().find("neither"), std::string::npos);
    const auto broken = prepare(write("broken.dts", "/dts-v1/;\n/ { oops };\n"));
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().message().find("syntax error"), std::string::npos);
}

TEST_F(DeviceTree, UnknownDeviceNameIsToldWithItsLine)
{
    const auto tree = prepare(write("board.dts", "/dts-v1/;\n/ {\n a = \"${i2c0}\"; };\n"));
    ASSERT_FALSE(tree);
    EXPECT_NE(tree.error().message().find("line 3: ${i2c0}"), std::string::npos);
    EXPECT_NE(tree.error().message().find("rng0, gpio0"), std::string::npos);
}

} // namespace
} // namespace vwb
