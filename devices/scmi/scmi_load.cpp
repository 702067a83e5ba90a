// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_load.h"

#include "devices/scmi/scmi_driver.h"

#include <array>

namespace vwb {
namespace {

// Sensors of the demo bench.
constexpr uint32_t CPU = 0;
constexpr uint32_t ACCEL = 1;

class ScmiLoad final : public DriverLoad {
public:
    uint64_t features() const override { return uint64_t { 1 } << VIRTIO_SCMI_F_P2A_CHANNELS; }
    Result<void> run(BuiltinDriver& driver, const OutsideCall& outside, LoadCounters& counters,
        const std::atomic<bool>& stop) override;
    std::string complaint() const override { return m_complaint; }

private:
    std::string m_complaint;
};

// One run of the load.
class ScmiRun {
public:
    ScmiRun(ScmiDriver& driver, const OutsideCall& outside)
        : m_driver(driver)
        , m_outside(outside)
    {
    }

    Result<void> discover();
    Result<void> readings();
    Result<void> many_readings();
    Result<void> updates();
    Result<void> clock();
    Result<void> power();
    Result<void> performance();
    Result<void> voltage_and_reset();

private:
    static constexpr size_t BURST = 32;

    Result<void> set(const char* signal, double value);
    Result<void> expect_outside(const char* signal, double expected);

