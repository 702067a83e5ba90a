// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_device.h"

#include "devices/scmi/scmi_clock_protocol.h"
#include "devices/scmi/scmi_performance_protocol.h"
#include "devices/scmi/scmi_power_protocol.h"
#include "devices/scmi/scmi_reset_protocol.h"
#include "devices/scmi/scmi_rules.h"
#include "devices/scmi/scmi_schema.h"
#include "devices/scmi/scmi_sensor_protocol.h"
#include "devices/scmi/scmi_system_protocol.h"
#include "devices/scmi/scmi_voltage_protocol.h"
#include "engine/device/features.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

// What every protocol has.
constexpr std::array GENERIC {
    ScmiMessage { PROTOCOL_VERSION, "PROTOCOL_VERSION", 0, 4 },
    ScmiMessage { PROTOCOL_ATTRIBUTES, "PROTOCOL_ATTRIBUTES", 0, 4 },
    ScmiMessage { PROTOCOL_MESSAGE_ATTRIBUTES, "PROTOCOL_MESSAGE_ATTRIBUTES", 4, 4 },
};

} // namespace

Result<std::unique_ptr<ScmiDevice>> ScmiDevice::create(std::unique_ptr<ScmiHardware> hardware)
{
    if (auto* sensors = hardware->sensors()) {
        for (uint16_t sensor = 0; sensor < sensors->count(); ++sensor)
            VWB_TRY(check_scmi_sensor(sensors->info(sensor)));
    }
    const std::initializer_list<ScmiDomains*> all { hardware->clocks(), hardware->power(),
        hardware->performance(), hardware->resets(), hardware->voltages() };
    for (const ScmiDomains* domains : all) {
        for (uint16_t domain = 0; domains && domain < domains->count(); ++domain)
            VWB_TRY(check_scmi_name(domains->name(domain)));
    }
    return std::unique_ptr<ScmiDevice>(new ScmiDevice(std::move(hardware)));
}

ScmiDevice::ScmiDevice(std::unique_ptr<ScmiHardware> hardware)
    : m_hardware(std::move(hardware))
{
    make_protocols();
    m_traits.device_id = VIRTIO_ID_SCMI;
    // virtio 1.4, 5.17.3.1: offered if there is at least one notification. There is no shared
    // memory.
    if (std::ranges::any_of(m_protocols, [](const auto& each) { return has_scmi_events(*each); }))
        m_traits.features = feature_bit(VIRTIO_SCMI_F_P2A_CHANNELS);
    m_traits.queues = { { .name = "cmdq" }, { .name = "eventq", .parks_requests = true } };
    m_traits.config_size = 0;
    m_traits.schema = &SCMI_SCHEMA;
}

ScmiDevice::~ScmiDevice()
{
    m_hardware->set_signal_listener(nullptr);
}

void ScmiDevice::make_protocols()
{
    std::vector<std::unique_ptr<ScmiProtocol>> others;
    ScmiPlatform& platform = *this;
    if (auto* power = m_hardware->power())
        others.push_back(std::make_unique<ScmiPowerProtocol>(platform, *power));
    if (auto* system = m_hardware->system())
        others.push_back(std::make_unique<ScmiSystemProtocol>(platform, *system));
    if (auto* performance = m_hardware->performance())
        others.push_back(std::make_unique<ScmiPerformanceProtocol>(platform, *performance));
    if (auto* clocks = m_hardware->clocks())
        others.push_back(std::make_unique<ScmiClockProtocol>(platform, *clocks));
    if (auto* sensors = m_hardware->sensors())
        others.push_back(std::make_unique<ScmiSensorProtocol>(platform, *sensors));
    if (auto* resets = m_hardware->resets())
        others.push_back(std::make_unique<ScmiResetProtocol>(platform, *resets));
    if (auto* voltages = m_hardware->voltages())
        others.push_back(std::make_unique<ScmiVoltageProtocol>(platform, *voltages));
    std::vector<uint8_t> ids;
    bool events = false;
    for (const auto& protocol : others) {
        ids.push_back(protocol->id());
        events = events || has_scmi_events(*protocol);
    }
    auto base = std::make_unique<ScmiBaseProtocol>(platform, std::move(ids), events, [this] {
        for (const auto& protocol : m_protocols) {
            if (protocol.get() != m_base)
                protocol->reset();
        }
        m_events.forget();
    });
    m_base = base.get();
    m_protocols.push_back(std::move(base));
    std::ranges::move(others, std::back_inserter(m_protocols));
}

void ScmiDevice::attach(DeviceContext& context)
{
    m_context = &context;
    m_events.attach(context);
    m_hardware->set_signal_listener(&context);
}

void ScmiDevice::features_accepted(uint64_t features)
{
    m_events.set_negotiated((features & feature_bit(VIRTIO_SCMI_F_P2A_CHANNELS)) != 0);
}

void ScmiDevice::queue_stopped(unsigned queue)
{
    if (queue == SCMI_EVENTQ) {
        m_events.stop();
        return;
    }
    for (const auto& protocol : m_protocols)
        protocol->stop_commands();
}

void ScmiDevice::handle(unsigned queue, Request request)
{
    if (queue == SCMI_EVENTQ) {
        m_events.handle(std::move(request));
        return;
    }
    ++m_commands;
    ScmiCommand command(std::move(request));
    const ScmiStatus status = run(command);
    if (!command.kept())
        command.answer(status);
}

