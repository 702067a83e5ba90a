// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/bench/bench_file.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

Registry lamp_registry()
{
    Registry registry;
    DeviceType type;
    type.name = "lamp";
    type.hardware = { { "sim", "simulated lamps", "" }, { "real", "real lamps", "" } };
    registry.add(type);
    return registry;
}

Result<BenchSpec> read(const std::string& text)
{
    static const Registry registry = lamp_registry();
    return read_bench_text(text, "lamps.toml", registry);
}

std::string error_of(const std::string& text)
{
    const auto spec = read(text);
    return spec ? "no error" : spec.error().message();
}

} // namespace

TEST(BenchFile, DefaultsComeFromFileNameAndType)
{
    const auto spec = read("[[device]]\ntype = 'lamp'\n[[device]]\ntype = 'lamp'\n");
    ASSERT_TRUE(spec) << spec.error().message();
    EXPECT_EQ(spec->name, "lamps");
    ASSERT_EQ(spec->devices.size(), 2u);
    EXPECT_EQ(spec->devices[0].name, "lamp0");
    EXPECT_EQ(spec->devices[1].name, "lamp1");
    EXPECT_EQ(spec->devices[0].hardware, "sim");
}

TEST(BenchFile, EverythingCanBeNamed)
{
    const auto spec = read("[bench]\nname = 'b'\ndirectory = '/d'\ncontrol = 'c.sock'\n"
                           "[[device]]\ntype = 'lamp'\nname = 'l'\nsocket = 's'\n"
                           "hardware = 'real'\n");
    ASSERT_TRUE(spec) << spec.error().message();
    EXPECT_EQ(spec->name, "b");
    EXPECT_EQ(spec->directory, "/d");
    EXPECT_EQ(spec->control, "c.sock");
    EXPECT_EQ(spec->devices[0].name, "l");
    EXPECT_EQ(spec->devices[0].socket, "s");
    EXPECT_EQ(spec->devices[0].hardware, "real");
}

TEST(BenchFile, SyntaxErrorNamesFileAndLine)
{
    EXPECT_EQ(error_of("[[device]]\ntype = \n").find("lamps.toml:2: "), 0u);
}

TEST(BenchFile, UnknownTypeNamesLineKeyAndChoices)
{
    EXPECT_EQ(error_of("[[device]]\n\ntype = 'lmp'\n"),
        "lamps.toml:3: type: expected one of lamp, found 'lmp'");
}

TEST(BenchFile, UnknownHardwareNamesTheKinds)
{
    EXPECT_EQ(error_of("[[device]]\ntype = 'lamp'\nhardware = 'gas'\n"),
        "lamps.toml:3: hardware: expected one of sim, real, found a string 'gas'");
}

TEST(BenchFile, WrongTypeOfAValueIsNamed)
{
    EXPECT_EQ(error_of("[[device]]\ntype = 3\n"),
        "lamps.toml:2: type: expected a string, found an integer '3'");
}

TEST(BenchFile, UnknownKeySuggestsTheNearest)
{
    EXPECT_EQ(error_of("[bench]\nnmae = 'x'\n[[device]]\ntype = 'lamp'\n"),
        "lamps.toml:2: nmae: unknown key; did you mean 'name'?");
}

TEST(BenchFile, NoDeviceIsAnError)
{
    EXPECT_NE(error_of("[bench]\nname = 'x'\n").find("[[device]] with type = one of lamp"),
        std::string::npos);
}

TEST(BenchFile, DeviceMustBeAnArrayOfTables)
{
    EXPECT_EQ(error_of("device = 3\n"),
        "lamps.toml:1: device: expected an array of tables, found an integer '3'");
}

TEST(BenchFile, TwoDevicesMustNotShareNameOrSocket)
{
    EXPECT_NE(error_of("[[device]]\ntype = 'lamp'\nname = 'a'\n[[device]]\ntype = 'lamp'\n"
                       "name = 'a'\n")
                  .find("lamps.toml:6: name: 'a' is already another device"),
        std::string::npos);
    EXPECT_NE(error_of("[[device]]\ntype = 'lamp'\nsocket = 'a'\n[[device]]\ntype = 'lamp'\n"
                       "socket = 'a'\n")
                  .find("socket: 'a' is already the socket of lamp0"),
        std::string::npos);
}

TEST(BenchFile, NamesAreSafeForPathsAndSignals)
{
    EXPECT_NE(error_of("[[device]]\ntype = 'lamp'\nname = '../x'\n").find("lamps.toml:3: name"),
        std::string::npos);
}

TEST(BenchFile, MissingFileIsNamed)
{
    const auto spec = read_bench_file("/nonexistent/b.toml", lamp_registry());
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().kind(), ErrorKind::NotFound);
    EXPECT_NE(spec.error().message().find("/nonexistent/b.toml"), std::string::npos);
}

TEST(BenchFile, DirectoryIsNoBenchFile)
{
    const auto spec = read_bench_file("/tmp", lamp_registry());
    ASSERT_FALSE(spec);
    EXPECT_NE(spec.error().message().find("not a file"), std::string::npos);
}
