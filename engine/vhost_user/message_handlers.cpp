// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/message_handlers.h"

#include "engine/base/log.h"
#include "engine/vhost_user/config_access.h"
#include "engine/vhost_user/feature_outcome.h"
#include "engine/vhost_user/memory_table.h"
#include "engine/vhost_user/message_names.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

template <typename T> Reply reply_of(const T& value)
{
    const auto bytes = bytes_of(value);
    return { { bytes.begin(), bytes.end() } };
}

Reply number(uint64_t value)
{
    return reply_of(value);
}

struct VringFd {
    uint32_t index;
    UniqueFd fd;
};

// SET_VRING_KICK, _CALL and _ERR: bits 0..7 are the index, bit 8 says that there is no descriptor.
Result<VringFd> take_vring_fd(Message& message)
{
    const auto value = message.read<uint64_t>();
    if (value & ~(VRING_INDEX_MASK | VRING_NO_FD))
        return Error(ErrorKind::Invalid,
            "sets reserved bits: " + hex_text(value) + ", expected bits 0 to 8");
    const bool expected = !(value & VRING_NO_FD);
    if (expected != !message.fds.empty())
        return Error(ErrorKind::Protocol,
            expected ? "came without a descriptor, and bit 8 (no descriptor) is not set"
                     : "came with a descriptor, and bit 8 (no descriptor) is set");
    VringFd result { static_cast<uint32_t>(value & VRING_INDEX_MASK), {} };
    if (expected)
        result.fd = std::move(message.fds[0]);
    return result;
}

} // namespace

MessageHandlers::MessageHandlers(DeviceHost& host)
    : m_host(host)
    , m_log(host)
    , m_inflight(host)
    , m_translation([this](const IotlbPayload& payload) {
        send(BackEndMessage::IotlbMsg, bytes_of(payload));
    })
    , m_vrings(host, m_log, m_inflight, m_translation)
    , m_sharing(host, [this](ProtocolFeature feature) { return way_to_share(feature); })
{
    host.set_queue_events(this);
    host.set_sharing(&m_sharing);
    if (const auto userfault = Userfault::open(); !userfault)
        m_postcopy_obstacle = userfault.error().message();
}

MessageHandlers::~MessageHandlers()
{
    m_host.set_queue_events(nullptr);
    m_host.set_sharing(nullptr);
    m_channel.reset(); // whoever waits for an answer is told before anything else goes
}