void ScmiDevice::fail(unsigned queue, Request request)
{
    if (queue == SCMI_EVENTQ) {
        std::move(request).complete(0);
        return;
    }
    ScmiCommand command(std::move(request));
    command.answer(ScmiStatus::GenericError);
}

ScmiProtocol* ScmiDevice::find_protocol(uint8_t id) const
{
    const auto found = std::ranges::find_if(
        m_protocols, [id](const auto& protocol) { return protocol->id() == id; });
    return found == m_protocols.end() ? nullptr : found->get();
}

ScmiStatus ScmiDevice::run(ScmiCommand& command)
{
    const ScmiHeader& header = command.header();
    if (!command.has_header()) {
        m_context->report(scmi_problem(
            ScmiRule::MessageSize, SCMI_CMDQ, "a command is shorter than its header of 4 bytes"));
        return ScmiStatus::ProtocolError;
    }
    if (header.type != static_cast<uint8_t>(ScmiMessageType::Command))
        return ScmiStatus::NotSupported;
    ScmiProtocol* protocol = find_protocol(header.protocol);
    if (!protocol)
        return ScmiStatus::NotSupported;
    if (!m_base->allowed(header.protocol))
        return ScmiStatus::Denied;
    return run_message(*protocol, command);
}

ScmiStatus ScmiDevice::run_message(ScmiProtocol& protocol, ScmiCommand& command)
{
    const uint8_t id = command.header().message;
    const ScmiMessage* generic = find_scmi_message(GENERIC, id);
    const ScmiMessage* message = generic ? generic : find_scmi_message(protocol.messages(), id);
    if (!message)
        return ScmiStatus::NotSupported;
    if (!has_size(protocol, *message, command))
        return ScmiStatus::ProtocolError;
    if (!has_room(protocol, *message, command))
        return ScmiStatus::CommsError;
    // virtio 1.4, 5.17.6.1.1: as if there were no notifications.
    if (message->notifies && !m_events.negotiated()) {
        m_context->report(scmi_problem(ScmiRule::NoP2aRequest, SCMI_CMDQ,
            std::string(message->name) + " without VIRTIO_SCMI_F_P2A_CHANNELS"));
        return ScmiStatus::NotSupported;
    }
    switch (id) {
    case PROTOCOL_VERSION:
        command.put(protocol.version());
        return ScmiStatus::Success;
    case PROTOCOL_ATTRIBUTES:
        protocol.attributes(command);
        return ScmiStatus::Success;
    case PROTOCOL_MESSAGE_ATTRIBUTES:
        return message_attributes(protocol, command);
    default:
        return protocol.handle(command);
    }
}

ScmiStatus ScmiDevice::message_attributes(const ScmiProtocol& protocol, ScmiCommand& command) const
{
    const uint32_t id = command.word(0);
    if (id > UINT8_MAX)
        return ScmiStatus::NotFound;
    const auto wanted = static_cast<uint8_t>(id);
    const ScmiMessage* message = find_scmi_message(protocol.messages(), wanted);
    if (!message && !find_scmi_message(GENERIC, wanted))
        return ScmiStatus::NotFound;
    if (message && message->notifies && !m_events.negotiated())
        return ScmiStatus::NotFound;
    command.put(0);
    return ScmiStatus::Success;
}

bool ScmiDevice::has_size(
    const ScmiProtocol& protocol, const ScmiMessage& message, const ScmiCommand& command)
{
    if (command.parameter_bytes() == message.parameter_bytes)
        return true;
    m_context->report(scmi_problem(ScmiRule::MessageSize, SCMI_CMDQ,
        std::string(message.name) + " (" + protocol.name() + ") has "
            + std::to_string(command.parameter_bytes()) + " bytes of parameters; expected "
            + std::to_string(message.parameter_bytes)));
    return false;
}

// Checked before anything is done, so that no command has an effect that its answer denies.
bool ScmiDevice::has_room(
    const ScmiProtocol& protocol, const ScmiMessage& message, const ScmiCommand& command)
{
    if (command.has_status_room() && command.capacity() >= message.return_bytes)
        return true;
    m_context->report(scmi_problem(ScmiRule::ResponseSpace, SCMI_CMDQ,
        std::string(message.name) + " (" + protocol.name()
            + ") has too few writable bytes; expected at least "
            + std::to_string(SCMI_HEADER_SIZE + SCMI_STATUS_SIZE + message.return_bytes)));
    return false;
}

void ScmiDevice::reset()
{
    m_events.reset();
    for (const auto& protocol : m_protocols)
        protocol->reset();
}

void ScmiDevice::hardware_failed(uint32_t header, const std::string& what, const Error& error)
{
    m_context->report(scmi_hardware_problem(what, error));
    m_base->notify_error(header, ScmiStatus::HardwareError);
}

void ScmiDevice::inspect(Inspector& inspector) const
{
    inspector.field("commands", m_commands);
    inspector.child("events", [this](Inspector& inner) { m_events.inspect(inner); });
    for (const auto& protocol : m_protocols) {
        inspector.child(protocol->name(), [&protocol](Inspector& inner) {
            inner.field("protocol", hex_text(protocol->id()));
            inner.field("version", hex_text(protocol->version()));
            protocol->inspect(inner);
        });
    }
    inspector.child("hardware", [this](Inspector& inner) { m_hardware->inspect(inner); });
}

} // namespace vwb
