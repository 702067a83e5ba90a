// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/waveform/waveform_config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include <unistd.h>

using namespace vwb;
using std::chrono::seconds;

namespace {

Value parameters(Value::Object members)
{
    return Value(std::move(members));
}

std::string complaint(std::string_view kind, Value::Object members)
{
    const auto wave = waveform_of(kind, Value(std::move(members)));
    return wave ? "none" : wave.error().message();
}

} // namespace

TEST(WaveformConfig, ParametersOfActionsMakeWaves)
{
    const auto ramp = waveform_of("ramp", parameters({ { "to", 10 }, { "time", "2s" } })).value();
    EXPECT_DOUBLE_EQ(ramp->value(seconds(1)), 5);
    const auto sine = waveform_of(
        "sine", parameters({ { "offset", 1.5 }, { "amplitude", 2 }, { "period", "4s" } }))
                          .value();
    EXPECT_NEAR(sine->value(seconds(1)), 3.5, 1e-9);
    const auto square = waveform_of("square", parameters({ { "period", "1s" } })).value();
    EXPECT_EQ(square->value(seconds(0)), 1);
    EXPECT_STREQ(
        waveform_of("random", parameters({ { "period", "1s" } })).value()->kind(), "random");
}

TEST(WaveformConfig, SquareWavesAreHighForTheirDutyAndSoOften)
{
    const auto wave
        = waveform_of("square", parameters({ { "period", "10s" }, { "duty", 25 }, { "count", 2 } }))
              .value();
    std::string levels;
    for (int quarter = 0; quarter < 12; ++quarter)
        levels += wave->value(std::chrono::milliseconds(2500) * quarter) == 1 ? '1' : '0';
    EXPECT_EQ(levels, "100010000000");
    EXPECT_TRUE(wave->done(std::chrono::milliseconds(12500)));
    EXPECT_EQ(complaint("square", { { "period", "1s" }, { "count", -1 } }).substr(0, 6), "count:");
}

TEST(WaveformConfig, ErrorsNameTheParameter)
{
    EXPECT_EQ(complaint("ramp", { { "time", "2s" } }), "to: is missing; expected a number");
    EXPECT_EQ(
        complaint("ramp", { { "to", 1 } }), "time: is missing; expected a duration like \"10s\"");
    EXPECT_EQ(complaint("sine", { { "period", "1ns" } }), "period: is 1ns; expected at least 10us");
    EXPECT_EQ(complaint("square", { { "period", "1s" }, { "duty", 120 } }),
        "duty: expected 0 to 100 percent");
    EXPECT_EQ(complaint("random", { { "period", "1s" }, { "minimum", 2 }, { "maximum", 1 } }),
        "minimum: is above maximum");
    EXPECT_EQ(
        complaint("csv", { { "file", "/nowhere.csv" } }), "file: '/nowhere.csv' cannot be read");
}

TEST(WaveformConfig, RecordingsAreLinesOfSecondsAndValue)
{
    const auto points
        = parse_wave_points("time,celsius\n# warm-up\n0,20\n0.5, 21.25\r\n\n2,-3e1\n", "t").value();
    EXPECT_EQ(points,
        (std::vector<WavePoint> {
            { Duration(0), 20 }, { std::chrono::milliseconds(500), 21.25 }, { seconds(2), -30 } }));
}

TEST(WaveformConfig, BadLinesAreNamed)
{
    const auto text = [](std::string_view csv) {
        const auto points = parse_wave_points(csv, "t.csv");
        return points ? "none" : points.error().message();
    };
    EXPECT_EQ(text("0,1\n1;2\n"), "t.csv:2: expected \"seconds,value\", found '1;2'");
    EXPECT_EQ(text("0,1\n0,2\n"), "t.csv:2: the time is not later than that of the line before");
    EXPECT_EQ(text("0,1\n-1,2\n"), "t.csv:2: expected \"seconds,value\", found '-1,2'");
    EXPECT_EQ(text("0,1\n1,nan\n"), "t.csv:2: expected \"seconds,value\", found '1,nan'");
    EXPECT_EQ(text(""), "t.csv: there is no line \"seconds,value\"");
}

TEST(WaveformConfig, RecordingsAreReadFromFiles)
{
    std::string name = testing::TempDir() + "vwb-wave-XXXXXX";
    const int file = ::mkstemp(name.data());
    ASSERT_GE(file, 0);
    ::close(file);
    std::ofstream(name) << "0,1\n10,2\n";
    const auto wave
        = waveform_of("csv", parameters({ { "file", name }, { "between", "interpolate" } }))
              .value();
    EXPECT_DOUBLE_EQ(wave->value(seconds(5)), 1.5);
    ::unlink(name.c_str());
}
