// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_base_protocol.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr std::string_view VENDOR = "vhost-workbench";
constexpr std::string_view SUB_VENDOR = "simulation";
constexpr uint32_t IMPLEMENTATION_VERSION = 1;
constexpr uint32_t OWN_AGENT = 0xffffffff; // DISCOVER_AGENT: who am I
constexpr uint32_t ALLOW = 1; // bit 0 of the flags of both SET_..._PERMISSIONS
constexpr uint32_t NOTIFY = 1; // bit 0
constexpr uint32_t RESET_PERMISSIONS = 1; // bit 0

constexpr std::array MESSAGES {
    ScmiMessage { BASE_DISCOVER_VENDOR, "BASE_DISCOVER_VENDOR", 0, SCMI_SHORT_NAME_SIZE },
    ScmiMessage { BASE_DISCOVER_SUB_VENDOR, "BASE_DISCOVER_SUB_VENDOR", 0, SCMI_SHORT_NAME_SIZE },
    ScmiMessage {
        BASE_DISCOVER_IMPLEMENTATION_VERSION, "BASE_DISCOVER_IMPLEMENTATION_VERSION", 0, 4 },
    ScmiMessage { BASE_DISCOVER_LIST_PROTOCOLS, "BASE_DISCOVER_LIST_PROTOCOLS", 4, 8 },
    ScmiMessage { BASE_DISCOVER_AGENT, "BASE_DISCOVER_AGENT", 4, 4 + SCMI_SHORT_NAME_SIZE },
    ScmiMessage { BASE_NOTIFY_ERRORS, "BASE_NOTIFY_ERRORS", 4, 0, true },
    ScmiMessage { BASE_SET_DEVICE_PERMISSIONS, "BASE_SET_DEVICE_PERMISSIONS", 12 },
    ScmiMessage { BASE_SET_PROTOCOL_PERMISSIONS, "BASE_SET_PROTOCOL_PERMISSIONS", 16 },
    ScmiMessage { BASE_RESET_AGENT_CONFIGURATION, "BASE_RESET_AGENT_CONFIGURATION", 8 },
};

} // namespace

ScmiBaseProtocol::ScmiBaseProtocol(ScmiPlatform& platform, std::vector<uint8_t> others,
    bool has_events, std::function<void()> reset_agent)
    : m_platform(platform)
    , m_others(std::move(others))
    , m_reset_agent(std::move(reset_agent))
{
    // Errors are told of what goes wrong later; where nothing does, there is nothing to ask for.
    std::ranges::copy_if(MESSAGES, std::back_inserter(m_messages),
        [&](const ScmiMessage& message) { return has_events || !message.notifies; });
}

void ScmiBaseProtocol::attributes(ScmiCommand& command) const
{
    constexpr uint32_t agents = 1;
    command.put(static_cast<uint32_t>(m_others.size()) | agents << 8);
}

ScmiStatus ScmiBaseProtocol::handle(ScmiCommand& command)
{
    switch (command.header().message) {
    case BASE_DISCOVER_VENDOR:
        command.put_name(VENDOR, SCMI_SHORT_NAME_SIZE);
        return ScmiStatus::Success;
    case BASE_DISCOVER_SUB_VENDOR:
        command.put_name(SUB_VENDOR, SCMI_SHORT_NAME_SIZE);
        return ScmiStatus::Success;
    case BASE_DISCOVER_IMPLEMENTATION_VERSION:
        command.put(IMPLEMENTATION_VERSION);
        return ScmiStatus::Success;
    case BASE_DISCOVER_LIST_PROTOCOLS:
        return list_protocols(command);
    case BASE_DISCOVER_AGENT:
        return discover_agent(command);
    case BASE_NOTIFY_ERRORS:
        return notify_errors(command);
    case BASE_SET_DEVICE_PERMISSIONS:
        return set_device_permissions(command);
    case BASE_SET_PROTOCOL_PERMISSIONS:
        return set_protocol_permissions(command);
    default:
        return reset_agent_configuration(command);
    }
}

// Four protocols in a word, as many words as there is room for.
ScmiStatus ScmiBaseProtocol::list_protocols(ScmiCommand& command) const
{
    std::array<uint8_t, 16> allowed_ones {};
    size_t count = 0;
    for (const uint8_t protocol : m_others) {
        if (allowed(protocol))
            allowed_ones[count++] = protocol;
    }
    const size_t skip = command.word(0);
    if (skip > count)
        return ScmiStatus::InvalidParameters;
    const size_t fits = (command.room() - 4) / 4 * 4;
    const size_t returned = std::min(count - skip, fits);
    command.put(static_cast<uint32_t>(returned));
    for (size_t i = 0; i < returned; i += 4) {
        uint32_t word = 0;
        for (size_t j = 0; j < std::min<size_t>(4, returned - i); ++j)
            word |= uint32_t { allowed_ones[skip + i + j] } << 8 * j;
        command.put(word);
    }
    return ScmiStatus::Success;
}

