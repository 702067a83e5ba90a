// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Frontend: the front-end role of vhost-user: every message of it as a function that sends, waits
// for the reply where one is due, and checks it. No policy: in which order a driver uses them is
// BuiltinDriver's, and a test may send anything in any order.
#pragma once

#include "engine/base/clock.h"
#include "engine/memory/memory_region.h"
#include "engine/vhost_user/connection.h"
#include "engine/vhost_user/shared_objects.h"
#include "engine/vhost_user/shmem_regions.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vwb {

// A region and the file it is in, as SET_MEM_TABLE and ADD_MEM_REG hand it over. The descriptor
// stays the caller's.
struct SharedRegion {
    MemoryRegionInfo info;
    int fd = -1;
};

// One thread at a time. Once REPLY_ACK is negotiated every message is confirmed. Errors of all
// messages: Protocol (refused by the back-end, or a reply that is none), Timeout, Closed, each
// naming the message. While a reply is awaited the back-end's own requests are served.
class Frontend {
public:
    static Result<std::unique_ptr<Frontend>> connect(const std::string& path, Duration timeout);
    static Result<std::unique_ptr<Frontend>> adopt(UniqueFd socket, Duration timeout);
    ~Frontend();
    Frontend(const Frontend&) = delete;
    Frontend& operator=(const Frontend&) = delete;

    Result<uint64_t> get_features();
    Result<void> set_features(uint64_t features);
    Result<uint64_t> get_protocol_features();
    Result<void> set_protocol_features(uint64_t features);
    Result<void> set_owner();
    Result<void> reset_owner();
    Result<uint64_t> get_queue_num();

    Result<void> set_mem_table(std::span<const SharedRegion> regions);
    Result<uint64_t> get_max_mem_slots();
    Result<void> add_mem_reg(const SharedRegion& region);
    Result<void> rem_mem_reg(const MemoryRegionInfo& region);

    // Descriptors stay the caller's.
    Result<void> set_log_base(int fd, uint64_t offset, uint64_t size);
    Result<void> set_log_fd(int fd);
    // All rings are stopped. The state is the back-end's alone to understand.
    Result<std::vector<std::byte>> save_device_state();
    Result<void> load_device_state(std::span<const std::byte> state);
    // Postcopy: answers the back-end's userfaultfd; then the addresses of the regions in the
    // back-end, by which it tells of faults. confirm_postcopy_memory() once they can be filled.
    Result<UniqueFd> postcopy_advise();
    Result<void> postcopy_listen();
    Result<std::vector<uint64_t>> set_postcopy_mem_table(std::span<const SharedRegion> regions);
    Result<uint64_t> add_postcopy_region(const SharedRegion& region);
    Result<void> confirm_postcopy_memory(FrontEndMessage id = FrontEndMessage::SetMemTable);
    Result<void> postcopy_end();

    // Memory in which the back-end keeps account of what is in flight. It stays the caller's.
    struct InflightMemory {
        InflightPayload payload;
        UniqueFd fd;
    };
    Result<InflightMemory> get_inflight_fd(uint16_t queue_count, uint16_t queue_size);
    Result<void> set_inflight_fd(const InflightMemory& memory);

    Result<void> set_vring_num(uint32_t index, uint32_t size);
    Result<void> set_vring_addr(const VringAddr& addr);
    Result<void> set_vring_base(uint32_t index, uint32_t base);
    Result<uint32_t> get_vring_base(uint32_t index);
    Result<void> set_vring_enable(uint32_t index, uint32_t enable);
    // A descriptor that stays the caller's; -1: none (the other side polls).
    Result<void> set_vring_kick(uint32_t index, int fd);
    Result<void> set_vring_call(uint32_t index, int fd);
    Result<void> set_vring_err(uint32_t index, int fd);

    Result<std::vector<std::byte>> get_config(uint32_t offset, uint32_t size);
    Result<void> set_config(
        uint32_t offset, std::span<const std::byte> bytes, uint32_t flags = CONFIG_WRITE_OF_DRIVER);
    Result<uint64_t> get_status();
    Result<void> set_status(uint64_t status);
    Result<void> reset_device();

