// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/devices/gate/fault_fixture.h"

#include "devices/gpio/gpio_type.h"
#include "devices/gpio/gpio_wire.h"
#include "devices/i2c/i2c_type.h"
#include "devices/i2c/i2c_wire.h"
#include "devices/rng/rng_type.h"
#include "devices/scmi/scmi_type.h"
#include "devices/scmi/scmi_wire.h"
#include "engine/bench/bench_file.h"
#include "sim/gpio/sim_gpio.h"
#include "sim/i2c/sim_i2c.h"
#include "sim/rng/seeded_rng.h"
#include "sim/scmi/sim_scmi.h"

#include <algorithm>

#include <sys/eventfd.h>
#include <unistd.h>

namespace vwb::test {
namespace {

DeviceType gpio()
{
    return gpio_device_type({ sim_gpio_kind() });
}

DeviceType i2c()
{
    return i2c_device_type({ sim_i2c_kind() });
}

DeviceType rng()
{
    return rng_device_type({ seeded_rng_kind() });
}

DeviceType scmi()
{
    return scmi_device_type({ sim_scmi_kind() });
}

std::vector<FaultSubject> make_subjects()
{
    const uint32_t reading
        = scmi_header_word(SCMI_SENSOR, SENSOR_READING_GET, ScmiMessageType::Command);
    return {
        { "gpio", gpio, "[device.sim]\nlines = 8\n[[device.sim.line]]\nnumber = 3\npull = 'up'\n",
            wire(le16 { VIRTIO_GPIO_MSG_GET_VALUE }, le16 { 3 }, le32 { 0 }), 2, 2, 2, 0,
            VIRTIO_GPIO_STATUS_OK, VIRTIO_GPIO_STATUS_ERR, true, "gpio.line == 3" },
        { "rng", rng, "[device.seeded]\nseed = 42\n", {}, 16, 16, 0, 0, 0, 0, false,
            "writable_bytes == 16" },
        // The status is behind two bytes of data.
        { "i2c", i2c, "[[device.sim.chip]]\naddress = 0x48\nmodel = 'lm75'\n",
            wire(le16 { 0x48 << 1 }, le16 { 0 }, le32 { VIRTIO_I2C_FLAGS_M_RD }), 3, 3, 3, 2,
            VIRTIO_I2C_MSG_OK, VIRTIO_I2C_MSG_ERR, true, "i2c.addr == 0x90" },
        // Header, status, and the reading of sensor 0 with its time stamp.
        { "scmi", scmi, "[[device.sim.sensor]]\nname = 'cpu'\nvalue = 42.5\n",
            wire(le32 { reading }, le32 { 0 }, le32 { 0 }), 136, 24, 8, 4, 0, 0xf8, true,
            "name == SENSOR_READING_GET" },
    };
}

std::unique_ptr<Device> make_device(
    const FaultSubject& subject, const ConfigNode& root, EventLoop& loop)
{
    const DeviceType type = subject.type();
    ConfigReader table(root.find("device")->items[0]);
    static const ConfigNode nothing { ConfigNode::Kind::Table, "b.toml", 1, {}, {}, {} };
    const std::string& kind = type.hardware[0].kind;
    auto given = table.table(kind).value();
    ConfigReader parameters = given ? *given : ConfigReader(nothing);
    DeviceSetup setup { subject.name, kind, table, parameters, loop };
    return std::move(type.create(setup)).value();
}

} // namespace

const std::vector<FaultSubject>& fault_subjects()
{
    static const std::vector<FaultSubject> subjects = make_subjects();
    return subjects;
}

const FaultSubject& fault_subject(std::string_view name)
{
    return *std::ranges::find_if(
        fault_subjects(), [name](const FaultSubject& subject) { return name == subject.name; });
}

FaultedDevice::FaultedDevice(const FaultSubject& subject, const HarnessOptions& options)
    : m_subject(subject)
    , m_config(parse_toml("[[device]]\n" + std::string(subject.bench), "b.toml").value())
    , m_harness(std::make_unique<DeviceHarness>(
          [this](EventLoop& loop) { return make_device(m_subject, *m_config, loop); }, options))
    , m_call(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
    const DeviceTraits& traits = m_harness->host().traits();
    const ObservedDevice identity { subject.name, subject.name, 0, traits.schema };
    m_gate = std::make_unique<Gate>(
        m_harness->host(), identity, Gate::Options { false, [this] { ++m_disconnects; } });
    queue().set_call(UniqueFd(::dup(m_call.get())));
    calls(); // it is called to be safe
}

FaultedDevice::~FaultedDevice()
{
    m_harness->stop_queues();
    m_gate.reset();
}

uint64_t FaultedDevice::arm(FaultSpec spec)
{
    const auto id = m_gate->arm(spec);
    EXPECT_TRUE(id) << id.error().message();
    return id ? *id : 0;
}

std::string FaultedDevice::error_of(const FaultSpec& spec)
{
    const auto id = m_gate->arm(spec);
    return id ? "no error" : id.error().message();
}

uint64_t FaultedDevice::submit()
{
    return m_harness->submit(0, m_subject.request, m_subject.writable);
}

std::pair<uint64_t, uint64_t> FaultedDevice::submit_two()
{
    std::vector<Bytes> readable;
    if (!m_subject.request.empty())
        readable.push_back(m_subject.request);
    const uint64_t first = m_harness->make_available(0, readable, { m_subject.writable });
    return { first, submit() };
}

HarnessAnswer FaultedDevice::request()
{
    const auto found = answer(submit());
    EXPECT_TRUE(found) << m_subject.name << " did not answer";
    return found.value_or(HarnessAnswer {});
}

std::optional<UsedChain> FaultedDevice::raw_used()
{
    std::vector<Bytes> readable;
    if (!m_subject.request.empty())
        readable.push_back(m_subject.request);
    m_harness->make_available(0, readable, { m_subject.writable });
    queue().kick();
    while (m_harness->loop().run_once(Duration(0))) { }
    return m_harness->ring(0).pop_used();
}

void FaultedDevice::begin_anew()
{
    m_harness->host().stop_queues();
    m_harness->renew_rings();
    calls();
}

uint64_t FaultedDevice::calls()
{
    uint64_t count = 0;
    return ::read(m_call.get(), &count, sizeof count) == sizeof count ? count : 0;
}

bool FaultedDevice::is_right(const HarnessAnswer& answer) const
{
    return answer.used_length == m_subject.used
        && (!m_subject.has_status || answer.bytes[m_subject.status_at] == m_subject.good);
}

bool FaultedDevice::is_refusal(const HarnessAnswer& answer) const
{
    return answer.used_length == m_subject.refused
        && (!m_subject.has_status || answer.bytes[m_subject.status_at] == m_subject.bad);
}

} // namespace vwb::test