MessageHandlers::Handler MessageHandlers::find_handler(FrontEndMessage id)
{
    using Id = FrontEndMessage;
    using Self = MessageHandlers;
    struct Entry {
        Id id;
        Handler handler;
    };
    static constexpr std::array ENTRIES = {
        Entry { Id::GetFeatures, &Self::get_features },
        Entry { Id::SetFeatures, &Self::set_features },
        Entry { Id::SetOwner, &Self::set_owner },
        Entry { Id::ResetOwner, &Self::reset_owner },
        Entry { Id::SetMemTable, &Self::set_mem_table },
        Entry { Id::SetLogBase, &Self::set_log_base },
        Entry { Id::SetLogFd, &Self::set_log_fd },
        Entry { Id::SetDeviceStateFd, &Self::set_device_state_fd },
        Entry { Id::CheckDeviceState, &Self::check_device_state },
        Entry { Id::SetVringNum, &Self::set_vring_num },
        Entry { Id::SetVringAddr, &Self::set_vring_addr },
        Entry { Id::SetVringBase, &Self::set_vring_base },
        Entry { Id::GetVringBase, &Self::get_vring_base },
        Entry { Id::SetVringKick, &Self::set_vring_kick },
        Entry { Id::SetVringCall, &Self::set_vring_call },
        Entry { Id::SetVringErr, &Self::set_vring_err },
        Entry { Id::GetProtocolFeatures, &Self::get_protocol_features },
        Entry { Id::SetProtocolFeatures, &Self::set_protocol_features },
        Entry { Id::GetQueueNum, &Self::get_queue_num },
        Entry { Id::SetVringEnable, &Self::set_vring_enable },
        Entry { Id::SetBackendReqFd, &Self::set_backend_req_fd },
        Entry { Id::IotlbMsg, &Self::iotlb_msg },
        Entry { Id::VringKick, &Self::vring_kick },
        Entry { Id::PostcopyAdvise, &Self::postcopy_advise },
        Entry { Id::PostcopyListen, &Self::postcopy_listen },
        Entry { Id::PostcopyEnd, &Self::postcopy_end },
        Entry { Id::GetConfig, &Self::get_config },
        Entry { Id::SetConfig, &Self::set_config },
        Entry { Id::GetInflightFd, &Self::get_inflight_fd },
        Entry { Id::SetInflightFd, &Self::set_inflight_fd },
        Entry { Id::ResetDevice, &Self::reset_device },
        Entry { Id::GetMaxMemSlots, &Self::get_max_mem_slots },
        Entry { Id::AddMemReg, &Self::add_mem_reg },
        Entry { Id::RemMemReg, &Self::rem_mem_reg },
        Entry { Id::SetStatus, &Self::set_status },
        Entry { Id::GetStatus, &Self::get_status },
        Entry { Id::GetSharedObject, &Self::get_shared_object },
        Entry { Id::GetShmemConfig, &Self::get_shmem_config },
    };
    const auto* entry = std::ranges::find(ENTRIES, id, &Entry::id);
    return entry == ENTRIES.end() ? nullptr : entry->handler;
}

Result<Reply> MessageHandlers::handle(Message& message)
{
    const Handler handler = find_handler(FrontEndMessage { message.header.request });
    VWB_ASSERT(handler); // the table lets pass only what is offered
    auto reply = (this->*handler)(message);
    announce_config_change();
    return reply;
}

Result<Reply> MessageHandlers::get_features(Message&)
{
    return number(m_host.offered_features() | SESSION_FEATURES);
}

Result<Reply> MessageHandlers::set_features(Message& message)
{
    const auto features = message.read<uint64_t>();
    const uint64_t virtio = features & ~SESSION_FEATURES;
    const uint64_t foreign = virtio & ~m_host.offered_features();
    if (m_vrings.any_running()
        && (virtio & m_host.offered_features()) != m_host.accepted_features())
        return Error(ErrorKind::Invalid,
            "changes features from " + hex_text(m_host.accepted_features()) + " to "
                + hex_text(virtio) + " while rings run");
    if (m_vrings.any_running() && foreign != 0)
        return Error(ErrorKind::Invalid,
            "accepts features that were not offered: "
                + to_text(feature_names(*m_host.traits().schema, foreign)));
    // A migration begins or ends: nothing that the driver knows of.
    const bool only_log = m_features_set && (features ^ m_features) == VHOST_F_LOG_ALL;
    if (!m_vrings.any_running() && !only_log) {
        // virtio 1.4, 3.1.1: features are negotiated only after a reset. A driver of virtio_uml
        // that is bound again can be told by nothing else: its rings were disabled, not stopped.
        if (m_vrings.any_started())
            reset();
        m_host.accept_features(virtio);
        set_translated((m_host.accepted_features() & F_ACCESS_PLATFORM) != 0);
    }
    keep_features(features);
    m_features_set = true;
    m_negotiated.protocol_features_bit = (features & VHOST_USER_F_PROTOCOL_FEATURES) != 0;
    // vhost-user, Ring states: without bit 30 rings need no SET_VRING_ENABLE.
    if (!m_negotiated.protocol_features_bit)
        m_vrings.enable_all();
    return Reply { {}, foreign == 0 ? uint64_t { 0 } : uint64_t { 1 } };
}

void MessageHandlers::keep_features(uint64_t features)
{
    m_features = features;
    m_log.set_payload((features & VHOST_F_LOG_ALL) != 0);
    m_vrings.update_logs();
}

