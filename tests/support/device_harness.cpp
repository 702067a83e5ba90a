// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <unistd.h>

namespace vwb::test {

DeviceHarness::DeviceHarness(std::unique_ptr<Device> device, const HarnessOptions& options)
    : m_loop(EventLoop::create(m_clock).value())
    , m_host(std::make_unique<DeviceHost>("device0", uint16_t { 0 }, *m_loop, std::move(device)))
{
    set_up(options);
}

DeviceHarness::DeviceHarness(const MakeDevice& make, const HarnessOptions& options)
    : m_loop(EventLoop::create(m_clock).value())
    , m_host(std::make_unique<DeviceHost>("device0", uint16_t { 0 }, *m_loop, make(*m_loop)))
{
    set_up(options);
}

DeviceHarness::~DeviceHarness() = default;

void DeviceHarness::set_up(const HarnessOptions& options)
{
    m_options = options;
    m_memory = DriverMemory::create(size_t { 16 } << 20).value();
    auto region = MemoryRegion::map(m_memory->info(), UniqueFd(::dup(m_memory->fd()))).value();
    m_guest_memory = GuestMemory::create({ std::move(region) }).value();
    uint64_t features = options.features;
    features &= options.event_index ? ~uint64_t { 0 } : ~F_EVENT_IDX;
    features &= options.indirect ? ~uint64_t { 0 } : ~F_INDIRECT_DESC;
    features &= options.in_order ? ~uint64_t { 0 } : ~F_IN_ORDER;
    features &= options.format == RingFormat::Packed ? ~uint64_t { 0 } : ~F_RING_PACKED;
    m_features = features & m_host->offered_features();
    m_host->accept_features(m_features);
    make_rings();
    start_queues();
}

void DeviceHarness::make_rings()
{
    const uint64_t accepted = m_host->accepted_features();
    const DriverRingOptions options { m_options.queue_size, (accepted & F_EVENT_IDX) != 0,
        (accepted & F_INDIRECT_DESC) != 0, (accepted & F_IN_ORDER) != 0, m_host->ring_format() };
    m_rings.clear();
    m_bases.clear();
    for (size_t i = 0; i < m_host->queue_count(); ++i) {
        m_rings.push_back(make_driver_ring(*m_memory, options));
        m_bases.push_back(m_rings[i]->fresh_base());
    }
}

void DeviceHarness::start_queues()
{
    for (size_t i = 0; i < m_rings.size(); ++i) {
        VirtqueueConfig config;
        config.size = m_options.queue_size;
        config.base = m_bases[i];
        // The device sees its own mapping of the same memory.
        const auto device_side = [this](std::byte* place) {
            return m_guest_memory->regions()[0]->data() + (place - m_memory->data());
        };
        const RingParts raw = m_rings[i]->raw();
        config.parts
            = { device_side(raw.descriptors), device_side(raw.driver), device_side(raw.device) };
        config.memory = m_guest_memory;
        ASSERT_TRUE(m_host->start_queue(i, config));
        m_host->queue(i).set_enabled(true);
    }
    settle();
}

void DeviceHarness::stop_queues()
{
    for (size_t i = 0; i < m_rings.size(); ++i)
        m_bases[i] = m_host->queue(i).stop();
    settle();
}

void DeviceHarness::renew_rings()
{
    m_pending.clear();
    if (m_host->accepted_features() == 0) // after a reset
        m_host->accept_features(m_features);
    make_rings();
    start_queues();
}

uint64_t DeviceHarness::submit(unsigned queue, const Bytes& readable, uint32_t writable_size)
{
    std::vector<Bytes> readable_pieces;
    std::vector<uint32_t> writable_pieces;
    if (!readable.empty())
        readable_pieces.push_back(readable);
    if (writable_size > 0)
        writable_pieces.push_back(writable_size);
    return submit_pieces(queue, readable_pieces, writable_pieces);
}

uint64_t DeviceHarness::submit_pieces(
    unsigned queue, const std::vector<Bytes>& readable, const std::vector<uint32_t>& writable)
{
    const uint64_t ticket = make_available(queue, readable, writable);
    kick(queue);
    return ticket;
}

uint64_t DeviceHarness::make_available(
    unsigned queue, const std::vector<Bytes>& readable, const std::vector<uint32_t>& writable)
{
    std::vector<DriverSegment> readable_segments;
    for (const auto& piece : readable) {
        const auto buffer = m_memory->allocate(static_cast<uint32_t>(piece.size()));
        std::ranges::copy(std::as_bytes(std::span(piece)), buffer.data);
        readable_segments.push_back(buffer.segment());
    }
    Pending pending { queue, {}, {} };
    std::vector<DriverSegment> writable_segments;
    for (const uint32_t size : writable) {
        const auto buffer = m_memory->allocate(size);
        std::ranges::fill(buffer.bytes(), std::byte { 0xa5 });
        writable_segments.push_back(buffer.segment());
        pending.writable.push_back(buffer);
    }
    const uint64_t ticket = m_next_ticket++;
    m_pending.emplace(ticket, std::move(pending));
    EXPECT_TRUE(m_rings[queue]->add(readable_segments, writable_segments, ticket));
    m_rings[queue]->publish();
    return ticket;
}

void DeviceHarness::kick(unsigned queue)
{
    m_host->queue(queue).kick();
    settle();
}

void DeviceHarness::settle()
{
    while (m_loop->run_once(Duration(0))) { }
    for (unsigned i = 0; i < m_rings.size(); ++i)
        collect(i);
}

void DeviceHarness::collect(unsigned queue)
{
    while (const auto used = m_rings[queue]->pop_used()) {
        const auto pending = m_pending.find(used->token);
        ASSERT_NE(pending, m_pending.end());
        pending->second.used_length = used->length;
    }
    EXPECT_EQ(m_rings[queue]->violation(), "");
}

std::optional<HarnessAnswer> DeviceHarness::answer(uint64_t ticket)
{
    const auto pending = m_pending.find(ticket);
    if (pending == m_pending.end() || !pending->second.used_length)
        return {};
    HarnessAnswer answer;
    answer.used_length = *pending->second.used_length;
    for (const auto& buffer : pending->second.writable) {
        for (const std::byte byte : buffer.bytes())
            answer.bytes.push_back(std::to_integer<uint8_t>(byte));
    }
    m_pending.erase(pending);
    return answer;
}

HarnessAnswer DeviceHarness::request(unsigned queue, const Bytes& readable, uint32_t writable_size)
{
    auto got = answer(submit(queue, readable, writable_size));
    EXPECT_TRUE(got) << "no answer on queue " << queue;
    return got.value_or(HarnessAnswer {});
}

void DeviceHarness::advance(Duration step)
{
    m_clock.advance(step);
    settle();
}

std::string DeviceHarness::rules()
{
    std::string text;
    for (const auto& problem : problems())
        text += (text.empty() ? "" : " ") + problem.rule;
    return text;
}

} // namespace vwb::test
