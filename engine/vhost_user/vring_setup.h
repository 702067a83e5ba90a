// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// VringSetup: what a front-end has said about each ring, the memory it has shared, and so when the
// queues of the DeviceHost start, stop and move. Ring rules of vhost-user only: messages and
// replies are MessageHandlers', the content of rings is Virtqueue's.
#pragma once

#include "engine/device/device_host.h"
#include "engine/vhost_user/address_translation.h"
#include "engine/vhost_user/inflight_setup.h"
#include "engine/vhost_user/log_setup.h"
#include "engine/vhost_user/message.h"

#include <memory>
#include <optional>
#include <vector>

namespace vwb {

// Mappings of ring parts that must stay while the ring is started.
using RingPieces = std::vector<std::shared_ptr<const MemoryMapping>>;

// Owner: the MessageHandlers of one session. Loop thread only. All errors name what was found and
// what was expected, and leave everything as it was, except where said otherwise.
//
// A ring that is started but disabled may be set up anew without GET_VRING_BASE: virtio_uml never
// sends that. The first message that does so stops it.
class VringSetup {
public:
    // They outlive it.
    VringSetup(DeviceHost& host, const LogSetup& log, const InflightSetup& inflight,
        AddressTranslation& translation);
    // Stops all queues and gives up every descriptor.
    ~VringSetup();
    VringSetup(const VringSetup&) = delete;
    VringSetup& operator=(const VringSetup&) = delete;

    Result<void> set_num(uint32_t index, uint32_t num);
    // A ring goes on if only its logging changes.
    Result<void> set_addr(const VringAddr& addr);
    Result<void> set_base(uint32_t index, uint32_t base);
    // Starts the ring. Without a descriptor the driver means to be polled for: the ring is looked
    // at every millisecond.
    Result<void> set_kick(uint32_t index, UniqueFd fd);
    // VRING_KICK: starts the ring, or is a kick.
    Result<void> kick(uint32_t index);
    Result<void> set_call(uint32_t index, UniqueFd fd);
    Result<void> set_err(uint32_t index, UniqueFd fd);
    Result<void> set_enabled(uint32_t index, bool enabled);
    // vhost-user, Ring states: what SET_FEATURES without bit 30 means.
    void enable_all();
    // Answers the vring base.
    Result<uint32_t> stop(uint32_t index);
    // What was said about rings is forgotten, except call and err descriptors; the queues are the
    // caller's to stop.
    void forget();

    // Running rings go on in the new memory; if one of them does not lie in it, nothing changes.
    // Rings that are only started are stopped if they do not lie in it.
    Result<void> set_memory(std::shared_ptr<const GuestMemory> memory);
    const std::shared_ptr<const GuestMemory>& memory() const { return m_memory; }

    // Addresses have other translations now, or are translated (no longer). Rings and chains that
    // waited for one go on; rings that have lost theirs wait.
    void translation_changed();
    // What is logged has changed.
    void update_logs();

    bool any_started() const;
    bool any_running() const;
    bool was_started() const { return m_was_started; } // any ring since forget()
    void inspect(Inspector& inspector) const;

private:
    struct Ring {
        std::optional<uint32_t> num;
        std::optional<VringAddr> addr;
        uint32_t base = 0;
        RingParts parts; // valid while started
        RingPieces pieces; // of them, where memory is mapped in pieces
        bool polled = false; // no kick descriptor
        bool waiting = false; // starts when its addresses can be translated
    };

    Result<void> check_index(uint32_t index) const;
    Result<void> ensure_stopped(uint32_t index);
    Result<void> start(uint32_t index);
    void ask_for(const Ring& ring);
    void report_start(uint32_t index, const Result<void>& started);
    Result<void> start_queue(uint32_t index, VirtqueueConfig config);
    void move_ring(uint32_t index, const std::shared_ptr<const GuestMemory>& memory);

    DeviceHost& m_host;
    const LogSetup& m_log;
    const InflightSetup& m_inflight;
    AddressTranslation& m_translation;
    std::shared_ptr<const GuestMemory> m_memory;
    std::vector<Ring> m_rings;
    bool m_was_started = false;
};

} // namespace vwb
