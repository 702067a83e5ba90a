// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/inflight_log.h"

#include "engine/memory/guest_access.h"
#include "engine/virtqueue/packed_layout.h"

#include <algorithm>

namespace vwb {

template <typename T> T InflightLog::load(size_t offset) const
{
    return guest_load<T>(m_region + offset, std::memory_order_acquire);
}

template <typename T> void InflightLog::store(size_t offset, T value)
{
    guest_store<T>(m_region + offset, value, std::memory_order_release);
}

InflightLog::InflightLog(uint32_t size, std::byte* region, std::shared_ptr<const void> keep)
    : m_size(size)
    , m_region(region)
    , m_keep(std::move(keep))
    , m_in_flight(size)
{
    m_batch.reserve(size);
}

namespace {

// The head of both formats.
constexpr size_t FEATURES = 0; // u64
constexpr size_t VERSION = 8; // u16
constexpr size_t DESC_NUM = 10; // u16
constexpr uint16_t FRESH = 0;
constexpr uint16_t CURRENT_VERSION = 1;

constexpr size_t REGION_ALIGNMENT = 64;

Error bad_region(std::string text)
{
    return { ErrorKind::Invalid, "inflight region: " + std::move(text) };
}

Result<void> check_head(uint16_t version, uint16_t entries, uint32_t size)
{
    if (version != CURRENT_VERSION)
        return bad_region("version " + std::to_string(version) + ", expected 0 or 1");
    if (entries != size)
        return bad_region(
            std::to_string(entries) + " entries for a queue of " + std::to_string(size));
    return {};
}

// A chain and when it was popped.
struct Found {
    uint64_t counter;
    InflightChain chain;
};

std::vector<InflightChain> in_order(std::vector<Found> found)
{
    std::ranges::sort(found, {}, &Found::counter);
    std::vector<InflightChain> chains;
    chains.reserve(found.size());
    for (Found& entry : found)
        chains.push_back(std::move(entry.chain));
    return chains;
}

// vhost-user, QueueRegionSplit.
class SplitInflightLog final : public InflightLog {
public:
    static constexpr size_t LAST_BATCH_HEAD = 12; // u16
    static constexpr size_t USED_IDX = 14; // u16
    static constexpr size_t ENTRIES = 16;
    static constexpr size_t ENTRY_SIZE = 16;
    static constexpr size_t INFLIGHT = 0; // u8
    static constexpr size_t NEXT = 6; // u16
    static constexpr size_t COUNTER = 8; // u64

    SplitInflightLog(uint32_t size, std::byte* region, std::shared_ptr<const void> keep)
        : InflightLog(size, region, std::move(keep))
    {
    }

    Result<std::optional<Recovery>> read_region(const RingParts& parts) override;
    void begin(const RingParts& parts, uint32_t base) override;
    void note_popped(uint16_t head, std::span<const Descriptor> descriptors) override;
    void publishing() override;
    void published() override;

private:
    static size_t at(uint16_t head, size_t field) { return ENTRIES + ENTRY_SIZE * head + field; }
    static uint16_t ring_used_index(const RingParts& parts)
    {
        return guest_load<uint16_t>(
            parts.device + SplitLayout::USED_INDEX, std::memory_order_acquire);
    }
    Result<void> end_last_batch(uint16_t ring_used);