ScmiStatus ScmiBaseProtocol::discover_agent(ScmiCommand& command) const
{
    const uint32_t agent = command.word(0) == OWN_AGENT ? SCMI_GUEST_AGENT : command.word(0);
    if (agent > SCMI_GUEST_AGENT)
        return ScmiStatus::NotFound;
    command.put(agent);
    command.put_name(agent == SCMI_PLATFORM_AGENT ? "platform" : "OSPM", SCMI_SHORT_NAME_SIZE);
    return ScmiStatus::Success;
}

ScmiStatus ScmiBaseProtocol::notify_errors(ScmiCommand& command)
{
    if (command.word(0) & ~NOTIFY)
        return ScmiStatus::InvalidParameters;
    m_notify = command.word(0) & NOTIFY;
    return ScmiStatus::Success;
}

ScmiStatus ScmiBaseProtocol::set_device_permissions(const ScmiCommand& command)
{
    if (command.word(0) != SCMI_GUEST_AGENT || command.word(1) != 0)
        return ScmiStatus::NotFound;
    if (command.word(2) & ~ALLOW)
        return ScmiStatus::InvalidParameters;
    m_device_denied = !(command.word(2) & ALLOW);
    return ScmiStatus::Success;
}

ScmiStatus ScmiBaseProtocol::set_protocol_permissions(const ScmiCommand& command)
{
    if (command.word(0) != SCMI_GUEST_AGENT || command.word(1) != 0)
        return ScmiStatus::NotFound;
    const uint32_t protocol = command.word(2);
    if (protocol > UINT8_MAX || command.word(3) & ~ALLOW)
        return ScmiStatus::InvalidParameters;
    if (std::ranges::find(m_others, protocol) == m_others.end())
        return protocol == SCMI_BASE ? ScmiStatus::InvalidParameters : ScmiStatus::NotFound;
    if (command.word(3) & ALLOW)
        m_denied.erase(static_cast<uint8_t>(protocol));
    else
        m_denied.insert(static_cast<uint8_t>(protocol));
    return ScmiStatus::Success;
}

ScmiStatus ScmiBaseProtocol::reset_agent_configuration(const ScmiCommand& command)
{
    if (command.word(0) != SCMI_GUEST_AGENT)
        return ScmiStatus::NotFound;
    if (command.word(1) & ~RESET_PERMISSIONS)
        return ScmiStatus::InvalidParameters;
    m_notify = false;
    if (command.word(1) & RESET_PERMISSIONS) {
        m_device_denied = false;
        m_denied.clear();
    }
    m_reset_agent();
    return ScmiStatus::Success;
}

void ScmiBaseProtocol::reset()
{
    m_notify = false;
    m_device_denied = false;
    m_denied.clear();
}

bool ScmiBaseProtocol::allowed(uint8_t protocol) const
{
    return protocol == SCMI_BASE || (!m_device_denied && !m_denied.contains(protocol));
}

void ScmiBaseProtocol::notify_error(uint32_t header, ScmiStatus status)
{
    if (!m_notify)
        return;
    // DEN0056, 4.2.3.1: not fatal, one report: the message's header, then what became of it.
    m_platform.events().send(SCMI_BASE, BASE_ERROR_EVENT,
        { SCMI_GUEST_AGENT, 1, header, static_cast<uint32_t>(status) });
}

void ScmiBaseProtocol::save(StateWriter& state) const
{
    state.put(static_cast<uint8_t>(m_notify));
    state.put(static_cast<uint8_t>(m_device_denied));
    for (const uint8_t protocol : m_others)
        state.put(static_cast<uint8_t>(m_denied.contains(protocol)));
}

Result<void> ScmiBaseProtocol::load(StateReader& state)
{
    m_notify = state.get<uint8_t>() != 0;
    m_device_denied = state.get<uint8_t>() != 0;
    for (const uint8_t protocol : m_others) {
        if (state.get<uint8_t>() != 0)
            m_denied.insert(protocol);
    }
    return {};
}

void ScmiBaseProtocol::inspect(Inspector& inspector) const
{
    inspector.field("notify_errors", m_notify);
    Value denied = Value::list();
    for (const uint8_t protocol : m_others) {
        if (!allowed(protocol))
            denied.append(hex_text(protocol));
    }
    inspector.field("denied", std::move(denied));
}

} // namespace vwb
