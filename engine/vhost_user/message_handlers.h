// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// MessageHandlers: what each message of a front-end does, one function per message and named like
// it, and what was negotiated by them. Messages come already checked against the message table;
// framing, replies and the record of refusals are BackendSession's.
#pragma once

#include "engine/memory/userfault.h"
#include "engine/memory/xen_memory.h"
#include "engine/vhost_user/backend_channel.h"
#include "engine/vhost_user/message_table.h"
#include "engine/vhost_user/session_sharing.h"
#include "engine/vhost_user/session_stage.h"
#include "engine/vhost_user/state_transfer.h"
#include "engine/vhost_user/vring_setup.h"

namespace vwb {

// Of an accepted message.
struct Reply {
    std::vector<std::byte> payload; // of messages with a reply of their own
    uint64_t ack = 0; // of the others, if an acknowledgement is due
    std::vector<UniqueFd> fds {}; // that go with the payload
};

// Owner: BackendSession. Loop thread only.
class MessageHandlers final : private QueueEvents {
public:
    explicit MessageHandlers(DeviceHost& host);
    ~MessageHandlers();
    MessageHandlers(const MessageHandlers&) = delete;
    MessageHandlers& operator=(const MessageHandlers&) = delete;

    // May take the descriptors. An error is the reason of a refusal; the state is as before.
    Result<Reply> handle(Message& message);

    const Negotiated& negotiated() const { return m_negotiated; }
    SessionStage stage() const;
    // Whether it is the one reply that a front-end sends; then it is taken.
    bool take_postcopy_ack(const Message& message);
    // True once the front-end has negotiated what no session can work with.
    bool unusable() const { return m_unusable; }
    // What observers may look at: null pointer also in postcopy, where a look may have to wait.
    std::shared_ptr<const GuestMemory> memory() const;
    // True if the front-end has truncated its memory, or its log.
    bool memory_lost() const;
    // The device's config space changed by itself.
    void config_changed();
    // Called with each message of ours, once there is a channel for them.
    void set_sent_listener(BackendChannel::SentListener listener)
    {
        m_sent_listener = std::move(listener);
    }
    // What became of the virtio and the protocol features: see FeatureOutcome.
    Value features(bool front_end_passes_all) const;
    Value protocol_features() const;
    void inspect(Inspector& inspector) const;

private:
    using Handler = Result<Reply> (MessageHandlers::*)(Message&);
    static Handler find_handler(FrontEndMessage id);
    uint64_t offered_protocol_features() const;

    Result<Reply> get_features(Message& message);
    Result<Reply> set_features(Message& message);
    Result<Reply> set_owner(Message& message);
    Result<Reply> reset_owner(Message& message);
    Result<Reply> set_mem_table(Message& message);
    Result<Reply> set_log_base(Message& message);
    Result<Reply> set_log_fd(Message& message);
    Result<Reply> set_device_state_fd(Message& message);
    Result<Reply> check_device_state(Message& message);
    Result<Reply> postcopy_advise(Message& message);
    Result<Reply> postcopy_listen(Message& message);
    Result<Reply> postcopy_end(Message& message);
    Result<Reply> set_vring_num(Message& message);
    Result<Reply> set_vring_addr(Message& message);
    Result<Reply> set_vring_base(Message& message);
    Result<Reply> get_vring_base(Message& message);
    Result<Reply> set_vring_kick(Message& message);
    Result<Reply> set_vring_call(Message& message);
    Result<Reply> set_vring_err(Message& message);
    Result<Reply> get_protocol_features(Message& message);
    Result<Reply> set_protocol_features(Message& message);
    Result<Reply> get_queue_num(Message& message);
    Result<Reply> set_vring_enable(Message& message);
    Result<Reply> set_backend_req_fd(Message& message);
    Result<Reply> iotlb_msg(Message& message);
    Result<Reply> vring_kick(Message& message);
    Result<Reply> get_config(Message& message);
    Result<Reply> set_config(Message& message);
    Result<Reply> get_inflight_fd(Message& message);
    Result<Reply> set_inflight_fd(Message& message);
    Result<Reply> reset_device(Message& message);
    Result<Reply> get_max_mem_slots(Message& message);
    Result<Reply> add_mem_reg(Message& message);
    Result<Reply> rem_mem_reg(Message& message);
    Result<Reply> set_status(Message& message);
    Result<Reply> get_status(Message& message);
    Result<Reply> get_shared_object(Message& message);
    Result<Reply> get_shmem_config(Message& message);

    bool queue_calls(unsigned queue) override;
    void queue_broke(unsigned queue) override;
    void translation_missing(unsigned queue, const RingFault& missing) override;
    void translation_denied(unsigned queue, const RingFault& denied) override;

    uint64_t shmem_bit() const;
    uint64_t swap_shmem_bit(uint64_t protocol_features) const;
    Result<SessionSharing::Way> way_to_share(ProtocolFeature feature) const;
    // Null pointer unless XEN_MMAP was negotiated.
    XenMemory* xen_memory();

    void send(BackEndMessage id, std::span<const std::byte> payload);
    void set_translated(bool on);
    Result<Reply> set_postcopy_memory(const std::shared_ptr<const GuestMemory>& memory);
    Result<Reply> add_postcopy_region(const std::shared_ptr<const GuestMemory>& memory);
    Result<void> watch_for_faults(const GuestMemory::Region& region) const;
    static MemoryRegionPayload region_at_home(const MemoryRegion& region);
    void inspect_postcopy(Inspector& inspector) const;
    void reset();
    void keep_features(uint64_t features);
    void announce_config_change();

    DeviceHost& m_host;
    LogSetup m_log;
    InflightSetup m_inflight;
    AddressTranslation m_translation;
    std::shared_ptr<XenMemory> m_xen_libraries; // outlives the memory that it maps
    VringSetup m_vrings;
    SessionSharing m_sharing;
    std::unique_ptr<BackendChannel> m_channel;
    BackendChannel::SentListener m_sent_listener;
    std::unique_ptr<StateTransfer> m_state_transfer;
    std::string m_postcopy_obstacle; // why it cannot be offered; empty if it can
    std::optional<Userfault> m_userfault; // from POSTCOPY_ADVISE to POSTCOPY_END
    bool m_postcopy_listens = false;
    bool m_postcopy_ack_due = false;
    Negotiated m_negotiated;
    uint64_t m_features = 0; // as the front-end set them, bit 30 included
    bool m_features_set = false;
    bool m_protocol_features_set = false;
    bool m_config_change_due = false; // while all rings are stopped we may not say so
    bool m_unusable = false;
    uint8_t m_status = 0;
};

} // namespace vwb
