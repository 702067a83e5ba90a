// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A Virtqueue whose guest does what the input says: descriptors, tables, indices and stray writes
// in a small memory of two regions, between pops, completions, restarts and lost translations; with
// an inflight region and carried chains that a peer may have made up. Checked: chains are within
// their memory and sum up, no head is out twice, the device writes its own part of the ring alone,
// used elements say what was completed, and a broken queue stays broken.
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/chain_cursor.h"
#include "engine/virtqueue/packed_layout.h"
#include "engine/virtqueue/virtqueue.h"
#include "tests/fuzz/arena_mapping.h"
#include "tests/fuzz/fuzz_input.h"

#include <array>
#include <optional>

#include <sys/mman.h>

namespace vwb::fuzz {
namespace {

constexpr size_t REGION = 4096;
constexpr uint64_t GUEST = 0x1000; // of the first region; the second follows it
constexpr uint64_t USER = 0x100000; // added to a guest address
// Where the parts of the ring are in the first region; behind them there is payload.
constexpr size_t DRIVER = 512;
constexpr size_t DEVICE = 768;
constexpr size_t RING_END = 1024;
constexpr uint32_t MAX_SIZE = 16;
constexpr unsigned MAX_STEPS = 128;

// Two objects: what reads behind one of them is found.
alignas(64) std::array<std::byte, REGION> g_low;
alignas(64) std::array<std::byte, REGION> g_high;
alignas(64) std::array<std::byte, 1024> g_inflight;

std::shared_ptr<const GuestMemory> make_memory()
{
    const auto region = [](uint64_t address, std::byte* data) {
        return MemoryRegion::create(
            { address, REGION, USER + address, 0 }, std::make_unique<ArenaMapping>(data));
    };
    return GuestMemory::create(
        { region(GUEST, g_low.data()), region(GUEST + REGION, g_high.data()) })
        .value();
}

std::shared_ptr<DirtyLog> make_log()
{
    const int fd = ::memfd_create("log", MFD_CLOEXEC);
    VWB_ASSERT(::ftruncate(fd, REGION) == 0);
    auto log = DirtyLog::map(fd, 0, 1).value();
    ::close(fd);
    return log;
}

bool within(const Segment& segment, std::span<std::byte> region)
{
    return segment.data >= region.data() && segment.size <= region.size()
        && segment.data - region.data() <= static_cast<ptrdiff_t>(region.size() - segment.size);
}

class Guest {
public:
    explicit Guest(FuzzInput& input);
    void run();

private:
    enum Option : uint8_t {
        PACKED = 1,
        EVENTS = 2,
        INDIRECT = 4,
        IN_ORDER = 8,
        INFLIGHT = 16,
        LOG = 32,
        IOMMU = 64,
        UNEVEN = 128 // a size that is no power of two
    };
    bool has(Option option) const { return (m_options & option) != 0; }

    bool start(uint32_t base);
    void restart();
    void step();
    void write_descriptor(std::byte* place, uint16_t flags, uint16_t next);
    void offer();
    void scribble();
    void pop();
    void take(DescriptorChain chain);
    void use();
    void publish();
    void map_iova();
    void resume_made_up();
    void touch(const ChainRecord& record);
    uint64_t address();

    // Runs a step of the device's side and checks what it wrote.
    template <typename Step> void device_step(Step&& step);

