// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/fuzz/device_bed.h"

#include "engine/base/assert.h"
#include "engine/device/features.h"

#if defined(__SANITIZE_ADDRESS__)
#define VWB_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VWB_POISON 1
#endif
#endif
#ifdef VWB_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace vwb::fuzz {
namespace {

constexpr std::byte UNTOUCHED { 0xa5 };
constexpr uint8_t INSPECT = 0x49; // takes as long as all the rest of a run, so that it must be rare

void forbid([[maybe_unused]] std::span<std::byte> bytes)
{
#ifdef VWB_POISON
    __asan_poison_memory_region(bytes.data(), bytes.size());
#endif
}

void allow([[maybe_unused]] std::span<std::byte> bytes)
{
#ifdef VWB_POISON
    __asan_unpoison_memory_region(bytes.data(), bytes.size());
#endif
}

} // namespace

DeviceBed::DeviceBed()
    : m_loop(EventLoop::create(m_clock).value())
{
    for (Slot& slot : m_slots) {
        slot.readable.reserve(MAX_PIECES * MAX_PIECE);
        slot.record.segments.reserve(MAX_PIECES);
        for (Room& room : slot.rooms)
            forbid(room.bytes);
    }
}

void DeviceBed::begin(FuzzInput& input)
{
    VWB_ASSERT(!m_loop->run_once(Duration(0))); // nothing is left to do for a device that is gone
    m_input = &input;
    m_clock.reset();
    m_next_request = 1;
}

void DeviceBed::run(Device& device, Outside outside, Check check)
{
    m_outside = std::move(outside);
    m_check = std::move(check);
    const DeviceTraits& traits = device.traits();
    m_queues = static_cast<unsigned>(traits.queues.size());
    m_offered = traits.features | F_VERSION_1;
    device.attach(*this);
    start_over(device);
    for (unsigned i = 0; i < MAX_STEPS && !m_input->empty(); ++i) {
        step(device);
        settle();
    }
    for (unsigned queue = 0; queue < m_queues; ++queue)
        stop(device, queue);
    device.reset();
    settle();
    m_outside = {};
    m_check = {};
}

void DeviceBed::step(Device& device)
{
    switch (m_input->byte() % 16) {
    case 0:
        access_config(device);
        break;
    case 1: {
        const unsigned queue = m_input->below(m_queues);
        stop(device, queue);
        device.queue_started(queue);
        break;
    }
    case 2:
        start_over(device);
        break;
    case 3:
        move_state(device);
        break;
    case 4:
        if (m_input->byte() == INSPECT)
            inspect(device);
        break;
    case 5:
    case 6:
        advance();
        break;
    case 7:
    case 8:
        m_outside(*m_input);
        break;
    default:
        submit(device);
    }
}

void DeviceBed::submit(Device& device)
{
    const auto free = std::ranges::find(m_slots, false, &Slot::busy);
    if (free == m_slots.end())
        return;
    Slot& slot = *free;
    slot.record.head = static_cast<uint16_t>(free - m_slots.begin());
    slot.record.request = m_next_request++;
    slot.record.in_flight = true;
    slot.queue = m_input->below(m_queues);
    // One or two descriptors each way: devices must not see where one ends.
    const uint8_t shape = m_input->byte();
    add_piece(slot, shape & 0x1f, false);
    if (shape & 0x20)
        add_piece(slot, m_input->byte(), false);
    if (shape & 0x40)
        add_piece(slot, m_input->byte(), true);
    if (shape & 0x80)
        add_piece(slot, m_input->byte(), true);
    if (slot.record.segments.empty())
        return; // a queue lets no such chain through
    slot.busy = true;
    device.handle(slot.queue, Request(*this, DescriptorChain(slot.record)));
    if (m_input->flag())
        device.batch_done(slot.queue);
}

void DeviceBed::add_piece(Slot& slot, uint32_t size, bool writable)
{
    if (size == 0)
        return;
    const std::span bytes = std::span(slot.rooms[slot.record.segments.size()].bytes).first(size);
    allow(bytes);
    if (writable) {
        std::ranges::fill(bytes, UNTOUCHED);
        slot.record.writable_bytes += size;
    } else {
        // As much as there is of the input, and nothing behind it.
        const auto content = std::as_bytes(m_input->bytes(size));
        std::ranges::fill(std::ranges::copy(content, bytes.begin()).out, bytes.end(), std::byte {});
        slot.readable.insert(slot.readable.end(), bytes.begin(), bytes.end());
        slot.record.readable_bytes += size;
        ++slot.record.readable_segments;
    }
    slot.record.segments.push_back({ bytes.data(), size, 0 });
}

