// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/virtqueue.h"

#include "engine/virtqueue/packed_ring.h"
#include "engine/virtqueue/split_ring.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr size_t USUAL_CHAIN = 4; // segments: most requests need no more

Error bad_setup(const std::string& what)
{
    return { ErrorKind::Invalid, what };
}

Result<void> check_alignment(const std::byte* part, const RingPartLayout& layout)
{
    if (reinterpret_cast<uintptr_t>(part) % layout.alignment != 0)
        return bad_setup(std::string(layout.name) + " is not aligned to "
            + std::to_string(layout.alignment) + " bytes");
    return {};
}

Result<void> check(const VirtqueueConfig& config)
{
    const bool packed = config.format == RingFormat::Packed;
    if (!is_queue_size(config.format, config.size))
        return bad_setup("queue size " + std::to_string(config.size)
            + (packed ? " is not from 1 to 32768" : " is not a power of two from 1 to 32768"));
    if (packed && !PackedRing::has_place_for(config.base, config.size))
        return bad_setup("vring base " + hex_text(config.base)
            + " names no two positions in a ring of " + std::to_string(config.size)
            + " descriptors");
    if (!packed && config.base > UINT16_MAX)
        return bad_setup("vring base " + std::to_string(config.base)
            + ", expected the 16 bits of a split ring's index");
    const RingPartLayouts layouts = ring_parts(config.format, config.size);
    VWB_TRY(check_alignment(config.parts.descriptors, layouts.descriptors));
    VWB_TRY(check_alignment(config.parts.driver, layouts.driver));
    return check_alignment(config.parts.device, layouts.device);
}

std::unique_ptr<Ring> make_ring(const VirtqueueConfig& config)
{
    if (config.format == RingFormat::Packed)
        return std::make_unique<PackedRing>(config);
    return std::make_unique<SplitRing>(config);
}

} // namespace

Result<std::unique_ptr<Virtqueue>> Virtqueue::create(const VirtqueueConfig& config)
{
    VWB_ASSERT(config.memory);
    VWB_TRY(check(config));
    if (!config.inflight)
        return std::unique_ptr<Virtqueue>(new Virtqueue(make_ring(config), config));
    return create_tracked(config);
}

Result<std::unique_ptr<Virtqueue>> Virtqueue::create_tracked(VirtqueueConfig config)
{
    auto recovery = VWB_TRY(config.inflight->recover(config.parts));
    if (recovery)
        config.base = recovery->base;
    std::unique_ptr<Virtqueue> queue(new Virtqueue(make_ring(config), config));
    if (recovery)
        queue->m_recovered = std::move(recovery->chains);
    else
        config.inflight->begin(config.parts, queue->base());
    return queue;
}