    ScmiDriver& m_driver;
    const OutsideCall& m_outside;
};

Result<void> ScmiLoad::run(BuiltinDriver& driver, const OutsideCall& outside,
    LoadCounters& counters, const std::atomic<bool>& stop)
{
    constexpr unsigned rounds = 50;
    constexpr unsigned rounds_per_update = 10; // an update takes its time
    ScmiDriver scmi(driver, counters, m_complaint);
    ScmiRun run(scmi, outside);
    for (unsigned round = 0; round < rounds && !stop; ++round) {
        VWB_TRY(run.discover());
        VWB_TRY(run.readings());
        VWB_TRY(run.many_readings());
        if (round % rounds_per_update == 0)
            VWB_TRY(run.updates());
        VWB_TRY(run.clock());
        VWB_TRY(run.power());
        VWB_TRY(run.performance());
        VWB_TRY(run.voltage_and_reset());
    }
    return {};
}

Result<void> ScmiRun::set(const char* signal, double value)
{
    VWB_TRY(m_outside("set", Value(Value::Object { { "signal", signal }, { "value", value } })));
    return {};
}

Result<void> ScmiRun::expect_outside(const char* signal, double expected)
{
    const auto found = VWB_TRY(m_outside("get", Value(Value::Object { { "signal", signal } })));
    if (found.number_or(-1) != expected)
        m_driver.complain("the outside sees " + to_text(found) + " on " + signal + "; expected "
            + to_text(Value(expected)));
    return {};
}

Result<void> ScmiRun::discover()
{
    constexpr std::array<uint8_t, 7> protocols { SCMI_BASE, SCMI_POWER_DOMAIN, SCMI_PERFORMANCE,
        SCMI_CLOCK, SCMI_SENSOR, SCMI_RESET, SCMI_VOLTAGE };
    for (const uint8_t protocol : protocols) {
        VWB_TRY(m_driver.command(protocol, PROTOCOL_VERSION, {}));
        VWB_TRY(m_driver.command(protocol, PROTOCOL_ATTRIBUTES, {}));
        VWB_TRY(
            m_driver.expect(protocol, PROTOCOL_MESSAGE_ATTRIBUTES, { PROTOCOL_ATTRIBUTES }, { 0 }));
    }
    VWB_TRY(
        m_driver.expect(SCMI_BASE, BASE_DISCOVER_LIST_PROTOCOLS, { 0 }, { 6, 0x15141311, 0x1716 }));
    const auto described = VWB_TRY(m_driver.command(SCMI_SENSOR, SENSOR_DESCRIPTION_GET, { 0 }));
    if (described.empty() || described[0] != 2)
        m_driver.complain("SENSOR_DESCRIPTION_GET does not describe both sensors");
    return {};
}

Result<void> ScmiRun::readings()
{
    for (const uint32_t millidegrees : { 42000u, 61500u }) {
        VWB_TRY(set("sensor.cpu", millidegrees / 1000.0));
        VWB_TRY(m_driver.expect(
            SCMI_SENSOR, SENSOR_READING_GET, { CPU, 0 }, { millidegrees, 0, 0, 0 }));
    }
    constexpr uint32_t micrometres = 9810000; // per second squared
    VWB_TRY(m_driver.expect(SCMI_SENSOR, SENSOR_CONFIG_SET, { ACCEL, 1 }, {}));
    VWB_TRY(m_driver.expect(SCMI_SENSOR, SENSOR_READING_GET, { ACCEL, 0 },
        { 0, 0, 0, 0, 0, 0, 0, 0, micrometres, 0, 0, 0 }));
    return {};
}

Result<void> ScmiRun::many_readings()
{
    VWB_TRY(set("sensor.cpu", 50));
    return m_driver.expect_many(
        SCMI_SENSOR, SENSOR_READING_GET, { CPU, 0 }, { 50000, 0, 0, 0 }, BURST);
}

// Three samples in a row, in their order, then no more.
Result<void> ScmiRun::updates()
{
    std::array<uint64_t, 3> tickets {};
    for (auto& ticket : tickets)
        ticket = VWB_TRY(m_driver.park());
    // Timestamps on; the interval stays.
    VWB_TRY(m_driver.expect(SCMI_SENSOR, SENSOR_CONFIG_SET, { CPU, 3 }, {}));
    VWB_TRY(m_driver.expect(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { CPU, 1 }, {}));
    uint64_t last = 0;
    for (const uint64_t ticket : tickets) {
        const auto event = VWB_TRY(m_driver.expect_event(ticket, SCMI_SENSOR, SENSOR_UPDATE));
        if (event.size() != 6 || event[1] != CPU || event[2] != 50000) {
            m_driver.complain("SENSOR_UPDATE does not tell 50000 millidegrees of sensor 0");
            continue;
        }
        const uint64_t time = event[4] | uint64_t { event[5] } << 32;
        if (time <= last)
            m_driver.complain("SENSOR_UPDATE is not later than the one before");
        last = time;
    }
    // Updates that wait for a buffer go with the configuration.
    VWB_TRY(m_driver.expect(SCMI_SENSOR, SENSOR_CONTINUOUS_UPDATE_NOTIFY, { CPU, 0 }, {}));
    return m_driver.expect(SCMI_BASE, BASE_RESET_AGENT_CONFIGURATION, { 1, 0 }, {});
}

Result<void> ScmiRun::clock()
{
    constexpr uint32_t hz[] = { 48000000, 24000000 };
    for (const uint32_t rate : hz) {
        const auto ticket = VWB_TRY(m_driver.park());
        VWB_TRY(m_driver.expect(SCMI_CLOCK, CLOCK_RATE_NOTIFY, { 0, 1 }, {}));
        VWB_TRY(m_driver.expect(SCMI_CLOCK, CLOCK_RATE_SET, { 0, 0, rate, 0 }, {}));
        VWB_TRY(m_driver.expect(SCMI_CLOCK, CLOCK_RATE_GET, { 0 }, { rate, 0 }));
        VWB_TRY(expect_outside("clock.uart", rate));
        const auto event = VWB_TRY(m_driver.expect_event(ticket, SCMI_CLOCK, CLOCK_RATE_CHANGED));
        if (event != ScmiDriver::Words { SCMI_GUEST_AGENT, 0, rate, 0 })
            m_driver.complain("CLOCK_RATE_CHANGED tells another rate than was set");
    }
    return m_driver.expect(SCMI_CLOCK, CLOCK_RATE_NOTIFY, { 0, 0 }, {});
}

Result<void> ScmiRun::power()
{
    constexpr uint32_t off = uint32_t { 1 } << 30;
    for (const uint32_t state : { uint32_t { 0 }, off }) {
        VWB_TRY(m_driver.expect(SCMI_POWER_DOMAIN, POWER_STATE_SET, { 0, 0, state }, {}));
        VWB_TRY(m_driver.expect(SCMI_POWER_DOMAIN, POWER_STATE_GET, { 0 }, { state }));
        VWB_TRY(expect_outside("power.gpu", state == off ? 0 : 1));
    }
    return {};
}

Result<void> ScmiRun::performance()
{
    for (const uint32_t level : { 1200u, 600u }) {
        VWB_TRY(m_driver.expect(SCMI_PERFORMANCE, PERF_LEVEL_SET, { 0, level }, {}));
        VWB_TRY(m_driver.expect(SCMI_PERFORMANCE, PERF_LEVEL_GET, { 0 }, { level }));
        VWB_TRY(expect_outside("performance.big", level));
    }
    return {};
}

Result<void> ScmiRun::voltage_and_reset()
{
    for (const uint32_t microvolts : { 3300000u, 1800000u }) {
        VWB_TRY(m_driver.expect(SCMI_VOLTAGE, VOLTAGE_LEVEL_SET, { 0, 0, microvolts }, {}));
        VWB_TRY(m_driver.expect(SCMI_VOLTAGE, VOLTAGE_LEVEL_GET, { 0 }, { microvolts }));
        VWB_TRY(expect_outside("voltage.vdd_io", microvolts / 1e6));
    }
    constexpr uint32_t assert_it = 2;
    VWB_TRY(m_driver.expect(SCMI_RESET, RESET, { 0, assert_it, 0 }, {}));
    VWB_TRY(expect_outside("reset.usb", 1));
    VWB_TRY(m_driver.expect(SCMI_RESET, RESET, { 0, 0, 0 }, {}));
    return expect_outside("reset.usb", 0);
}

} // namespace

std::unique_ptr<DriverLoad> make_scmi_load()
{
    return std::make_unique<ScmiLoad>();
}

} // namespace vwb