// Who still has the request must not touch its memory any more.
void DeviceBed::clear(Slot& slot)
{
    for (size_t i = 0; i < slot.record.segments.size(); ++i)
        forbid(slot.rooms[i].bytes);
    slot.readable.clear();
    slot.record.clear();
    slot.busy = false;
}

void DeviceBed::check_answer(const Slot& slot, uint32_t written) const
{
    VWB_ASSERT(written <= slot.record.writable_bytes);
    uint32_t position = 0;
    for (const Segment& segment : slot.record.writable()) {
        for (uint32_t i = 0; i < segment.size; ++i, ++position)
            VWB_ASSERT(position < written || segment.data[i] == UNTOUCHED);
    }
    auto expected = slot.readable.begin();
    for (const Segment& segment : slot.record.readable()) {
        VWB_ASSERT(std::equal(segment.data, segment.data + segment.size, expected));
        expected += segment.size;
    }
}

DeviceBed::Slot& DeviceBed::take_back(DescriptorChain chain)
{
    Slot& slot = m_slots[chain.release().head];
    VWB_ASSERT(slot.busy); // each request comes back once
    slot.record.in_flight = false;
    return slot;
}

void DeviceBed::complete_request(DescriptorChain chain, uint32_t written)
{
    Slot& slot = take_back(std::move(chain));
    check_answer(slot, written);
    if (m_check)
        m_check(slot.queue, slot.record, written);
    clear(slot);
}

void DeviceBed::give_back_request(DescriptorChain chain)
{
    VWB_ASSERT(m_stopping);
    Slot& slot = take_back(std::move(chain));
    check_answer(slot, 0);
    clear(slot);
}

void DeviceBed::abandon_request(DescriptorChain chain)
{
    take_back(std::move(chain));
    constexpr bool dropped_by_device = true;
    VWB_ASSERT(!dropped_by_device);
}

void DeviceBed::report(Problem problem)
{
    VWB_ASSERT(!problem.rule.empty() && !problem.message.empty());
}

void DeviceBed::inspect(Device& device)
{
    Inspector inspector;
    device.inspect(inspector);
}

void DeviceBed::access_config(Device& device)
{
    const uint32_t size = device.traits().config_size;
    const uint32_t offset = m_input->below(size + 1);
    std::vector<std::byte> bytes(m_input->below(size - offset + 1));
    if (m_input->flag()) {
        std::ranges::copy(std::as_bytes(m_input->bytes(bytes.size())), bytes.begin());
        [[maybe_unused]] const auto refused = device.write_config(offset, bytes);
    } else {
        device.read_config(offset, bytes);
    }
}

void DeviceBed::stop(Device& device, unsigned queue)
{
    m_stopping = true;
    device.queue_stopped(queue);
    m_stopping = false;
    for (const Slot& slot : m_slots)
        VWB_ASSERT(!slot.busy || slot.queue != queue);
}

void DeviceBed::start_over(Device& device)
{
    for (unsigned queue = 0; queue < m_queues; ++queue)
        stop(device, queue);
    device.reset();
    device.features_accepted(m_input->flag() ? m_offered : m_offered & m_input->number<uint8_t>());
    for (unsigned queue = 0; queue < m_queues; ++queue)
        device.queue_started(queue);
}

// To itself, which must work, or one that a peer has made up.
void DeviceBed::move_state(Device& device)
{
    for (unsigned queue = 0; queue < m_queues; ++queue)
        stop(device, queue);
    if (const auto state = device.save_state()) {
        const bool own = m_input->flag();
        const auto foreign = std::as_bytes(m_input->bytes(own ? 0 : m_input->byte()));
        const auto loaded = device.load_state(own ? std::span(*state) : foreign);
        VWB_ASSERT(loaded || !own);
    }
    for (unsigned queue = 0; queue < m_queues; ++queue)
        device.queue_started(queue);
}

void DeviceBed::advance()
{
    m_clock.advance(Duration(int64_t { 1 } << (m_input->byte() % 31)));
}

void DeviceBed::settle()
{
    // Timers that were due more than once are all called within one round.
    for (unsigned rounds = 0; m_loop->run_once(Duration(0)); ++rounds)
        VWB_ASSERT(rounds < 1000); // it comes to rest
}

} // namespace vwb::fuzz
