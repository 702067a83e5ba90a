// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/session_fixture.h"

#include "engine/base/log.h"

#include <algorithm>

#include <sys/eventfd.h>

namespace vwb::test {

SessionFixture::SessionFixture(std::unique_ptr<EchoDevice> device)
    : m_loop(EventLoop::create(m_clock).value())
    , m_memory(DriverMemory::create(size_t { 1 } << 20).value())
{
    set_log_level(LogLevel::Off); // what is refused is in the problem list
    m_device = device.get();
    m_host = std::make_unique<DeviceHost>("echo0", uint16_t { 0 }, *m_loop, std::move(device));
    connect();
    for (size_t i = 0; i < m_host->queue_count(); ++i) {
        TestRing ring;
        ring.ring = make_driver_ring(*m_memory, { 8, true, false });
        ring.kick.reset(::eventfd(0, EFD_NONBLOCK));
        ring.call.reset(::eventfd(0, EFD_NONBLOCK));
        m_rings.push_back(std::move(ring));
    }
}

SessionFixture::~SessionFixture() = default;

void SessionFixture::use_packed_rings(uint32_t size)
{
    m_features |= F_RING_PACKED;
    for (auto& ring : m_rings) {
        ring.ring = make_driver_ring(*m_memory, { size, true, false, false, RingFormat::Packed });
        ring.base = ring.ring->fresh_base();
    }
}

void SessionFixture::connect()
{
    m_peer.close();
    settle();
    UniqueFd socket;
    m_peer = RawFrontEnd::pair(socket);
    m_listener = Listener::adopt(*m_host, std::move(socket)).value();
}

void SessionFixture::settle()
{
    while (m_loop->run_once(Duration(0))) { }
}

std::optional<Message> SessionFixture::call(
    FrontEndMessage id, const Bytes& payload, std::initializer_list<int> fds, uint32_t flags)
{
    EXPECT_TRUE(m_peer.send(id, payload, fds, flags));
    settle();
    return m_peer.receive();
}

uint64_t SessionFixture::number(
    FrontEndMessage id, const Bytes& payload, std::initializer_list<int> fds, uint32_t flags)
{
    const auto reply = call(id, payload, fds, flags);
    EXPECT_TRUE(reply && reply->payload.size() == 8) << "no number from " << unsigned(id);
    if (!reply || reply->payload.size() != 8)
        return ~uint64_t { 0 };
    EXPECT_EQ(reply->header.request, static_cast<uint32_t>(id));
    EXPECT_EQ(reply->header.flags, 0x5u);
    return reply->read<uint64_t>();
}

void SessionFixture::negotiate(uint64_t protocol_features, uint64_t features)
{
    call(FrontEndMessage::SetProtocolFeatures, bytes(protocol_features));
    call(FrontEndMessage::SetFeatures, bytes(features | VHOST_USER_F_PROTOCOL_FEATURES));
}

Bytes SessionFixture::memory_table() const
{
    const MemoryRegionInfo info = m_memory->info();
    return bytes(MemoryTablePayload { 1, 0 },
        MemoryRegionPayload { info.guest_address, info.size, info.user_address, info.mmap_offset });
}

uint64_t SessionFixture::share_memory()
{
    return number(FrontEndMessage::SetMemTable, memory_table(), { m_memory->fd() });
}

VringAddr SessionFixture::address_of_ring(uint32_t index) const
{
    const DriverRing& ring = *m_rings[index].ring;
    return { index, 0, ring.descriptors_user(), ring.device_user(), ring.driver_user(),
        ~uint64_t { 0 } };
}

void SessionFixture::set_up_ring(uint32_t index)
{
    TestRing& ring = m_rings[index];
    call(FrontEndMessage::SetVringNum, bytes(VringState { index, ring.ring->size() }));
    call(FrontEndMessage::SetVringBase, bytes(VringState { index, ring.base }));
    call(FrontEndMessage::SetVringAddr, bytes(address_of_ring(index)));
    call(FrontEndMessage::SetVringKick, bytes(uint64_t { index }), { ring.kick.get() });
    call(FrontEndMessage::SetVringCall, bytes(uint64_t { index }), { ring.call.get() });
}

void SessionFixture::enable(uint32_t index, uint32_t on)
{
    call(FrontEndMessage::SetVringEnable, bytes(VringState { index, on }));
}

void SessionFixture::start()
{
    negotiate();
    EXPECT_EQ(share_memory(), 0u);
    for (uint32_t i = 0; i < m_rings.size(); ++i) {
        set_up_ring(i);
        enable(i);
        calls(i);
    }
}

void SessionFixture::submit(uint32_t ring, const std::string& text)
{
    const auto readable = m_memory->allocate(static_cast<uint32_t>(text.size()));
    const auto writable = m_memory->allocate(64);
    std::ranges::copy(std::as_bytes(std::span(text)), readable.data);
    const DriverSegment in[] = { readable.segment() };
    const DriverSegment out[] = { writable.segment() };
    EXPECT_TRUE(m_rings[ring].ring->add(in, out, m_buffers.size()));
    m_buffers.push_back(writable);
    m_rings[ring].ring->publish();
}

std::optional<std::string> SessionFixture::used(uint32_t ring)
{
    const auto chain = m_rings[ring].ring->pop_used();
    if (!chain)
        return {};
    const auto bytes = m_buffers[chain->token].bytes().first(chain->length);
    std::string text(bytes.size(), ' ');
    std::ranges::transform(bytes, text.begin(), [](std::byte b) { return static_cast<char>(b); });
    return text;
}

void SessionFixture::kick(uint32_t ring)
{
    const uint64_t one = 1;
    EXPECT_EQ(::write(m_rings[ring].kick.get(), &one, sizeof one), 8);
    settle();
}

std::string SessionFixture::request(uint32_t ring, const std::string& text)
{
    submit(ring, text);
    kick(ring);
    return used(ring).value_or("(no answer)");
}

uint64_t SessionFixture::calls(uint32_t ring)
{
    m_rings[ring].ring->enable_calls();
    uint64_t count = 0;
    return ::read(m_rings[ring].call.get(), &count, sizeof count) == 8 ? count : 0;
}

std::string SessionFixture::rules()
{
    std::string text;
    for (const auto& problem : problems())
        text += (text.empty() ? "" : " ") + problem.rule;
    return text;
}

Value SessionFixture::inspect() const
{
    Inspector inspector;
    m_listener->inspect(inspector);
    return std::move(inspector).tree();
}

} // namespace vwb::test
