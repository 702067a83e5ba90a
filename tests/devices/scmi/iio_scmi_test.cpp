// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/iio_scmi.h"
#include "tests/support/fake_iio.h"

#include <gtest/gtest.h>

#include <map>

#include <unistd.h>

using namespace vwb;
using namespace vwb::test;
using std::chrono::milliseconds;

namespace {

// The hardware kind on a fake sysfs; what it tells is collected.
class IioScmiTest : public testing::Test, ScmiSensorListener {
protected:
    // A table of a bench file with one device, or with none: all.
    Result<std::unique_ptr<ScmiHardware>> create(const std::string& device, bool buffered = false)
    {
        m_table = ConfigNode();
        m_table.kind = ConfigNode::Kind::Table;
        m_table.file = "b.toml";
        add(m_table, "root", Value(iio.root()));
        add(m_table, "dev", Value(iio.dev()));
        if (!device.empty()) {
            ConfigNode one;
            one.kind = ConfigNode::Kind::Table;
            one.file = "b.toml";
            one.line = 7;
            add(one, "name", Value(device));
            add(one, "buffered", Value(buffered));
            ConfigNode list;
            list.kind = ConfigNode::Kind::Array;
            list.items.push_back(one);
            m_table.members.push_back({ "device", list });
        }
        ConfigReader reader(m_table);
        return iio_scmi_kind().create(*loop, reader);
    }
    static void add(ConfigNode& table, const char* key, Value value)
    {
        ConfigNode node;
        node.file = "b.toml";
        node.line = 8;
        node.scalar = std::move(value);
        table.members.push_back({ key, node });
    }
    void use(const std::string& device, bool buffered = false)
    {
        hardware = create(device, buffered).value();
        hardware->sensors()->set_listener(this);
    }
    ScmiSensors& sensors() { return *hardware->sensors(); }
    uint16_t find(const std::string& name)
    {
        for (uint16_t i = 0; i < sensors().count(); ++i) {
            if (sensors().info(i).name == name)
                return i;
        }
        ADD_FAILURE() << "no sensor " << name;
        return 0;
    }
    // Runs the loop until it is so; a hang is the ceiling's.
    template <typename Condition> void until(Condition&& condition)
    {
        const auto ceiling = clock.now() + std::chrono::seconds(5);
        while (!condition() && clock.now() < ceiling)
            loop->run_once(milliseconds(100));
        ASSERT_TRUE(condition());
    }

    void reading_done(uint16_t sensor, std::span<const ScmiReading> readings) override
    {
        keep(answers[sensor], readings);
    }
    void reading_failed(uint16_t, const Error& error) override { errors += error.message() + "; "; }
    void sampled(uint16_t sensor, std::span<const ScmiReading> readings) override
    {
        keep(samples[sensor], readings);
        times.push_back(readings[0].time_ns);
    }
    void sampling_failed(uint16_t, const Error& error) override
    {
        errors += error.message() + "; ";
    }
    static void keep(std::vector<int64_t>& values, std::span<const ScmiReading> readings)
    {
        for (const auto& reading : readings)
            values.push_back(reading.value);
    }

    FakeIio iio;
    MonotonicClock clock;
    std::unique_ptr<EventLoop> loop = EventLoop::create(clock).value();
    std::map<uint16_t, std::vector<int64_t>> answers;
    std::map<uint16_t, std::vector<int64_t>> samples;
    std::vector<uint64_t> times;
    std::string errors;
    ConfigNode m_table;
    std::unique_ptr<ScmiHardware> hardware;
};

} // namespace

TEST_F(IioScmiTest, ChannelsBecomeSensorsAndAxes)
{
    iio.add_motion_sensor();
    iio.add_weather_sensor();
    use("");
    ASSERT_EQ(sensors().count(), 4);
    const auto& accel = sensors().info(find("lsm6_accel"));
    ASSERT_EQ(accel.axes.size(), 3u);
    EXPECT_EQ(accel.axes[2].name, "lsm6_accel_Z");
    EXPECT_EQ(accel.axes[2].quantity.type, 0x59);
    EXPECT_EQ(accel.axes[2].quantity.scale, -7);
    const auto& humidity = sensors().info(find("bme280_humidityrelative"));
    EXPECT_EQ(humidity.quantity.type, 0x41);
    EXPECT_TRUE(humidity.axes.empty());
}

TEST_F(IioScmiTest, ReadingsAreConverted)
{
    iio.add_motion_sensor();
    iio.add_weather_sensor();
    use("");
    const auto accel = find("lsm6_accel");
    const auto temp = find("lsm6_temp");
    const auto pressure = find("bme280_pressure");
    for (const uint16_t sensor : { accel, temp, pressure })
        sensors().read(sensor);
    until([&] { return answers.size() == 3; });
    EXPECT_EQ(answers[accel], (std::vector<int64_t> { 598000, 1196000, 1794000 }));
    EXPECT_EQ(answers[temp], std::vector<int64_t> { 24609375 }); // 10^-6 degrees
    EXPECT_EQ(sensors().info(pressure).quantity.scale, 0);
    EXPECT_EQ(answers[pressure], std::vector<int64_t> { 101325 }); // pascal
}

// As the kernel's own dummy has it.
TEST_F(IioScmiTest, DifferentialChannelsShareTheirScale)
{
    iio.write("iio:device0/name", "dummy");
    iio.write("iio:device0/in_voltage-voltage_scale", "0.001");
    iio.write("iio:device0/in_voltage0_scale", "0.01");
    iio.write("iio:device0/in_voltage0_raw", "5");
    iio.write("iio:device0/in_voltage1-voltage2_raw", "-7");
    use("dummy");
    const auto single = find("dummy_voltage0");
    const auto differential = find("dummy_voltage1-voltage2");
    EXPECT_EQ(sensors().info(single).quantity.scale, -5);
    EXPECT_EQ(sensors().info(differential).quantity.scale, -6);
    sensors().read(differential);
    until([&] { return !answers.empty(); });
    EXPECT_EQ(answers[differential], std::vector<int64_t> { -7 });
}