Result<Reply> MessageHandlers::set_owner(Message&)
{
    return Reply {};
}

// Deprecated: a front-end that sends it means different things in different versions.
Result<Reply> MessageHandlers::reset_owner(Message&)
{
    log_info(m_host.name(), "RESET_OWNER is deprecated and ignored");
    return Reply {};
}

Result<Reply> MessageHandlers::set_mem_table(Message& message)
{
    auto memory = VWB_TRY(read_memory_table(message, xen_memory()));
    if (m_postcopy_listens)
        return set_postcopy_memory(memory);
    VWB_TRY(m_vrings.set_memory(std::move(memory)));
    return Reply {};
}

Result<Reply> MessageHandlers::set_vring_num(Message& message)
{
    const auto state = message.read<VringState>();
    VWB_TRY(m_vrings.set_num(state.index, state.num));
    return Reply {};
}

Result<Reply> MessageHandlers::set_vring_addr(Message& message)
{
    VWB_TRY(m_vrings.set_addr(message.read<VringAddr>()));
    return Reply {};
}

Result<Reply> MessageHandlers::set_vring_base(Message& message)
{
    const auto state = message.read<VringState>();
    VWB_TRY(m_vrings.set_base(state.index, state.num));
    return Reply {};
}

Result<Reply> MessageHandlers::get_vring_base(Message& message)
{
    auto state = message.read<VringState>();
    state.num = VWB_TRY(m_vrings.stop(state.index));
    m_log.report_missed();
    return reply_of(state);
}

Result<Reply> MessageHandlers::set_vring_kick(Message& message)
{
    auto vring = VWB_TRY(take_vring_fd(message));
    VWB_TRY(m_vrings.set_kick(vring.index, std::move(vring.fd)));
    return Reply {};
}

Result<Reply> MessageHandlers::set_vring_call(Message& message)
{
    auto vring = VWB_TRY(take_vring_fd(message));
    VWB_TRY(m_vrings.set_call(vring.index, std::move(vring.fd)));
    return Reply {};
}

Result<Reply> MessageHandlers::set_vring_err(Message& message)
{
    auto vring = VWB_TRY(take_vring_fd(message));
    VWB_TRY(m_vrings.set_err(vring.index, std::move(vring.fd)));
    return Reply {};
}

uint64_t MessageHandlers::offered_protocol_features() const
{
    const FeatureDial& dial = m_host.dial();
    uint64_t missing = m_host.has_state() ? 0 : protocol_bit(ProtocolFeature::DeviceState);
    if (m_host.traits().shared_memory.empty())
        missing |= protocol_bit(ProtocolFeature::Shmem);
    if (!m_postcopy_obstacle.empty())
        missing |= protocol_bit(ProtocolFeature::Pagefault);
    return PROTOCOL_FEATURES.turned(dial.protocol_offer, dial.protocol_withhold) & ~missing;
}

Result<Reply> MessageHandlers::get_protocol_features(Message&)
{
    return number(swap_shmem_bit(offered_protocol_features()));
}

Result<Reply> MessageHandlers::set_protocol_features(Message& message)
{
    const uint64_t features = swap_shmem_bit(message.read<uint64_t>());
    // What both sides understand works also for a front-end that does not look at the refusal.
    const uint64_t offered = offered_protocol_features();
    m_negotiated.protocol_features = features & offered;
    m_protocol_features_set = true;
    // vhost-user, In-band notifications: they need both. Without them neither kick nor call could
    // be relied on.
    if (m_negotiated.has(ProtocolFeature::InbandNotifications)
        && !(m_negotiated.has(ProtocolFeature::ReplyAck)
            && m_negotiated.has(ProtocolFeature::BackendReq))) {
        m_unusable = true;
        return Error(ErrorKind::Protocol,
            "accepts INBAND_NOTIFICATIONS without REPLY_ACK and BACKEND_REQ: the session ends");
    }
    if (const uint64_t foreign = features & ~offered)
        return Error(ErrorKind::Unsupported,
            "accepts protocol features that were not offered: "
                + to_text(protocol_feature_names(foreign)) + "; they are left out");
    return Reply {};
}