    FuzzInput& m_input;
    uint8_t m_options;
    VirtqueueConfig m_config;
    std::shared_ptr<Iotlb> m_iotlb;
    std::unique_ptr<Virtqueue> m_queue;
    std::vector<DescriptorChain> m_held;
    PackedPosition m_next { MAX_SIZE }; // where the guest goes on in a packed ring
    uint16_t m_avail = 0; // of a split ring
    bool m_was_broken = false;
};

Guest::Guest(FuzzInput& input)
    : m_input(input)
    , m_options(input.byte())
{
    static const auto memory = make_memory();
    static const auto log = make_log();
    g_low.fill({});
    g_high.fill({});
    g_inflight.fill({});
    m_config.format = has(PACKED) ? RingFormat::Packed : RingFormat::Split;
    m_config.size = has(UNEVEN) ? 1 + input.below(MAX_SIZE) : 1u << input.below(5);
    m_config.event_index = has(EVENTS);
    m_config.indirect = has(INDIRECT);
    m_config.in_order = has(IN_ORDER);
    m_config.max_segments = input.byte() % 64;
    m_config.parts = { g_low.data(), g_low.data() + DRIVER, g_low.data() + DEVICE };
    m_config.memory = memory;
    if (has(IOMMU)) {
        m_iotlb = std::make_shared<Iotlb>();
        m_config.memory = memory->behind(m_iotlb);
        map_iova();
    }
    if (has(LOG))
        m_config.log = { log, true, true, { nullptr, GUEST, GUEST + DEVICE }, {} };
    m_next = PackedPosition { m_config.size };
    m_held.reserve(MAX_SIZE);
}

void Guest::run()
{
    // Most inputs begin with a fresh ring.
    const uint32_t fresh = has(PACKED) ? PackedPosition::FRESH_BASE : 0;
    if (start(m_input.flag() ? m_input.number<uint32_t>() : fresh)) {
        for (unsigned i = 0; i < MAX_STEPS && !m_input.empty() && m_queue; ++i)
            step();
    }
    if (!m_queue)
        return;
    for (auto& chain : m_held)
        m_queue->give_back(std::move(chain));
    m_held.clear();
    if (m_input.flag()) {
        Inspector inspector;
        m_queue->inspect(inspector);
    }
}

bool Guest::start(uint32_t base)
{
    m_config.base = base;
    if (has(INFLIGHT)) {
        VWB_ASSERT(InflightLog::region_size(m_config.format, m_config.size) <= g_inflight.size());
        m_config.inflight = InflightLog::create(
            m_config.format, m_config.size, g_inflight.data(), std::make_shared<int>());
    }
    m_queue.reset();
    auto queue = Virtqueue::create(m_config);
    if (!queue)
        return false;
    m_queue = std::move(queue).value();
    m_was_broken = false;
    m_queue->set_fault_handler([](const RingFault& fault) {
        VWB_ASSERT(fault_text(fault).rule && !vwb::describe(fault).empty());
    });
    return true;
}

// As HostQueue: stopped, and started again in the same ring.
void Guest::restart()
{
    for (auto& chain : m_held)
        m_queue->give_back(std::move(chain));
    m_held.clear();
    m_queue->publish();
    auto carried = m_queue->carry_over();
    VWB_ASSERT(carried.size() <= m_config.size);
    const uint32_t base = m_queue->base();
    if (!start(base))
        return;
    uint64_t slots = 0;
    for (const auto& chain : carried)
        slots += chain.slots;
    if (m_queue->base() != base || m_queue->unreturned() != slots)
        carried.clear();
    const auto recovered = m_queue->take_recovered();
    if (carried.empty() && recovered) {
        for (const auto& chain : *recovered) {
            if (auto resumed = m_queue->resume(chain))
                take(std::move(*resumed));
        }
    }
    for (const auto& chain : carried) {
        if (auto resumed = m_queue->resume(chain))
            take(std::move(*resumed));
    }
}

void Guest::step()
{
    switch (m_input.byte() % 16) {
    case 0:
    case 1: { // a descriptor of the ring
        const uint32_t index = m_input.below(m_config.size);
        write_descriptor(g_low.data() + DESCRIPTOR_SIZE * index, m_input.byte(), m_input.byte());
        break;
    }
    case 2: // one of a table
        write_descriptor(
            g_high.data() + DESCRIPTOR_SIZE * (m_input.byte() % (REGION / DESCRIPTOR_SIZE)),
            m_input.byte(), m_input.byte());
        break;
    case 3:
    case 4:
    case 5:
        offer();
        break;
    case 6:
        scribble();
        break;
    case 7:
    case 8:
    case 9:
        pop();
        break;
    case 10:
    case 11:
        use();
        break;
    case 12:
        publish();
        break;
    case 13:
        device_step(
            [this] { m_input.flag() ? m_queue->disable_kicks() : void(m_queue->enable_kicks()); });
        break;
    case 14:
        m_input.flag() ? restart() : resume_made_up();
        break;
    default:
        map_iova();
    }
}

// Mostly in memory, sometimes across the border of the regions, sometimes anything.
uint64_t Guest::address()
{
    const auto low = m_input.number<uint16_t>();
    return low & 0x8000 ? m_input.number<uint64_t>() : GUEST + (low & 0x1fff);
}

void Guest::write_descriptor(std::byte* place, uint16_t flags, uint16_t next)
{
    const uint64_t where = address();
    const auto small = m_input.number<uint16_t>();
    const uint32_t length = small & 0x8000 ? m_input.number<uint32_t>() : small;
    // Undefined flags are rare.
    flags = static_cast<uint16_t>(flags & 0x80 ? flags << 8 : flags & 7);
    const uint64_t rest = has(PACKED)
        ? PackedDescriptor::rest(length, next, static_cast<uint16_t>(flags | m_next.available()))
        : length | uint64_t { flags } << 32 | uint64_t { next } << 48;
    guest_store<uint64_t>(place, where, std::memory_order_relaxed);
    guest_store<uint64_t>(place + 8, rest, std::memory_order_relaxed);
}

void Guest::offer()
{
    if (has(PACKED)) {
        write_descriptor(
            g_low.data() + DESCRIPTOR_SIZE * m_next.index, m_input.byte(), m_input.byte() % 32);
        m_next.advance(1);
        return;
    }
    guest_store<uint16_t>(
        g_low.data() + DRIVER + SplitLayout::avail_entry(m_avail++ % m_config.size),
        m_input.byte() % 32, std::memory_order_relaxed);
    guest_store<uint16_t>(
        g_low.data() + DRIVER + SplitLayout::AVAIL_INDEX, m_avail, std::memory_order_relaxed);
}

// Anywhere, in the region of a dead back-end too.
void Guest::scribble()
{
    const auto place = m_input.number<uint16_t>();
    const auto value = m_input.number<uint16_t>();
    const size_t offset = place & 0xffe;
    std::byte* target = place & 0x8000 ? g_high.data() + offset
        : place & 0x4000               ? g_inflight.data() + (offset & 1022)
                                       : g_low.data() + (offset & (RING_END - 2));
    guest_store<uint16_t>(target, value, std::memory_order_relaxed);
}

template <typename Step> void Guest::device_step(Step&& step)
{
    static std::array<std::byte, RING_END> before;
    std::copy_n(g_low.begin(), RING_END, before.begin());
    step();
    const auto same = [&](size_t from, size_t to) {
        return std::memcmp(g_low.data() + from, before.data() + from, to - from) == 0;
    };
    const RingPartLayouts parts = ring_parts(m_config.format, m_config.size);
    VWB_ASSERT(same(DRIVER, DEVICE));
    VWB_ASSERT(same(DEVICE + parts.device.size, RING_END));
    VWB_ASSERT(same(parts.descriptors.size, DRIVER));
    if (!has(PACKED))
        VWB_ASSERT(same(0, parts.descriptors.size));
    for (size_t i = 0; has(PACKED) && i < m_config.size; ++i) // the address stays
        VWB_ASSERT(same(DESCRIPTOR_SIZE * i, DESCRIPTOR_SIZE * i + PackedDescriptor::REST));
}

void Guest::pop()
{
    std::optional<DescriptorChain> chain;
    device_step([&] { chain = m_queue->pop(); });
    VWB_ASSERT(!chain || !m_was_broken);
    m_was_broken = m_queue->broken();
    if (chain)
        take(std::move(*chain));
}

void Guest::take(DescriptorChain chain)
{
    const ChainRecord& record = chain.record();
    VWB_ASSERT(record.in_flight && record.head < m_config.size && !record.segments.empty());
    for (const auto& other : m_held)
        VWB_ASSERT(other.record().head != record.head);
    touch(record);
    m_held.push_back(std::move(chain));
    VWB_ASSERT(m_queue->in_flight() == m_held.size() && m_held.size() <= m_config.size);
}

void Guest::touch(const ChainRecord& record)
{
    uint64_t sums[2] = { 0, 0 };
    for (size_t i = 0; i < record.segments.size(); ++i) {
        const Segment& segment = record.segments[i];
        VWB_ASSERT(segment.size > 0 && (within(segment, g_low) || within(segment, g_high)));
        sums[i < record.readable_segments ? 0 : 1] += segment.size;
    }
    VWB_ASSERT(sums[0] == record.readable_bytes && sums[1] == record.writable_bytes);
    VWB_ASSERT(m_config.max_segments == 0 || record.segments.size() <= m_config.max_segments);
    std::array<std::byte, 64> bytes;
    ChainReader reader(record);
    reader.skip(reader.remaining() / 2);
    const uint32_t left = reader.remaining();
    VWB_ASSERT(reader.read(bytes) == std::min<size_t>(left, bytes.size()));
}

void Guest::use()
{
    if (m_held.empty())
        return;
    const uint32_t index = m_input.below(static_cast<uint32_t>(m_held.size()));
    DescriptorChain chain = std::move(m_held[index]);
    if (index + 1 != m_held.size())
        m_held[index] = std::move(m_held.back());
    m_held.pop_back();
    const uint16_t head = chain.record().head;
    const uint64_t room = chain.record().writable_bytes;
    const auto written = static_cast<uint32_t>(m_input.number<uint16_t>() % (room + 1));
    device_step([&] { m_queue->push_used(std::move(chain), written); });
    if (!m_input.flag())
        return;
    publish();
    if (has(PACKED) || has(IN_ORDER) || m_queue->broken())
        return;
    const std::byte* used = g_low.data() + DEVICE;
    const auto last = static_cast<uint16_t>(
        guest_load<uint16_t>(used + SplitLayout::USED_INDEX, std::memory_order_relaxed) - 1);
    const std::byte* element = used + SplitLayout::used_entry(last % m_config.size);
    VWB_ASSERT(guest_load<uint32_t>(element, std::memory_order_relaxed) == head);
    VWB_ASSERT(guest_load<uint32_t>(element + 4, std::memory_order_relaxed) == written);
}

void Guest::publish()
{
    device_step([this] {
        if (m_queue->publish())
            m_queue->driver_wants_call();
        VWB_ASSERT(!m_queue->publish()); // all at once
    });
}

void Guest::map_iova()
{
    if (!m_iotlb)
        return;
    const uint64_t start = address();
    const auto how = m_input.byte();
    if (how & 0x80) {
        [[maybe_unused]] const auto invalid
            = m_iotlb->invalidate(start, m_input.number<uint16_t>());
        return;
    }
    // Sometimes to a user address that nobody has.
    [[maybe_unused]] const auto invalid = m_iotlb->update({ start, m_input.number<uint16_t>(),
        USER + (how & 0x40 ? 0 : GUEST) + (how & 0x10 ? 0x800 : 0),
        IoAccess { uint8_t(how & 3) } });
}

void Guest::resume_made_up()
{
    CarriedChain chain { m_input.byte(), 1, m_input.flag(), {}, m_input.byte(), {} };
    if (has(PACKED)) // as load_carried_chains() and the base bound it
        return;
    if (m_input.flag())
        chain.written = m_input.number<uint32_t>();
    for (uint32_t i = m_input.below(4); i > 0; --i)
        chain.pieces.push_back({ address(), m_input.number<uint16_t>() });
    if (chain.readable_pieces > chain.pieces.size())
        return;
    if (auto resumed = m_queue->resume(chain))
        take(std::move(*resumed));
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    vwb::fuzz::FuzzInput input(data, size);
    vwb::fuzz::Guest(input).run();
    return 0;
}