TEST_F(IioScmiTest, DeviceThatGoesAwayIsAnErrorAndMayComeBack)
{
    iio.add_motion_sensor();
    use("lsm6");
    const auto temp = find("lsm6_temp");
    iio.remove("iio:device0/in_temp_raw");
    sensors().read(temp);
    until([&] { return !errors.empty(); });
    EXPECT_NE(errors.find("in_temp_raw"), std::string::npos);
    iio.write("iio:device0/in_temp_raw", "garbage");
    errors.clear();
    sensors().read(temp);
    until([&] { return !errors.empty(); });
    EXPECT_NE(errors.find("'garbage' is no number"), std::string::npos);
    iio.write("iio:device0/in_temp_raw", "-6400");
    sensors().read(temp);
    until([&] { return !answers.empty(); });
    EXPECT_EQ(answers[temp], std::vector<int64_t> { 0 });
}

TEST_F(IioScmiTest, SysfsIsSampledByTheClock)
{
    iio.add_motion_sensor();
    use("iio:device0");
    const auto temp = find("lsm6_temp");
    sensors().set_sampling(temp, milliseconds(1));
    until([&] { return samples[temp].size() >= 3; });
    EXPECT_LT(times[0], times[2]);
    sensors().set_sampling(temp, Duration(0));
    until([&] { return samples[temp].size() >= 3; });
}

TEST_F(IioScmiTest, BufferGivesSamplesWithItsTimestamps)
{
    iio.add_motion_sensor();
    const auto buffer = iio.make_buffer("iio:device0");
    use("lsm6", true);
    const auto accel = find("lsm6_accel");
    sensors().set_sampling(accel, milliseconds(10));
    until([&] { return iio.read("iio:device0/buffer/enable") == "1"; });
    EXPECT_EQ(iio.read("iio:device0/scan_elements/in_accel_y_en"), "1");
    EXPECT_EQ(iio.read("iio:device0/scan_elements/in_timestamp_en"), "1");
    EXPECT_EQ(iio.read("iio:device0/current_timestamp_clock"), "monotonic");
    EXPECT_EQ(iio.read("iio:device0/sampling_frequency").substr(0, 6), "100.00");
    // x, y, z, the temperature (big-endian, 12 bits above 4 others), the time; in two pieces
    const uint8_t scan[16] = { 1, 0, 0xff, 0xff, 10, 0, 0xff, 0xf0, 0x39, 0x30, 0, 0, 0, 0, 0, 0 };
    ASSERT_EQ(::write(buffer.get(), scan, 5), 5);
    ASSERT_EQ(::write(buffer.get(), scan + 5, 11), 11);
    until([&] { return !samples[accel].empty(); });
    EXPECT_EQ(samples[accel], (std::vector<int64_t> { 5980, -5980, 59800 }));
    EXPECT_EQ(times[0], 12345u);
    EXPECT_TRUE(samples[find("lsm6_temp")].empty()); // nobody asked for it
    // While the buffer is on, single readings come from it.
    sensors().read(accel);
    EXPECT_EQ(answers[accel], samples[accel]);
    sensors().set_sampling(accel, Duration(0));
    until([&] { return iio.read("iio:device0/buffer/enable") == "0"; });
    EXPECT_EQ(errors, "");
}

TEST_F(IioScmiTest, BufferThatCannotBeHadIsAnError)
{
    iio.add_motion_sensor();
    use("lsm6", true); // there is no character device
    sensors().set_sampling(find("lsm6_accel"), milliseconds(10));
    until([&] { return !errors.empty(); });
    EXPECT_NE(errors.find("/dev/iio:device0"), std::string::npos);
}

// Reference: a malformed scan type ended the process at start.
TEST_F(IioScmiTest, MalformedScanTypeOnlyKeepsTheChannelOutOfTheBuffer)
{
    iio.add_motion_sensor();
    iio.write("iio:device0/scan_elements/in_accel_x_type", "le:s16");
    use("lsm6", true);
    const auto accel = find("lsm6_accel");
    sensors().set_sampling(accel, milliseconds(1)); // from sysfs then
    until([&] { return samples[accel].size() >= 3; });
    EXPECT_EQ(samples[accel][0], 598000);
}

TEST_F(IioScmiTest, ErrorsNameThePlaceAndWhatThereIs)
{
    iio.add_motion_sensor();
    iio.add_weather_sensor();
    EXPECT_EQ(create("lsm7").error().message(),
        "b.toml:8: name: there is no IIO device 'lsm7'; " + iio.root() + " has lsm6, bme280");
    EXPECT_EQ(create("bme280", true).error().message(),
        "b.toml:8: buffered: 'bme280' has no sensor in its buffer (" + iio.root()
            + "/iio:device1/scan_elements)");
    iio.remove("iio:device0");
    iio.remove("iio:device1");
    EXPECT_EQ(create("").error().kind(), ErrorKind::Unavailable);
}

TEST_F(IioScmiTest, AnswersAfterAReleaseAreNobodys)
{
    iio.add_motion_sensor();
    use("lsm6");
    const auto temp = find("lsm6_temp");
    sensors().read(temp);
    sensors().release_all();
    sensors().read(temp);
    until([&] { return !answers.empty(); });
    loop->run_once(Duration(0));
    EXPECT_EQ(answers[temp].size(), 1u);
}