Result<Reply> MessageHandlers::get_queue_num(Message&)
{
    return number(m_host.queue_count());
}

Result<Reply> MessageHandlers::set_vring_enable(Message& message)
{
    const auto state = message.read<VringState>();
    if (state.num > 1)
        return Error(ErrorKind::Invalid,
            "has " + std::to_string(state.num) + " for ring " + std::to_string(state.index)
                + ", expected 0 or 1");
    VWB_TRY(m_vrings.set_enabled(state.index, state.num == 1));
    return Reply {};
}

Result<Reply> MessageHandlers::set_backend_req_fd(Message& message)
{
    m_channel = VWB_TRY(BackendChannel::create(m_host, std::move(message.fds[0])));
    m_channel->set_sent_listener(m_sent_listener);
    return Reply {};
}

Result<Reply> MessageHandlers::get_config(Message& message)
{
    return Reply { VWB_TRY(read_config(m_host, message)) };
}

Result<Reply> MessageHandlers::set_config(Message& message)
{
    VWB_TRY(write_config(m_host, message));
    return Reply {};
}

Result<Reply> MessageHandlers::get_inflight_fd(Message& message)
{
    auto offer = VWB_TRY(m_inflight.make(message));
    Reply reply = reply_of(offer.payload);
    reply.fds.push_back(std::move(offer.fd));
    return reply;
}

Result<Reply> MessageHandlers::set_inflight_fd(Message& message)
{
    if (m_vrings.any_started())
        return Error(ErrorKind::Invalid, "comes while rings are started");
    VWB_TRY(m_inflight.set(message));
    return Reply {};
}

Result<Reply> MessageHandlers::reset_device(Message&)
{
    reset();
    m_status = 0;
    return Reply {};
}

Result<Reply> MessageHandlers::get_max_mem_slots(Message&)
{
    return number(MAX_MEM_SLOTS);
}

Result<Reply> MessageHandlers::add_mem_reg(Message& message)
{
    auto memory = VWB_TRY(add_memory_region(m_vrings.memory(), message, xen_memory()));
    if (m_postcopy_listens)
        return add_postcopy_region(memory);
    VWB_TRY(m_vrings.set_memory(std::move(memory)));
    return Reply {};
}

Result<Reply> MessageHandlers::rem_mem_reg(Message& message)
{
    auto memory = VWB_TRY(remove_memory_region(m_vrings.memory(), message));
    VWB_TRY(m_vrings.set_memory(std::move(memory)));
    return Reply {};
}

Result<Reply> MessageHandlers::set_status(Message& message)
{
    constexpr uint64_t failed = 128;
    const auto status = message.read<uint64_t>();
    if (status > UINT8_MAX)
        return Error(
            ErrorKind::Invalid, "has " + hex_text(status) + "; a device status has 8 bits");
    // virtio 1.4, 2.1: writing 0 resets the device.
    if (status == 0)
        reset();
    if (status & ~uint64_t { m_status } & failed)
        m_host.report({ Side::Driver, Severity::Warning, "status.failed", "virtio 1.4, 2.1",
            "the driver has given up on the device (status FAILED)" });
    m_status = static_cast<uint8_t>(status);
    return Reply {};
}

Result<Reply> MessageHandlers::get_status(Message&)
{
    return number(m_status);
}

void MessageHandlers::reset()
{
    m_host.reset();
    m_vrings.forget();
    m_inflight.clear();
    m_sharing.forget_mappings();
    keep_features(0);
    set_translated(false);
    m_features_set = false;
}

