// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/message_table.h"

#include "engine/vhost_user/message_names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace vwb {
namespace {

using FrontEnd = FrontEndMessage;
using Feature = ProtocolFeature;
using Gate = MessageRule::Gate;

constexpr uint32_t NUMBER = sizeof(uint64_t);
constexpr uint32_t STATE = sizeof(VringState);
constexpr uint32_t ADDR = sizeof(VringAddr);
constexpr uint32_t TABLE = sizeof(MemoryTablePayload);
constexpr uint32_t REGION = sizeof(SingleRegionPayload);
constexpr uint32_t XEN_REGION = sizeof(XenSingleRegionPayload);
constexpr uint32_t CONFIG = sizeof(ConfigPayload);
constexpr uint32_t IOTLB = sizeof(IotlbPayload);
constexpr uint32_t ANY = MAX_MESSAGE_PAYLOAD;

constexpr MessageRule plain(
    FrontEnd id, uint32_t size, ReplyKind reply = ReplyKind::Ack, uint8_t max_fds = 0)
{
    return { id, Gate::None, {}, nullptr, size, size, 0, max_fds, reply };
}

constexpr MessageRule gated(
    FrontEnd id, Feature feature, uint32_t size, ReplyKind reply = ReplyKind::Ack)
{
    return { id, Gate::Protocol, feature, nullptr, size, size, 0, 0, reply };
}

constexpr MessageRule variable(
    FrontEnd id, Gate gate, Feature feature, uint32_t min_size, uint32_t max_size, ReplyKind reply)
{
    return { id, gate, feature, nullptr, min_size, max_size, 0, 0, reply };
}

// Messages of protocol features that we do not offer: their content does not matter.
constexpr MessageRule foreign(FrontEnd id, Feature feature, ReplyKind reply = ReplyKind::Ack)
{
    return { id, Gate::Protocol, feature, nullptr, 0, ANY, 0, MAX_MESSAGE_FDS, reply };
}

constexpr MessageRule foreign(FrontEnd id, const char* missing, ReplyKind reply = ReplyKind::Ack)
{
    return { id, Gate::NotOffered, {}, missing, 0, ANY, 0, MAX_MESSAGE_FDS, reply };
}

constexpr MessageRule with_fds(MessageRule rule, uint8_t min_fds, uint8_t max_fds)
{
    rule.min_fds = min_fds;
    rule.max_fds = max_fds;
    return rule;
}

// vhost-user, Front-end message types. Ids count from 1 on without a gap.
constexpr std::array RULES = {
    plain(FrontEnd::GetFeatures, 0, ReplyKind::Always),
    plain(FrontEnd::SetFeatures, NUMBER),
    plain(FrontEnd::SetOwner, 0),
    plain(FrontEnd::ResetOwner, 0),
    // virtio_uml sends more bytes than its one region takes.
    with_fds(variable(FrontEnd::SetMemTable, Gate::None, {}, TABLE, ANY, ReplyKind::Ack), 0,
        MAX_MESSAGE_FDS),
    // Without a descriptor the log is at an address of the front-end, of no use to us.
    with_fds(gated(FrontEnd::SetLogBase, Feature::LogShmfd, sizeof(LogPayload),
                 ReplyKind::NumberIfNegotiated),
        1, 1),
    with_fds(plain(FrontEnd::SetLogFd, 0), 1, 1),
    plain(FrontEnd::SetVringNum, STATE),
    plain(FrontEnd::SetVringAddr, ADDR),
    plain(FrontEnd::SetVringBase, STATE),
    plain(FrontEnd::GetVringBase, STATE, ReplyKind::Always),
    plain(FrontEnd::SetVringKick, NUMBER, ReplyKind::Ack, 1),
    plain(FrontEnd::SetVringCall, NUMBER, ReplyKind::Ack, 1),
    plain(FrontEnd::SetVringErr, NUMBER, ReplyKind::Ack, 1),
    // Bit 30 must be offered for these two, and it is; it need not be accepted yet.
    plain(FrontEnd::GetProtocolFeatures, 0, ReplyKind::Always),
    plain(FrontEnd::SetProtocolFeatures, NUMBER),
    gated(FrontEnd::GetQueueNum, Feature::Mq, 0, ReplyKind::Always),
    variable(FrontEnd::SetVringEnable, Gate::ProtocolFeaturesBit, {}, STATE, STATE, ReplyKind::Ack),
    foreign(FrontEnd::SendRarp, Feature::Rarp),
    foreign(FrontEnd::NetSetMtu, Feature::Mtu),
    with_fds(gated(FrontEnd::SetBackendReqFd, Feature::BackendReq, 0), 1, 1),
    variable(FrontEnd::IotlbMsg, Gate::AccessPlatform, {}, IOTLB, IOTLB, ReplyKind::Number),
    foreign(FrontEnd::SetVringEndian, Feature::CrossEndian),
    variable(FrontEnd::GetConfig, Gate::Protocol, Feature::Config, CONFIG,
        CONFIG + MAX_CONFIG_BYTES, ReplyKind::Always),
    variable(FrontEnd::SetConfig, Gate::Protocol, Feature::Config, CONFIG,
        CONFIG + MAX_CONFIG_BYTES, ReplyKind::Ack),
    foreign(FrontEnd::CreateCryptoSession, Feature::CryptoSession, ReplyKind::Always),
    foreign(FrontEnd::CloseCryptoSession, Feature::CryptoSession),
    gated(FrontEnd::PostcopyAdvise, Feature::Pagefault, 0, ReplyKind::Always),
    gated(FrontEnd::PostcopyListen, Feature::Pagefault, 0, ReplyKind::AckIfAsked),
    gated(FrontEnd::PostcopyEnd, Feature::Pagefault, 0, ReplyKind::Number),
    gated(FrontEnd::GetInflightFd, Feature::InflightShmfd, sizeof(InflightPayload),
        ReplyKind::Always),
    with_fds(gated(FrontEnd::SetInflightFd, Feature::InflightShmfd, sizeof(InflightPayload)), 1, 1),
    foreign(FrontEnd::GpuSetSocket, "a GPU device"),
    gated(FrontEnd::ResetDevice, Feature::ResetDevice, 0),
    gated(FrontEnd::VringKick, Feature::InbandNotifications, STATE),
    gated(FrontEnd::GetMaxMemSlots, Feature::ConfigureMemSlots, 0, ReplyKind::Always),
    // Which of both sizes is right depends on XEN_MMAP: see memory_table.
    with_fds(variable(FrontEnd::AddMemReg, Gate::Protocol, Feature::ConfigureMemSlots, REGION,
                 XEN_REGION, ReplyKind::Ack),
        1, 1),
    // No descriptor is needed, but some front-ends send the one of the region: it is closed.
    with_fds(variable(FrontEnd::RemMemReg, Gate::Protocol, Feature::ConfigureMemSlots, REGION,
                 XEN_REGION, ReplyKind::Ack),
        0, 1),
    gated(FrontEnd::SetStatus, Feature::Status, NUMBER),
    gated(FrontEnd::GetStatus, Feature::Status, 0, ReplyKind::Always),
    gated(FrontEnd::GetSharedObject, Feature::SharedObject, sizeof(SharedObjectPayload),
        ReplyKind::Always),
    with_fds(gated(FrontEnd::SetDeviceStateFd, Feature::DeviceState, sizeof(DeviceStatePayload),
                 ReplyKind::DeviceStateFd),
        1, 1),
    gated(FrontEnd::CheckDeviceState, Feature::DeviceState, 0, ReplyKind::Number),
    gated(FrontEnd::GetShmemConfig, Feature::Shmem, 0, ReplyKind::Always),
    foreign(FrontEnd::GetVringBaseSkipDrain, Feature::GetVringBaseSkipDrain, ReplyKind::Always),
};

constexpr bool in_order()
{
    for (size_t i = 0; i < RULES.size(); ++i) {
        if (static_cast<size_t>(RULES[i].id) != i + 1)
            return false;
    }
    return true;
}
static_assert(in_order());

std::string range(uint64_t min, uint64_t max)
{
    return min == max ? std::to_string(min) : std::to_string(min) + " to " + std::to_string(max);
}

Error not_negotiated(const std::string& what, bool offered)
{
    return { ErrorKind::Unsupported,
        "needs " + what + (offered ? ", which was not negotiated" : ", which is not offered") };
}

Result<void> check_gate(const MessageRule& rule, const Negotiated& have)
{
    switch (rule.gate) {
    case Gate::None:
        break;
    case Gate::Protocol:
        if (!have.has(rule.feature))
            return not_negotiated(
                "protocol feature " + protocol_feature_name(static_cast<unsigned>(rule.feature)),
                (OFFERED_PROTOCOL_FEATURES & protocol_bit(rule.feature)) != 0);
        break;
    case Gate::ProtocolFeaturesBit:
        if (!have.protocol_features_bit)
            return not_negotiated("virtio feature bit 30 (VHOST_USER_F_PROTOCOL_FEATURES)", true);
        break;
    case Gate::AccessPlatform:
        if (!have.access_platform)
            return not_negotiated("virtio feature bit 33 (ACCESS_PLATFORM)", true);
        break;
    case Gate::NotOffered:
        return not_negotiated(rule.missing, false);
    }
    return {};
}

Result<void> check_fds(const MessageRule& rule, const Message& message)
{
    if (message.excess_fds > 0)
        return Error(ErrorKind::Protocol,
            "came with " + std::to_string(message.excess_fds)
                + " descriptors; a message has at most " + std::to_string(MAX_MESSAGE_FDS));
    if (message.misplaced_fds > 0)
        return Error(ErrorKind::Protocol,
            std::to_string(message.misplaced_fds)
                + " descriptors came behind the first byte of the header");
    const size_t count = message.fds.size();
    if (count < rule.min_fds || count > rule.max_fds)
        return Error(ErrorKind::Protocol,
            "came with " + std::to_string(count) + " descriptors, expected "
                + range(rule.min_fds, rule.max_fds));
    return {};
}

} // namespace

const MessageRule* find_rule(FrontEndMessage id)
{
    const auto index = static_cast<size_t>(id) - 1;
    return index < RULES.size() ? &RULES[index] : nullptr;
}

Result<void> check_message(const MessageRule& rule, const Message& message, const Negotiated& have)
{
    if (message.header.flags & MESSAGE_REPLY)
        return Error(ErrorKind::Protocol, "is marked as a reply, and we have asked nothing here");
    VWB_TRY(check_gate(rule, have));
    if (message.header.size < rule.min_size || message.header.size > rule.max_size)
        return Error(ErrorKind::Protocol,
            "has a payload of " + std::to_string(message.header.size) + " bytes, expected "
                + range(rule.min_size, rule.max_size));
    return check_fds(rule, message);
}

std::string rule_name(FrontEndMessage id)
{
    const char* name = message_name(id);
    if (!name)
        return "vhost-user.unknown-message";
    std::string rule = std::string("vhost-user.") + name;
    std::ranges::transform(rule, rule.begin(), [](char c) {
        return c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return rule;
}

std::string clause_name(FrontEndMessage id)
{
    const char* name = message_name(id);
    return std::string("vhost-user, ") + (name ? name : "Front-end message types");
}

} // namespace vwb