    uint16_t m_used = 0; // as published
    uint16_t m_last_batch_head = 0;
};

Result<std::optional<InflightLog::Recovery>> SplitInflightLog::read_region(const RingParts& parts)
{
    const auto version = load<uint16_t>(VERSION);
    if (version == FRESH)
        return std::optional<Recovery> {};
    VWB_TRY(check_head(version, load<uint16_t>(DESC_NUM), m_size));
    const uint16_t ring_used = ring_used_index(parts);
    VWB_TRY(end_last_batch(ring_used));
    std::vector<Found> found;
    for (uint16_t head = 0; head < m_size; ++head) {
        if (load<uint8_t>(at(head, INFLIGHT)) == 1)
            found.push_back({ load<uint64_t>(at(head, COUNTER)), { head, {} } });
    }
    for (const Found& entry : found)
        m_counter = std::max(m_counter, entry.counter + 1);
    // Chains are popped in the order of the ring: those behind the used index are in flight.
    const auto base = static_cast<uint16_t>(ring_used + found.size());
    return std::optional(Recovery { base, in_order(std::move(found)) });
}

// The last back-end may have died between showing a batch to the driver and noting it here.
Result<void> SplitInflightLog::end_last_batch(uint16_t ring_used)
{
    m_used = ring_used;
    m_last_batch_head = load<uint16_t>(LAST_BATCH_HEAD);
    const auto unnoted = static_cast<uint16_t>(ring_used - load<uint16_t>(USED_IDX));
    if (unnoted > m_size)
        return bad_region("it is " + std::to_string(unnoted) + " used chains behind its ring");
    uint16_t head = m_last_batch_head;
    for (uint16_t i = 0; i < unnoted; ++i) {
        if (head >= m_size)
            return bad_region("it names chain " + std::to_string(head));
        store<uint8_t>(at(head, INFLIGHT), 0);
        head = load<uint16_t>(at(head, NEXT));
    }
    store<uint16_t>(USED_IDX, ring_used);
    return {};
}

void SplitInflightLog::begin(const RingParts& parts, uint32_t)
{
    m_used = ring_used_index(parts);
    store<uint64_t>(FEATURES, 0);
    store<uint16_t>(DESC_NUM, static_cast<uint16_t>(m_size));
    store<uint16_t>(LAST_BATCH_HEAD, 0);
    store<uint16_t>(USED_IDX, m_used);
    for (uint16_t head = 0; head < m_size; ++head)
        store<uint8_t>(at(head, INFLIGHT), 0);
    store<uint16_t>(VERSION, CURRENT_VERSION);
}

void SplitInflightLog::note_popped(uint16_t head, std::span<const Descriptor>)
{
    store<uint64_t>(at(head, COUNTER), m_counter++);
    store<uint8_t>(at(head, INFLIGHT), 1);
}

void SplitInflightLog::publishing()
{
    for (const uint16_t head : m_batch) {
        store<uint16_t>(at(head, NEXT), m_last_batch_head);
        store<uint16_t>(LAST_BATCH_HEAD, head);
        m_last_batch_head = head;
    }
}

void SplitInflightLog::published()
{
    for (const uint16_t head : m_batch)
        store<uint8_t>(at(head, INFLIGHT), 0);
    m_used = static_cast<uint16_t>(m_used + m_batch.size());
    store<uint16_t>(USED_IDX, m_used);
    m_batch.clear();
}

// vhost-user, QueueRegionPacked. The links between entries are ours: what the region says of them
// is believed once, when it is recovered.
class PackedInflightLog final : public InflightLog {
public:
    static constexpr size_t FREE_HEAD = 12; // u16
    static constexpr size_t OLD_FREE_HEAD = 14; // u16
    static constexpr size_t USED_IDX = 16; // u16
    static constexpr size_t OLD_USED_IDX = 18; // u16
    static constexpr size_t USED_WRAP = 20; // u8
    static constexpr size_t OLD_USED_WRAP = 21; // u8
    static constexpr size_t ENTRIES = 32;
    static constexpr size_t ENTRY_SIZE = 32;
    static constexpr size_t INFLIGHT = 0; // u8
    static constexpr size_t NEXT = 2; // u16
    static constexpr size_t LAST = 4; // u16
    static constexpr size_t NUM = 6; // u16
    static constexpr size_t COUNTER = 8; // u64
    static constexpr size_t ID = 16; // u16
    static constexpr size_t FLAGS = 18; // u16
    static constexpr size_t LEN = 20; // u32
    static constexpr size_t ADDR = 24; // u64

    PackedInflightLog(uint32_t size, std::byte* region, std::shared_ptr<const void> keep)
        : InflightLog(size, region, std::move(keep))
        , m_next(size)
        , m_chains(size)
        , m_used { size }
    {
    }

    Result<std::optional<Recovery>> read_region(const RingParts& parts) override;
    void begin(const RingParts& parts, uint32_t base) override;
    void note_popped(uint16_t id, std::span<const Descriptor> descriptors) override;
    void publishing() override;
    void published() override;

private:
    // The entries of a chain in flight, by buffer id.
    struct Chain {
        uint16_t head = 0;
        uint16_t last = 0;
        uint16_t count = 0;
    };

    static size_t at(uint16_t entry, size_t field) { return ENTRIES + ENTRY_SIZE * entry + field; }
    Result<void> settle_last_batch(const RingParts& parts);
    void withdraw_unseen(const RingParts& parts, uint32_t owned) const;
    Result<Found> read_chain(uint16_t head, std::vector<bool>& seen);
    void note(uint16_t entry, const Descriptor& descriptor);
    void store_used(size_t index, size_t wrap);