SessionStage MessageHandlers::stage() const
{
    if (m_vrings.any_running())
        return SessionStage::Running;
    if (m_vrings.was_started())
        return SessionStage::Stopped;
    if (m_vrings.memory())
        return SessionStage::Memory;
    return m_features_set ? SessionStage::Features : SessionStage::Connected;
}

std::shared_ptr<const GuestMemory> MessageHandlers::memory() const
{
    return m_userfault ? nullptr : m_vrings.memory();
}

bool MessageHandlers::memory_lost() const
{
    return (m_vrings.memory() && m_vrings.memory()->lost()) || m_log.lost() || m_inflight.lost();
}

void MessageHandlers::send(BackEndMessage id, std::span<const std::byte> payload)
{
    if (!m_channel)
        return;
    m_channel->send(id, payload,
        m_negotiated.has(ProtocolFeature::ReplyAck) ? BackendChannel::Acknowledge::Ask
                                                    : BackendChannel::Acknowledge::None);
}

void MessageHandlers::config_changed()
{
    m_config_change_due = true;
    announce_config_change();
}

// vhost-user, Suspended device state: while all rings are stopped we send nothing of our own.
void MessageHandlers::announce_config_change()
{
    if (!m_config_change_due || !m_channel || !m_vrings.any_started()
        || !m_negotiated.has(ProtocolFeature::Config))
        return;
    m_config_change_due = false;
    m_channel->send_config_change(m_negotiated.has(ProtocolFeature::ReplyAck)
            ? BackendChannel::Acknowledge::Ask
            : BackendChannel::Acknowledge::None);
}

Value MessageHandlers::features(bool front_end_passes_all) const
{
    FeatureNegotiation negotiation { m_host.feature_range(), m_host.offered_features() };
    if (m_features_set)
        negotiation.accepted = m_host.accepted_features();
    negotiation.front_end_passes_all = front_end_passes_all;
    const Schema& schema = *m_host.traits().schema;
    return feature_outcome(
        negotiation, [&schema](unsigned bit) { return feature_name(schema, bit); });
}

Value MessageHandlers::protocol_features() const
{
    FeatureNegotiation negotiation { PROTOCOL_FEATURES, offered_protocol_features() };
    if (m_protocol_features_set)
        negotiation.accepted = m_negotiated.protocol_features;
    negotiation.seen_by_driver = false;
    return feature_outcome(negotiation, protocol_feature_name);
}

void MessageHandlers::inspect(Inspector& inspector) const
{
    const uint64_t offered = m_host.offered_features() | SESSION_FEATURES;
    const Schema& schema = *m_host.traits().schema;
    inspector.child("features", [&](Inspector& inner) {
        inner.hex("offered", offered);
        inner.hex("accepted", m_features);
        inner.field("offered_names", feature_names(schema, offered));
        inner.field("accepted_names", feature_names(schema, m_features));
    });
    inspector.child("protocol_features", [&](Inspector& inner) {
        inner.field("offered", protocol_feature_names(offered_protocol_features()));
        inner.field("accepted", protocol_feature_names(m_negotiated.protocol_features));
    });
    inspector.field("device_status", m_status);
    inspector.child("memory", [this](Inspector& inner) {
        if (m_vrings.memory())
            m_vrings.memory()->inspect(inner);
    });
    inspector.child("log", [this](Inspector& inner) { m_log.inspect(inner); });
    inspector.child("postcopy", [this](Inspector& inner) { inspect_postcopy(inner); });
    inspector.child("iotlb", [this](Inspector& inner) { m_translation.inspect(inner); });
    inspector.child("inflight", [this](Inspector& inner) { m_inflight.inspect(inner); });
    inspector.child("sharing", [this](Inspector& inner) { m_sharing.inspect(inner); });
    inspector.child("rings", [this](Inspector& inner) { m_vrings.inspect(inner); });
    if (m_channel)
        inspector.child("backend_channel", [this](Inspector& inner) { m_channel->inspect(inner); });
}

} // namespace vwb