    // Makes a socket pair for the back-end's requests and hands one end over.
    Result<void> set_backend_req_fd();
    // VRING_CALL and VRING_ERR of the back-end go there.
    using VringListener = std::function<void(BackEndMessage id, uint32_t index)>;
    void set_vring_listener(VringListener listener) { m_vring_listener = std::move(listener); }
    Result<void> vring_kick(uint32_t index);
    // Misses and failed accesses that the back-end has told of since the last question.
    std::vector<IotlbPayload> take_iotlb_requests() { return std::exchange(m_iotlb_requests, {}); }
    Result<void> send_iotlb(const IotlbPayload& payload);
    // Objects of this back-end and of others of the same VMM; null pointer: none are taken.
    void set_shared_objects(SharedObjects* objects) { m_objects = objects; }
    // None if the back-end has no such object.
    Result<UniqueFd> get_shared_object(const Uuid& uuid);
    // Asks for the shared memory regions of the device and lets the back-end map into them from now
    // on; the regions are empty.
    Result<void> get_shmem_config();
    // Null pointer before that.
    ShmemRegions* shmem() { return m_shmem.get(); }
    // The bit of SHMEM where it is not the document's (see FeatureDial); before the negotiation.
    void set_shmem_bit(unsigned bit) { m_shmem_bit = bit; }

    // CONFIG_CHANGE_MSGs received so far, and other requests (refused, and confirmed as such).
    uint64_t config_changes() const { return m_config_changes; }
    uint64_t refused_requests() const { return m_refused_requests; }

    // Waits until anything has come on a socket, or on a descriptor that is watched on the loop,
    // and handles it; false if the deadline came first. Closed if the connection is lost.
    Result<bool> serve(TimePoint deadline);
    // Here a driver watches its call descriptors.
    EventLoop& loop() { return *m_loop; }

    bool connected() const { return m_connection && !m_connection->closed(); }
    void disconnect();
    uint64_t protocol_features() const { return m_protocol_features; }
    bool negotiated(ProtocolFeature feature) const
    {
        return (m_protocol_features & protocol_bit(feature)) != 0;
    }

    // For malformed messages: exactly this frame (the header's size is the payload's unless given),
    // no reply awaited.
    Result<void> send_raw(uint32_t id, uint32_t flags, std::span<const std::byte> payload,
        std::span<const int> fds = {}, std::optional<uint32_t> size = {});
    // The next message, whatever it is.
    Result<Message> receive();

private:
    explicit Frontend(Duration timeout)
        : m_timeout(timeout)
    {
    }

    Result<void> send(FrontEndMessage id, uint32_t flags, std::span<const std::byte> payload,
        std::span<const int> fds, TimePoint deadline);
    // Sends and waits for the message that must be its reply.
    Result<Message> exchange(FrontEndMessage id, uint32_t flags, std::span<const std::byte> payload,
        std::span<const int> fds);
    Result<Message> receive_until(TimePoint deadline);
    // With a reply of its own.
    Result<Message> call(FrontEndMessage id, std::span<const std::byte> payload, size_t reply_size);
    Result<uint64_t> call_number(FrontEndMessage id);
    // Without one, except the confirmation of REPLY_ACK.
    Result<void> tell(
        FrontEndMessage id, std::span<const std::byte> payload, std::span<const int> fds = {});
    Result<void> tell_number(FrontEndMessage id, uint64_t number);
    Result<void> tell_vring_fd(FrontEndMessage id, uint32_t index, int fd);
    // Answers the descriptor that the state goes through: the back-end's, or ours.
    Result<UniqueFd> set_device_state_fd(uint32_t direction, UniqueFd theirs, UniqueFd ours);
    Result<void> check_device_state();
    Result<void> wait_for(int fd, short events, TimePoint deadline) const;
    void answer_backend(const Message& request);
    bool take_backend_request(const Message& request);
    bool take_sharing_request(const Message& request);
    void answer_lookups();
    Result<UniqueFd> look_up(const Uuid& uuid);
    void confirm_backend(const Message& request, uint64_t verdict, std::vector<UniqueFd> fds = {});
    uint64_t swap_shmem_bit(uint64_t features) const;
    TimePoint deadline() const { return m_clock.now() + m_timeout; }

    static constexpr size_t MAX_LOOKUPS = 64; // at once

    MonotonicClock m_clock;
    Duration m_timeout;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<Connection> m_connection;
    std::unique_ptr<Connection> m_backend_channel; // null if there is none
    std::deque<Message> m_received;
    std::optional<Error> m_ended; // why the connection is closed, if it was not by us
    uint64_t m_protocol_features = 0;
    VringListener m_vring_listener;
    std::vector<IotlbPayload> m_iotlb_requests;
    SharedObjects* m_objects = nullptr;
    std::unique_ptr<ShmemRegions> m_shmem;
    unsigned m_shmem_bit = static_cast<unsigned>(ProtocolFeature::Shmem);
    std::vector<Message> m_lookups; // to be answered when no reply is awaited
    bool m_exchanging = false;
    uint64_t m_config_changes = 0;
    uint64_t m_refused_requests = 0;
};

} // namespace vwb
