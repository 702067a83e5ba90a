// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_session.h"

#include "engine/device/features.h"

#include <algorithm>

namespace vwb {
namespace {

// virtio 1.4, 2.1: device status, each step with those before it.
constexpr uint64_t STATUS_ACKNOWLEDGE = 1;
constexpr uint64_t STATUS_DRIVER = STATUS_ACKNOWLEDGE | 2;
constexpr uint64_t STATUS_FEATURES_OK = STATUS_DRIVER | 8;
constexpr uint64_t STATUS_DRIVER_OK = STATUS_FEATURES_OK | 4;

constexpr uint64_t PROTOCOL_WANTED = protocol_bit(ProtocolFeature::Mq)
    | protocol_bit(ProtocolFeature::ReplyAck) | protocol_bit(ProtocolFeature::Config)
    | protocol_bit(ProtocolFeature::BackendReq) | protocol_bit(ProtocolFeature::ResetDevice)
    | protocol_bit(ProtocolFeature::Status) | protocol_bit(ProtocolFeature::ConfigureMemSlots)
    | protocol_bit(ProtocolFeature::InflightShmfd) | protocol_bit(ProtocolFeature::LogShmfd)
    | protocol_bit(ProtocolFeature::DeviceState);

// The messages of a ring carry its index in 8 bits.
constexpr uint64_t MAX_QUEUES = 256;

// virtio 1.4, 2.2: bits 24 to 40 and 43 are not of the device type: rings and negotiation.
constexpr uint64_t ring_bits()
{
    uint64_t bits = feature_bit(43);
    for (unsigned bit = 24; bit <= 40; ++bit)
        bits |= feature_bit(bit);
    return bits;
}

uint64_t wanted_features(const DriverOptions& options)
{
    // Of the ring bits only those that this driver can do, whatever else is wished.
    uint64_t wanted = (options.features & ~ring_bits()) | F_VERSION_1;
    if (options.event_index)
        wanted |= F_EVENT_IDX;
    if (options.indirect)
        wanted |= F_INDIRECT_DESC;
    if (options.iommu)
        wanted |= F_ACCESS_PLATFORM;
    if (options.packed)
        wanted |= F_RING_PACKED;
    if (options.in_order)
        wanted |= F_IN_ORDER;
    return wanted | F_RING_RESET;
}

} // namespace

Result<void> DriverSession::begin(std::unique_ptr<Frontend> frontend)
{
    m_frontend = std::move(frontend);
    VWB_TRY(negotiate_protocol());
    m_accepted = m_offered & wanted_features(m_options);
    VWB_TRY(accept_features(Status::Fresh));
    VWB_TRY(make_queues());
    VWB_TRY(hand_over_memory());
    VWB_TRY(track_inflight());
    return start();
}

void DriverSession::leave()
{
    // So that the old back-end touches the rings no more; one that is gone does not anyway. Its
    // vring bases are of no use: a new one would know nothing of the requests that it kept.
    if (m_running && m_frontend->connected())
        (void)stop();
    disconnect();
    if (m_inflight)
        return; // whoever comes next goes on where that says
    for (size_t i = 0; i < m_queues.size(); ++i)
        m_bases[i] = m_queues[i]->ring().rewind();
}

void DriverSession::disconnect()
{
    m_running = false;
    m_logging = false;
    for (auto& queue : m_queues)
        queue->unwatch();
    m_frontend->disconnect();
}

Result<void> DriverSession::continue_on(std::unique_ptr<Frontend> frontend)
{
    m_frontend = std::move(frontend);
    VWB_TRY(negotiate_again());
    VWB_TRY(hand_over_memory());
    if (m_inflight)
        VWB_TRY(m_frontend->set_inflight_fd(*m_inflight));
    return start();
}

// --- set-up ---

bool DriverSession::has_protocol_features() const
{
    return (m_offered & VHOST_USER_F_PROTOCOL_FEATURES) != 0;
}

Result<void> DriverSession::negotiate_protocol()
{
    m_offered = VWB_TRY(m_frontend->get_features());
    if (has_protocol_features()) {
        const uint64_t protocol = VWB_TRY(m_frontend->get_protocol_features());
        const uint64_t inband
            = m_options.inband ? protocol_bit(ProtocolFeature::InbandNotifications) : 0;
        VWB_TRY(m_frontend->set_protocol_features(protocol & (PROTOCOL_WANTED | inband)));
    }
    if (m_frontend->negotiated(ProtocolFeature::BackendReq))
        VWB_TRY(m_frontend->set_backend_req_fd());
    return m_frontend->set_owner();
}

Result<void> DriverSession::negotiate_again()
{
    VWB_TRY(negotiate_protocol());
    if (m_accepted & ~m_offered)
        return Error(ErrorKind::Protocol,
            "the back-end no longer offers features that were accepted before");
    return accept_features(Status::Kept);
}

Result<void> DriverSession::set_status(uint64_t status)
{
    if (!m_frontend->negotiated(ProtocolFeature::Status))
        return {};
    return m_frontend->set_status(status);
}

Result<void> DriverSession::accept_features(Status status)
{
    // virtio 1.4, 3.1.1: reset, then one step after the other.
    if (status == Status::Fresh) {
        VWB_TRY(set_status(0));
        VWB_TRY(set_status(STATUS_ACKNOWLEDGE));
        VWB_TRY(set_status(STATUS_DRIVER));
    }
    VWB_TRY(m_frontend->set_features(session_features()));
    return set_status(STATUS_FEATURES_OK);
}

Result<void> DriverSession::make_queues()
{
    m_memory = VWB_TRY(DriverMemory::create(m_options.memory));
    if (m_accepted & F_ACCESS_PLATFORM)
        m_iommu = std::make_unique<DriverIommu>(*m_memory);
    m_slab = std::make_unique<DriverSlab>(*m_memory);
    m_indices = m_options.queues;
    if (m_indices.empty()) {
        uint64_t count = 1;
        if (m_frontend->negotiated(ProtocolFeature::Mq))
            count = VWB_TRY(m_frontend->get_queue_num());
        if (count > MAX_QUEUES)
            return Error(ErrorKind::Protocol,
                "the back-end says that it has " + std::to_string(count) + " queues");
        for (unsigned index = 0; index < count; ++index)
            m_indices.push_back(index);
    }
    const DriverRingOptions ring { m_options.queue_size, (m_accepted & F_EVENT_IDX) != 0,
        (m_accepted & F_INDIRECT_DESC) != 0, (m_accepted & F_IN_ORDER) != 0,
        m_accepted & F_RING_PACKED ? RingFormat::Packed : RingFormat::Split };
    if (!is_queue_size(ring.format, ring.size))
        return Error(ErrorKind::Invalid,
            "a queue size of " + std::to_string(ring.size)
                + ": a split ring, which was negotiated, wants a power of two");
    for (const unsigned index : m_indices)
        m_queues.push_back(VWB_TRY(DriverQueue::create(index, *m_memory, *m_slab, ring)));
    assign_fresh_bases();
    return {};
}

void DriverSession::assign_fresh_bases()
{
    m_bases.clear();
    for (const auto& queue : m_queues)
        m_bases.push_back(queue->ring().fresh_base());
}

Result<void> DriverSession::hand_over_memory()
{
    const SharedRegion region { m_memory->info(), m_memory->fd() };
    if (m_frontend->negotiated(ProtocolFeature::ConfigureMemSlots))
        return m_frontend->add_mem_reg(region);
    return m_frontend->set_mem_table(std::span(&region, 1));
}

// Fresh memory: nothing is in flight.
Result<void> DriverSession::track_inflight()
{
    m_inflight.reset();
    if (!m_options.inflight)
        return {};
    if (!m_frontend->negotiated(ProtocolFeature::InflightShmfd))
        return Error(ErrorKind::Unsupported, "the back-end keeps no account of what is in flight");
    const unsigned queues = *std::ranges::max_element(m_indices) + 1;
    m_inflight = VWB_TRY(m_frontend->get_inflight_fd(
        static_cast<uint16_t>(queues), static_cast<uint16_t>(m_options.queue_size)));
    return m_frontend->set_inflight_fd(*m_inflight);
}

// --- logging ---

uint64_t DriverSession::session_features() const
{
    return m_accepted | (m_offered & VHOST_USER_F_PROTOCOL_FEATURES)
        | (m_logging ? VHOST_F_LOG_ALL : 0);
}

Result<void> DriverSession::set_logging(bool logging)
{
    if (!(m_offered & VHOST_F_LOG_ALL) || !m_frontend->negotiated(ProtocolFeature::LogShmfd))
        return Error(ErrorKind::Unsupported, "the back-end cannot log what it writes");
    if (!m_log)
        m_log = VWB_TRY(DriverLog::create(*m_memory));
    if (logging)
        VWB_TRY(m_frontend->set_log_base(m_log->fd(), 0, m_log->size()));
    m_logging = logging;
    VWB_TRY(m_frontend->set_features(session_features()));
    for (auto& queue : m_queues)
        VWB_TRY(m_frontend->set_vring_addr(address_of(*queue)));
    return {};
}

VringAddr DriverSession::address_of(DriverQueue& queue) const
{
    const DriverRing& ring = queue.ring();
    const uint64_t guest_minus_user = m_memory->guest_base() - m_memory->user_base();
    // vhost-user, SET_VRING_ADDR: behind an IOMMU addresses are IOVAs; that of the log is not.
    const uint64_t told = m_iommu ? guest_minus_user + m_memory->bus_offset() : 0;
    return { queue.index(), m_logging ? VRING_F_LOG : 0, ring.descriptors_user() + told,
        ring.device_user() + told, ring.driver_user() + told,
        ring.device_user() + guest_minus_user };
}

// --- rings up and down ---

Result<void> DriverSession::start()
{
    m_running = true; // already if only some of them start: then they must be stopped
    for (size_t i = 0; i < m_queues.size(); ++i)
        VWB_TRY(start_queue(*m_queues[i], m_bases[i]));
    VWB_TRY(set_status(STATUS_DRIVER_OK));
    // Where messages are not confirmed, an answer to one tells that those before it were read.
    if (!m_frontend->negotiated(ProtocolFeature::ReplyAck))
        VWB_TRY(m_frontend->get_features());
    return {};
}

Result<void> DriverSession::start_queue(DriverQueue& queue, uint32_t base)
{
    const unsigned index = queue.index();
    DriverRing& ring = queue.ring();
    VWB_TRY(queue.watch(m_frontend->loop()));
    VWB_TRY(m_frontend->set_vring_num(index, ring.size()));
    VWB_TRY(m_frontend->set_vring_base(index, base));
    VWB_TRY(m_frontend->set_vring_addr(address_of(queue)));
    VWB_TRY(set_notifications(queue));
    // Without that feature rings are enabled from the start (vhost-user, Ring states).
    if (has_protocol_features())
        VWB_TRY(m_frontend->set_vring_enable(index, 1));
    // vhost-user, SET_VRING_KICK: what is available already may have been announced to nobody.
    if (ring.in_flight() > 0)
        queue.kick_after_start();
    return {};
}

Result<void> DriverSession::set_notifications(DriverQueue& queue)
{
    const unsigned index = queue.index();
    const bool inband = m_frontend->negotiated(ProtocolFeature::InbandNotifications);
    queue.set_kick({});
    if (inband) {
        // An error shows at the next message that has to tell of one.
        queue.set_kick([this, index] { (void)m_frontend->vring_kick(index); });
        m_frontend->set_vring_listener([this](BackEndMessage id, uint32_t called) {
            if (std::find(m_indices.begin(), m_indices.end(), called) == m_indices.end())
                return;
            if (id == BackEndMessage::VringCall)
                this->queue(called).note_call();
            else
                this->queue(called).note_ring_error();
        });
    }
    VWB_TRY(m_frontend->set_vring_err(index, inband ? -1 : queue.err_fd()));
    VWB_TRY(m_frontend->set_vring_call(index, inband ? -1 : queue.call_fd()));
    // SET_VRING_KICK without a descriptor would ask to be polled; the message starts the ring too.
    return inband ? m_frontend->vring_kick(index)
                  : m_frontend->set_vring_kick(index, queue.kick_fd());
}

Result<void> DriverSession::serve_iommu()
{
    if (!m_iommu)
        return {};
    // With the answer to one the next may have come.
    for (;;) {
        const auto requests = m_frontend->take_iotlb_requests();
        if (requests.empty())
            return {};
        for (const IotlbPayload& request : requests)
            VWB_TRY(serve_iommu(request));
    }
}

Result<void> DriverSession::serve_iommu(const IotlbPayload& request)
{
    if (request.type != IOTLB_MISS) {
        m_iommu->count_failure();
        return {};
    }
    const auto update = m_iommu->answer(request);
    return update ? m_frontend->send_iotlb(*update) : Result<void>();
}

Result<void> DriverSession::stop()
{
    for (size_t i = 0; i < m_queues.size(); ++i)
        m_bases[i] = VWB_TRY(stop_queue(m_queues[i]->index()));
    m_running = false;
    return {};
}

Result<uint32_t> DriverSession::stop_queue(unsigned index)
{
    if (has_protocol_features())
        VWB_TRY(m_frontend->set_vring_enable(index, 0));
    return m_frontend->get_vring_base(index);
}

Result<void> DriverSession::reset_queue(unsigned index)
{
    if (!(m_accepted & F_RING_RESET))
        return Error(ErrorKind::Unsupported, "the back-end did not offer RING_RESET");
    VWB_TRY(stop_queue(index));
    DriverQueue& target = queue(index);
    target.reset();
    return start_queue(target, target.ring().fresh_base());
}

Result<void> DriverSession::reset_device()
{
    if (m_frontend->negotiated(ProtocolFeature::ResetDevice))
        VWB_TRY(m_frontend->reset_device());
    else if (m_frontend->negotiated(ProtocolFeature::Status))
        VWB_TRY(m_frontend->set_status(0));
    else
        VWB_TRY(stop());
    // An answer behind the reset: from here on the back-end touches no buffer of ours.
    VWB_TRY(m_frontend->get_features());
    for (auto& queue : m_queues)
        queue->reset();
    assign_fresh_bases();
    m_running = false;
    VWB_TRY(accept_features(Status::Fresh));
    VWB_TRY(track_inflight());
    return start(); // the memory table survives a reset
}

DriverQueue& DriverSession::queue(unsigned index)
{
    const auto found = std::find(m_indices.begin(), m_indices.end(), index);
    VWB_ASSERT(found != m_indices.end());
    return *m_queues[static_cast<size_t>(found - m_indices.begin())];
}

Result<void> DriverSession::wait_for_call(DriverQueue& queue, Duration timeout, TimePoint deadline)
{
    const std::string name = "queue " + std::to_string(queue.index());
    while (!queue.take_call()) {
        VWB_TRY(serve_iommu());
        if (queue.take_call())
            return {};
        if (queue.ring_error())
            return Error(ErrorKind::Protocol, name + ": the back-end says that the ring is broken");
        auto served = m_frontend->serve(deadline);
        if (!served)
            return std::move(served).error().within(name);
        if (!*served) {
            const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
            return Error(ErrorKind::Timeout,
                name + ": no call within " + std::to_string(ms.count()) + " ms, "
                    + std::to_string(queue.ring().in_flight()) + " chains in flight");
        }
    }
    return {};
}

} // namespace vwb