Virtqueue::Virtqueue(std::unique_ptr<Ring> ring, const VirtqueueConfig& config)
    : m_event_index(config.event_index)
    , m_in_order(config.in_order)
    , m_ring(std::move(ring))
    , m_memory(config.memory)
    , m_inflight_log(config.inflight)
    , m_records(config.size)
    , m_spare_segments(config.size)
    , m_order(config.in_order ? config.size : 0)
    , m_max_segments(config.max_segments == 0 ? UINT32_MAX : config.max_segments)
{
    for (size_t head = 0; head < m_records.size(); ++head) {
        m_records[head].head = static_cast<uint16_t>(head);
        m_spare_segments[head].reserve(USUAL_CHAIN);
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

void Virtqueue::report(RingFault fault)
{
    fault.format = m_ring->format();
    if (cost_of(fault.kind) == FaultCost::Queue) {
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
        if (record.in_flight || record.waiting) {
            report({ RingFaultKind::HeadInFlight, head, 0, 0 });
            return {};
        }
        std::optional<RingFault> fault;
        if (!fetch(record, fault))
            return {};
        m_ring->advance();
        if (m_inflight_log)
            m_inflight_log->popped(head, m_ring->found());
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
    lend_segments(record);
    fault = m_ring->fetch(record, m_memory);
    return !is_missing(record, fault);
}

// Keeps in mind what is missing, and takes nothing of the chain.
bool Virtqueue::is_missing(ChainRecord& record, const std::optional<RingFault>& fault)
{
    if (!fault || fault->kind != RingFaultKind::TranslationMissing)
        return false;
    m_missing = fault;
    reclaim_segments(record);
    return true;
}

std::optional<DescriptorChain> Virtqueue::take(ChainRecord& record, std::optional<RingFault> fault)
{
    record.order = m_popped++;
    if (m_in_order)
        m_order[record.order % m_order.size()] = record.head;
    if ((!fault || cost_of(fault->kind) == FaultCost::Nothing)
        && record.segments.size() > m_max_segments)
        fault = RingFault { RingFaultKind::TooManySegments, record.head, record.segments.size(),
            m_max_segments };
    if (fault) {
        report(*fault);
        if (cost_of(fault->kind) != FaultCost::Nothing) {
            use(record, 0);
            return {};
        }
    }
    record.in_flight = true;
    ++m_in_flight;
    return DescriptorChain(record);
}

void Virtqueue::use(ChainRecord& record, uint32_t written)
{
    if (!m_in_order) {
        finish(record, written);
        return;
    }
    // virtio 1.4, 6: buffers are used in the order in which they were made available.
    record.waiting = true;
    record.written = written;
    for (; m_turn != m_popped; ++m_turn) {
        const uint16_t head = m_order[m_turn % m_order.size()];
        if (head == GONE) [[unlikely]]
            continue;
        ChainRecord& next = m_records[head];
        if (!std::exchange(next.waiting, false))
            return;
        finish(next, next.written);
    }
}

void Virtqueue::finish(ChainRecord& record, uint32_t written)
{
    m_ring->push_used(record, written);
    if (m_inflight_log)
        m_inflight_log->used(record.head);
    reclaim_segments(record);
}

void Virtqueue::lend_segments(ChainRecord& record)
{
    record.segments = std::move(m_spare_segments.back());
    m_spare_segments.pop_back();
    m_long_spares -= record.segments.capacity() > LONG_CHAIN ? 1 : 0;
}

void Virtqueue::reclaim_segments(ChainRecord& record)
{
    if (!record.pieces.empty()) [[unlikely]]
        record.pieces.clear();
    if (record.segments.capacity() > LONG_CHAIN && ++m_long_spares > LONG_ONES_KEPT) {
        std::vector<Segment>().swap(record.segments);
        record.segments.reserve(USUAL_CHAIN);
        --m_long_spares;
    }
    m_spare_segments.push_back(std::move(record.segments));
}

ChainRecord& Virtqueue::take_back(DescriptorChain& chain, uint32_t written)
{
    ChainRecord& record = chain.release();
    VWB_ASSERT(record.in_flight && written <= record.writable_bytes);
    record.in_flight = false;
    --m_in_flight;
    if (m_log.payload) [[unlikely]]
        log_payload(record, written);
    return record;
}

void Virtqueue::push_used(DescriptorChain chain, uint32_t written)
{
    ChainRecord& record = take_back(chain, written);
    if (m_broken)
        reclaim_segments(record);
    else
        use(record, written);
}

void Virtqueue::push_claimed(DescriptorChain chain, const ClaimedUse& claim)
{
    ChainRecord& record = take_back(chain, claim.written);
    if (m_broken) {
        reclaim_segments(record);
        return;
    }
    if (claim.twice)
        m_ring->repeat_used(record, claim.claimed);
    if (claim.out_of_turn && m_in_order && m_turn != record.order) {
        m_order[record.order % m_order.size()] = GONE;
        finish(record, claim.claimed);
    } else {
        use(record, claim.claimed);
    }
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

bool Virtqueue::publish()
{
    if (m_inflight_log)
        m_inflight_log->publishing();
    const bool visible = m_ring->publish();
    if (m_inflight_log)
        m_inflight_log->published();
    if (m_log.written) [[unlikely]]
        m_log.written->signal();
    return visible;
}

void Virtqueue::give_back(DescriptorChain chain)
{
    ChainRecord& record = chain.release();
    VWB_ASSERT(record.in_flight);
    record.in_flight = false;
    record.given_back = true;
    --m_in_flight;
}

std::vector<CarriedChain> Virtqueue::carry_over()
{
    VWB_ASSERT(m_in_flight == 0);
    std::vector<ChainRecord*> records;
    for (auto& record : m_records) {
        if (record.given_back || record.waiting)
            records.push_back(&record);
    }
    std::ranges::sort(records, {}, &ChainRecord::order);
    std::vector<CarriedChain> chains;
    for (ChainRecord* record : records) {
        CarriedChain chain { record->head, record->slots, record->indirect, {},
            record->readable_segments, {} };
        if (record->waiting)
            chain.written = record->written;
        for (const Segment& segment : record->segments)
            chain.pieces.push_back({ segment.guest_address, segment.size });
        chains.push_back(std::move(chain));
        record->waiting = record->given_back = false;
        reclaim_segments(*record);
    }
    m_turn = m_popped;
    return chains;
}

std::optional<DescriptorChain> Virtqueue::resume(const CarriedChain& carried)
{
    m_missing.reset();
    // It may come from another process.
    if (m_broken || carried.head >= size())
        return {};
    ChainRecord& record = m_records[carried.head];
    if (record.in_flight || record.waiting)
        return {};
    // Of a chain that came from elsewhere there is no account to be given.
    if (m_inflight_log && !m_inflight_log->knows(carried.head))
        std::exchange(m_inflight_log, nullptr)->give_up();
    lend_segments(record);
    const auto fault = ChainBuilder(record, m_memory).add_carried(carried);
    if (is_missing(record, fault))
        return {};
    auto chain = take(record, fault);
    if (!chain || !carried.written)
        return chain;
    push_used(std::move(*chain), std::min(*carried.written, record.writable_bytes));
    return {};
}

std::optional<DescriptorChain> Virtqueue::resume(const InflightChain& recovered)
{
    m_missing.reset();
    ChainRecord& record = m_records[recovered.head];
    if (m_broken || record.in_flight || record.waiting)
        return {};
    m_ring->recall(recovered);
    std::optional<RingFault> fault;
    return fetch(record, fault) ? take(record, fault) : std::nullopt;
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
    inspect_use(inspector);
}

void Virtqueue::snapshot(const SnapshotWindow& window, Inspector& inspector) const
{
    m_ring->snapshot(window, *m_memory, inspector);
    inspect_use(inspector);
}

void Virtqueue::inspect_use(Inspector& inspector) const
{
    inspector.field("inuse", m_in_flight);
    inspector.field("broken", m_broken);
    if (m_breaking_fault)
        inspector.field("broken_by", describe(*m_breaking_fault));
}

} // namespace vwb