    std::vector<uint16_t> m_next; // of each entry
    std::vector<Chain> m_chains;
    uint16_t m_free = 0;
    PackedPosition m_used; // with what is not published
};

// The last back-end may have died while it showed a batch to the driver: before, then nothing of
// the batch counts, or after, then all of it.
Result<void> PackedInflightLog::settle_last_batch(const RingParts& parts)
{
    const auto position = [this](size_t index, size_t wrap) {
        return PackedPosition { m_size, load<uint16_t>(index), load<uint8_t>(wrap) != 0 };
    };
    const PackedPosition now = position(USED_IDX, USED_WRAP);
    const PackedPosition old = position(OLD_USED_IDX, OLD_USED_WRAP);
    if (now.index >= m_size || old.index >= m_size)
        return bad_region("used index outside the ring");
    m_used = old;
    m_free = load<uint16_t>(OLD_FREE_HEAD);
    if (now.word() == old.word())
        return {};
    const auto rest = guest_load<uint64_t>(
        parts.descriptors + DESCRIPTOR_SIZE * old.index + PackedDescriptor::REST,
        std::memory_order_acquire);
    if (!old.is_available(PackedDescriptor::flags(rest))) {
        m_used = now;
        m_free = load<uint16_t>(FREE_HEAD);
    }
    return {};
}

// Of a batch all used descriptors but the first are written before the driver may see any. Left
// behind it, they would be taken for used as soon as those before them are.
void PackedInflightLog::withdraw_unseen(const RingParts& parts, uint32_t owned) const
{
    PackedPosition at = m_used;
    for (uint32_t i = 0; i < owned; ++i, at.advance(1)) {
        std::byte* rest = parts.descriptors + DESCRIPTOR_SIZE * at.index + PackedDescriptor::REST;
        if (at.is_used(
                PackedDescriptor::flags(guest_load<uint64_t>(rest, std::memory_order_relaxed))))
            guest_store<uint64_t>(
                rest, PackedDescriptor::rest(0, 0, at.available()), std::memory_order_release);
    }
}

// Marks the entries as seen.
Result<Found> PackedInflightLog::read_chain(uint16_t head, std::vector<bool>& seen)
{
    const auto count = load<uint16_t>(at(head, NUM));
    if (count == 0 || count > m_size)
        return bad_region("a chain of " + std::to_string(count) + " descriptors");
    Found found { load<uint64_t>(at(head, COUNTER)), { 0, {} } };
    uint16_t entry = head;
    uint16_t last = head;
    for (uint16_t i = 0; i < count; ++i) {
        if (entry >= m_size || seen[entry])
            return bad_region("a chain that goes through free entries, or those of another");
        seen[entry] = true;
        last = entry;
        found.chain.head = load<uint16_t>(at(entry, ID));
        found.chain.descriptors.push_back({ load<uint64_t>(at(entry, ADDR)),
            load<uint32_t>(at(entry, LEN)), load<uint16_t>(at(entry, FLAGS)), found.chain.head });
        entry = m_next[entry];
    }
    if (found.chain.head >= m_size)
        return bad_region("buffer id " + std::to_string(found.chain.head));
    if (m_chains[found.chain.head].count > 0)
        return bad_region("buffer id " + std::to_string(found.chain.head) + " twice");
    m_chains[found.chain.head] = { head, last, count };
    return found;
}

Result<std::optional<InflightLog::Recovery>> PackedInflightLog::read_region(const RingParts& parts)
{
    const auto version = load<uint16_t>(VERSION);
    if (version == FRESH)
        return std::optional<Recovery> {};
    VWB_TRY(check_head(version, load<uint16_t>(DESC_NUM), m_size));
    VWB_TRY(settle_last_batch(parts));
    for (uint16_t entry = 0; entry < m_size; ++entry)
        m_next[entry] = load<uint16_t>(at(entry, NEXT));
    std::vector<bool> seen(m_size);
    for (uint16_t entry = m_free; entry < m_size && !seen[entry]; entry = m_next[entry]) {
        seen[entry] = true;
        store<uint8_t>(at(entry, INFLIGHT), 0);
    }
    std::vector<Found> found;
    PackedPosition avail = m_used;
    uint32_t owned = 0;
    for (uint16_t entry = 0; entry < m_size; ++entry) {
        if (seen[entry] || load<uint8_t>(at(entry, INFLIGHT)) != 1)
            continue;
        found.push_back(VWB_TRY(read_chain(entry, seen)));
        owned += m_chains[found.back().chain.head].count;
        m_counter = std::max(m_counter, found.back().counter + 1);
    }
    // Else entries would run out while the ring has descriptors.
    if (const auto lost = std::ranges::count(seen, false); lost > 0)
        return bad_region(std::to_string(lost) + " entries that are neither free nor in flight");
    withdraw_unseen(parts, owned);
    avail.advance(owned);
    store<uint16_t>(FREE_HEAD, m_free);
    store_used(USED_IDX, USED_WRAP);
    store<uint16_t>(OLD_FREE_HEAD, m_free);
    store_used(OLD_USED_IDX, OLD_USED_WRAP);
    const uint32_t base = uint32_t { m_used.word() } << 16 | avail.word();
    return std::optional(Recovery { base, in_order(std::move(found)) });
}

void PackedInflightLog::begin(const RingParts&, uint32_t base)
{
    m_used = PackedPosition::from_word(m_size, static_cast<uint16_t>(base >> 16));
    m_free = 0;
    store<uint64_t>(FEATURES, 0);
    store<uint16_t>(DESC_NUM, static_cast<uint16_t>(m_size));
    for (uint16_t entry = 0; entry < m_size; ++entry) {
        m_next[entry] = static_cast<uint16_t>(entry + 1);
        store<uint16_t>(at(entry, NEXT), m_next[entry]);
        store<uint8_t>(at(entry, INFLIGHT), 0);
    }
    store<uint16_t>(FREE_HEAD, m_free);
    store<uint16_t>(OLD_FREE_HEAD, m_free);
    store_used(USED_IDX, USED_WRAP);
    store_used(OLD_USED_IDX, OLD_USED_WRAP);
    store<uint16_t>(VERSION, CURRENT_VERSION);
}

void PackedInflightLog::store_used(size_t index, size_t wrap)
{
    store<uint16_t>(index, static_cast<uint16_t>(m_used.index));
    store<uint8_t>(wrap, m_used.wrap ? 1 : 0);
}

void PackedInflightLog::note(uint16_t entry, const Descriptor& descriptor)
{
    store<uint64_t>(at(entry, ADDR), descriptor.address);
    store<uint32_t>(at(entry, LEN), descriptor.length);
    store<uint16_t>(at(entry, FLAGS), descriptor.flags);
    store<uint16_t>(at(entry, ID), descriptor.next);
}

void PackedInflightLog::note_popped(uint16_t id, std::span<const Descriptor> descriptors)
{
    const uint16_t head = m_free;
    uint16_t entry = head;
    store<uint64_t>(at(head, COUNTER), m_counter++);
    for (const Descriptor& descriptor : descriptors) {
        // A ring has never more descriptors in flight than entries.
        VWB_ASSERT(m_free < m_size);
        entry = m_free;
        note(entry, descriptor);
        m_free = m_next[entry];
    }
    const auto count = static_cast<uint16_t>(descriptors.size());
    m_chains[id] = { head, entry, count };
    store<uint16_t>(at(head, LAST), entry);
    store<uint16_t>(at(head, NUM), count);
    store<uint8_t>(at(head, INFLIGHT), 1);
    store<uint16_t>(FREE_HEAD, m_free);
    store<uint16_t>(OLD_FREE_HEAD, m_free); // from here on it counts
}

void PackedInflightLog::publishing()
{
    for (const uint16_t id : m_batch) {
        const Chain& chain = m_chains[id];
        m_next[chain.last] = m_free;
        store<uint16_t>(at(chain.last, NEXT), m_free);
        m_free = chain.head;
        store<uint16_t>(FREE_HEAD, m_free);
        m_used.advance(chain.count);
    }
    store_used(USED_IDX, USED_WRAP);
}

void PackedInflightLog::published()
{
    for (const uint16_t id : m_batch)
        store<uint8_t>(at(m_chains[id].head, INFLIGHT), 0);
    store<uint16_t>(OLD_FREE_HEAD, m_free);
    store_used(OLD_USED_IDX, OLD_USED_WRAP);
    m_batch.clear();
}

} // namespace

Result<std::optional<InflightLog::Recovery>> InflightLog::recover(const RingParts& parts)
{
    auto recovery = VWB_TRY(read_region(parts));
    if (!recovery)
        return recovery;
    for (const InflightChain& chain : recovery->chains)
        m_in_flight[chain.head] = true;
    return recovery;
}

void InflightLog::give_up()
{
    store<uint16_t>(VERSION, FRESH);
}

size_t InflightLog::region_size(RingFormat format, uint32_t queue_size)
{
    const size_t bytes = format == RingFormat::Packed
        ? PackedInflightLog::ENTRIES + PackedInflightLog::ENTRY_SIZE * queue_size
        : SplitInflightLog::ENTRIES + SplitInflightLog::ENTRY_SIZE * queue_size;
    return (bytes + REGION_ALIGNMENT - 1) / REGION_ALIGNMENT * REGION_ALIGNMENT;
}

std::unique_ptr<InflightLog> InflightLog::create(
    RingFormat format, uint32_t queue_size, std::byte* region, std::shared_ptr<const void> keep)
{
    if (format == RingFormat::Packed)
        return std::make_unique<PackedInflightLog>(queue_size, region, std::move(keep));
    return std::make_unique<SplitInflightLog>(queue_size, region, std::move(keep));
}

} // namespace vwb
