// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/virtqueue.h"

#include <algorithm>
#include <bit>

namespace vwb {
namespace {

bool aligned(const std::byte* address, uintptr_t alignment)
{
    return reinterpret_cast<uintptr_t>(address) % alignment == 0;
}

Result<void> check(const VirtqueueConfig& config)
{
    // virtio 1.4, 2.7: Queue Size is a power of two, at most 32768.
    if (!std::has_single_bit(config.size) || config.size > MAX_QUEUE_SIZE)
        return Error(ErrorKind::Invalid,
            "queue size " + std::to_string(config.size) + " is not a power of two from 1 to 32768");
    // virtio 1.4, 2.7: alignment 16, 2 and 4 of the three parts.
    if (!aligned(config.parts.descriptors, 16))
        return Error(ErrorKind::Invalid, "descriptor table is not aligned to 16 bytes");
    if (!aligned(config.parts.driver, 2))
        return Error(ErrorKind::Invalid, "available ring is not aligned to 2 bytes");
    if (!aligned(config.parts.device, 4))
        return Error(ErrorKind::Invalid, "used ring is not aligned to 4 bytes");
    return {};
}

} // namespace

Result<std::unique_ptr<Virtqueue>> Virtqueue::create(const VirtqueueConfig& config)
{
    VWB_ASSERT(config.memory);
    VWB_TRY(check(config));
    auto ring = std::make_unique<SplitRing>(SplitRingConfig { config.size,
        static_cast<uint16_t>(config.base), config.event_index, config.indirect, config.parts });
    return std::unique_ptr<Virtqueue>(new Virtqueue(std::move(ring), config));
}

Virtqueue::Virtqueue(std::unique_ptr<Ring> ring, const VirtqueueConfig& config)
    : m_ring(std::move(ring))
    , m_memory(config.memory)
    , m_records(config.size)
    , m_max_segments(config.max_segments == 0 ? UINT32_MAX : config.max_segments)
{
    for (size_t head = 0; head < m_records.size(); ++head) {
        m_records[head].head = static_cast<uint16_t>(head);
        m_records[head].segments.reserve(4); // most requests need no more, and never allocate
    }
    set_log(config.log);
}

Virtqueue::~Virtqueue()
{
    VWB_ASSERT(m_in_flight == 0);
}

void Virtqueue::set_fault_handler(std::function<void(const RingFault&)> handler)
{
    m_fault_handler = std::move(handler);
}

void Virtqueue::report(const RingFault& fault)
{
    if (breaks_queue(fault.kind)) {
        m_broken = true;
        m_breaking_fault = fault;
    }
    if (m_fault_handler)
        m_fault_handler(fault);
}

std::optional<DescriptorChain> Virtqueue::pop()
{
    uint32_t skipped = 0;
    while (!m_broken) {
        // virtio 1.4, 2.7.13: a driver that keeps the rules has no more chains available than the
        // queue has entries. One that adds malformed ones as fast as we skip them must not hold us.
        if (skipped > size()) {
            report({ RingFaultKind::AvailIndexOverrun, m_ring->head(), skipped, size() });
            return {};
        }
        const auto next = m_ring->next_available();
        if (next == Ring::Next::Empty)
            return {};
        if (next == Ring::Next::Fault) {
            report(m_ring->fault());
            return {};
        }
        const uint16_t head = m_ring->head();
        ChainRecord& record = m_records[head];
        if (record.in_flight) {
            report({ RingFaultKind::HeadInFlight, head, 0, 0 });
            return {};
        }
        std::optional<RingFault> fault;
        if (!fetch(record, fault))
            return {};
        m_ring->advance();
        if (auto chain = take(record, fault))
            return chain;
        ++skipped;
    }
    return {};
}

// False if the chain has to wait where it is.
bool Virtqueue::fetch(ChainRecord& record, std::optional<RingFault>& fault)
{
    m_missing.reset();
    fault = m_ring->fetch(record, m_memory);
    if (fault && fault->kind == RingFaultKind::TranslationMissing)
        m_missing = fault;
    return !m_missing;
}

std::optional<DescriptorChain> Virtqueue::take(ChainRecord& record, std::optional<RingFault> fault)
{
    if (!fault && record.segments.size() > m_max_segments)
        fault = RingFault { RingFaultKind::TooManySegments, record.head, record.segments.size(),
            m_max_segments };
    if (fault) {
        report(*fault);
        m_ring->push_used(record, 0);
        return {};
    }
    record.in_flight = true;
    ++m_in_flight;
    return DescriptorChain(record);
}

std::optional<DescriptorChain> Virtqueue::fetch_again(uint16_t head)
{
    m_missing.reset();
    std::optional<RingFault> fault;
    if (m_broken || head >= m_records.size() || m_records[head].in_flight
        || !fetch(m_records[head], fault))
        return {};
    return take(m_records[head], fault);
}

void Virtqueue::push_used(DescriptorChain chain, uint32_t written)
{
    ChainRecord& record = chain.release();
    VWB_ASSERT(record.in_flight && written <= record.writable_bytes);
    record.in_flight = false;
    --m_in_flight;
    if (m_log.payload) [[unlikely]]
        log_payload(record, written);
    if (!m_broken)
        m_ring->push_used(record, written);
}

void Virtqueue::log_payload(const ChainRecord& record, uint32_t written) const
{
    for (const Segment& segment : record.writable()) {
        const uint32_t count = std::min(written, segment.size);
        // Behind an IOMMU the descriptor does not know it.
        const auto address = record.memory->guest_address_of(segment.data);
        m_log.pages->mark(address.value_or(segment.guest_address), count);
        written -= count;
    }
}

void Virtqueue::publish()
{
    m_ring->publish();
    if (m_log.written) [[unlikely]]
        m_log.written->signal();
}

void Virtqueue::give_back(DescriptorChain chain)
{
    ChainRecord& record = chain.release();
    VWB_ASSERT(record.in_flight);
    record.in_flight = false;
    --m_in_flight;
}

void Virtqueue::set_memory(std::shared_ptr<const GuestMemory> memory)
{
    m_memory = std::move(memory);
    for (auto& record : m_records) {
        if (!record.in_flight)
            record.memory.reset();
    }
}

void Virtqueue::set_log(const QueueLog& log)
{
    VWB_ASSERT(log.pages || (!log.payload && !log.ring));
    m_log = log;
    m_log.parts.pages = log.ring ? log.pages.get() : nullptr;
    m_ring->set_log(m_log.parts);
}

void Virtqueue::inspect(Inspector& inspector) const
{
    m_ring->inspect(inspector);
    inspector.field("inuse", m_in_flight);
    inspector.field("broken", m_broken);
    if (m_breaking_fault)
        inspector.field("broken_by", describe(*m_breaking_fault));
}

} // namespace vwb
