// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/vring_setup.h"

#include "engine/virtqueue/ring_layout.h"

namespace vwb {
namespace {

Error bad_vring(std::string what)
{
    return { ErrorKind::Invalid, std::move(what) };
}

std::string ring_text(uint32_t index)
{
    return "ring " + std::to_string(index);
}

bool same_addresses(const VringAddr& a, const VringAddr& b)
{
    return a.descriptor == b.descriptor && a.available == b.available && a.used == b.used;
}

bool same_parts(const RingParts& a, const RingParts& b)
{
    return a.descriptors == b.descriptors && a.driver == b.driver && a.device == b.device;
}

// Alignment is looked at here too, because it is that of our mapping: with an odd offset into the
// file it need not be the guest's.
Result<std::byte*> translate_part(
    const GuestMemory& memory, uint64_t address, size_t size, size_t alignment, RingPieces& pieces)
{
    auto bytes
        = memory.translated() ? std::span<std::byte>() : memory.translate_user(address, size);
    if (bytes.empty() && memory.has_pieces() && !memory.translated()) {
        if (auto piece = memory.map_user_piece(address, size)) {
            bytes = piece->bytes;
            pieces.push_back(std::move(piece->mapping));
        }
    }
    if (memory.translated()) {
        const auto found = memory.locate_whole(address, size, IoAccess::ReadWrite);
        if (found.outcome == Iotlb::Outcome::Missing)
            return Error(
                ErrorKind::Unavailable, "at IOVA " + hex_text(address) + " has no translation yet");
        bytes = found.bytes;
    }
    if (bytes.empty())
        return bad_vring((memory.translated() ? "at IOVA " : "at user address ") + hex_text(address)
            + ", " + std::to_string(size) + " bytes, does not lie in one memory region");
    if (reinterpret_cast<uintptr_t>(bytes.data()) % alignment != 0)
        return bad_vring("at user address " + hex_text(address) + " is not aligned to "
            + std::to_string(alignment) + " bytes");
    return bytes.data();
}

Result<RingParts> translate(const GuestMemory& memory, const VringAddr& addr, RingFormat format,
    uint32_t num, RingPieces& pieces)
{
    const auto part = [&](const RingPartLayout& layout, uint64_t address) {
        auto found = translate_part(memory, address, layout.size, layout.alignment, pieces);
        if (found)
            return found;
        return Result<std::byte*>(Error(found.error().kind(),
            std::string(layout.name) + " of " + ring_text(addr.index) + " "
                + found.error().message()));
    };
    // vhost-user, SET_VRING_ADDR: of a packed ring, available is the driver's event suppression
    // structure and used the device's.
    const RingPartLayouts layouts = ring_parts(format, num);
    RingParts parts;
    parts.descriptors = VWB_TRY(part(layouts.descriptors, addr.descriptor));
    parts.driver = VWB_TRY(part(layouts.driver, addr.available));
    parts.device = VWB_TRY(part(layouts.device, addr.used));
    return parts;
}

// Only to see whether it can be done.
Result<RingParts> translate(
    const GuestMemory& memory, const VringAddr& addr, RingFormat format, uint32_t num)
{
    RingPieces pieces;
    return translate(memory, addr, format, num, pieces);
}

bool is_missing(const Result<RingParts>& parts)
{
    return !parts && parts.error().kind() == ErrorKind::Unavailable;
}

Result<void> unless_missing(Result<RingParts> parts)
{
    if (parts || is_missing(parts))
        return {};
    return std::move(parts).error();
}

} // namespace

VringSetup::VringSetup(DeviceHost& host, const LogSetup& log, const InflightSetup& inflight,
    AddressTranslation& translation)
    : m_host(host)
    , m_log(log)
    , m_inflight(inflight)
    , m_translation(translation)
    , m_rings(host.queue_count())
{
}

VringSetup::~VringSetup()
{
    m_host.stop_queues();
    for (size_t i = 0; i < m_rings.size(); ++i) {
        HostQueue& queue = m_host.queue(i);
        [[maybe_unused]] const auto removed = queue.set_kick({});
        queue.set_call({});
        queue.set_err({});
    }
}

Result<void> VringSetup::check_index(uint32_t index) const
{
    if (index >= m_rings.size())
        return bad_vring("names " + ring_text(index) + "; the device has "
            + std::to_string(m_rings.size()) + " rings");
    return {};
}

Result<void> VringSetup::ensure_stopped(uint32_t index)
{
    HostQueue& queue = m_host.queue(index);
    if (queue.running())
        return bad_vring(ring_text(index) + " runs: it must be stopped or disabled first");
    queue.stop();
    m_rings[index].pieces.clear();
    return {};
}

Result<void> VringSetup::set_num(uint32_t index, uint32_t num)
{
    VWB_TRY(check_index(index));
    const uint32_t limit = m_host.max_queue_size(index);
    if (!is_queue_size(m_host.ring_format(), num) || num > limit)
        return bad_vring(ring_text(index) + " with " + std::to_string(num) + " entries, expected "
            + (m_host.ring_format() == RingFormat::Packed ? "1 to " : "a power of two up to ")
            + std::to_string(limit));
    if (m_host.queue(index).running() && m_rings[index].num == num)
        return {};
    VWB_TRY(ensure_stopped(index));
    m_rings[index].num = num;
    return {};
}

Result<void> VringSetup::set_addr(const VringAddr& addr)
{
    VWB_TRY(check_index(addr.index));
    Ring& ring = m_rings[addr.index];
    const bool same = ring.addr && same_addresses(*ring.addr, addr);
    if (ring.num)
        VWB_TRY(m_log.check(addr, ring_parts(m_host.ring_format(), *ring.num).device.size));
    const HostQueue& queue = m_host.queue(addr.index);
    const bool only_log = same && queue.started()
        && (queue.running() || ring.addr->flags != addr.flags || ring.addr->log != addr.log);
    if (!only_log) {
        // Where size and memory are known already, the message that is wrong is refused, not a
        // later one.
        if (m_memory && ring.num)
            VWB_TRY(unless_missing(translate(*m_memory, addr, m_host.ring_format(), *ring.num)));
        VWB_TRY(ensure_stopped(addr.index));
    }
    ring.addr = addr;
    update_logs();
    return {};
}

Result<void> VringSetup::set_base(uint32_t index, uint32_t base)
{
    VWB_TRY(check_index(index));
    // Two positions in a packed ring; whether they make sense shows when it starts.
    if (base > UINT16_MAX && m_host.ring_format() == RingFormat::Split)
        return bad_vring(ring_text(index) + " with base " + std::to_string(base)
            + "; an index of a split ring has 16 bits");
    VWB_TRY(ensure_stopped(index));
    m_rings[index].base = base;
    return {};
}

Result<void> VringSetup::set_kick(uint32_t index, UniqueFd fd)
{
    VWB_TRY(check_index(index));
    const bool polled = !fd;
    HostQueue& queue = m_host.queue(index);
    const bool was_started = queue.started();
    if (!was_started)
        VWB_TRY(start(index));
    if (auto watched = queue.set_kick(std::move(fd)); !watched) {
        if (!was_started && queue.started())
            m_rings[index].base = queue.stop();
        m_rings[index].waiting = false;
        return watched;
    }
    m_rings[index].polled = polled;
    queue.set_polled(polled);
    // vhost-user, Ring states: there may be entries that no kick will come for.
    if (was_started && queue.running())
        queue.kick();
    return {};
}

Result<void> VringSetup::kick(uint32_t index)
{
    VWB_TRY(check_index(index));
    if (!m_host.queue(index).started())
        return start(index);
    m_host.queue(index).kick();
    return {};
}

Result<void> VringSetup::set_call(uint32_t index, UniqueFd fd)
{
    VWB_TRY(check_index(index));
    m_host.queue(index).set_call(std::move(fd));
    return {};
}

Result<void> VringSetup::set_err(uint32_t index, UniqueFd fd)
{
    VWB_TRY(check_index(index));
    m_host.queue(index).set_err(std::move(fd));
    return {};
}

Result<void> VringSetup::set_enabled(uint32_t index, bool enabled)
{
    VWB_TRY(check_index(index));
    m_host.queue(index).set_enabled(enabled);
    return {};
}

void VringSetup::enable_all()
{
    for (size_t i = 0; i < m_rings.size(); ++i)
        m_host.queue(i).set_enabled(true);
}

Result<uint32_t> VringSetup::stop(uint32_t index)
{
    VWB_TRY(check_index(index));
    HostQueue& queue = m_host.queue(index);
    m_rings[index].waiting = false;
    if (queue.started()) {
        m_rings[index].base = queue.stop();
        m_rings[index].pieces.clear();
        // It starts again with the next SET_VRING_KICK.
        queue.set_polled(false);
        VWB_TRY(queue.set_kick({}));
    }
    return m_rings[index].base;
}

void VringSetup::forget()
{
    m_rings.assign(m_rings.size(), {});
    m_was_started = false;
}

Result<void> VringSetup::start(uint32_t index)
{
    Ring& ring = m_rings[index];
    if (!m_memory)
        return bad_vring(ring_text(index) + " cannot start: there is no memory table yet");
    if (!ring.num)
        return bad_vring(ring_text(index) + " cannot start: SET_VRING_NUM is missing");
    if (!ring.addr)
        return bad_vring(ring_text(index) + " cannot start: SET_VRING_ADDR is missing");
    RingPieces pieces;
    auto parts = translate(*m_memory, *ring.addr, m_host.ring_format(), *ring.num, pieces);
    ring.waiting = is_missing(parts);
    if (ring.waiting) {
        ask_for(ring);
        return {};
    }
    ring.parts = VWB_TRY(std::move(parts));
    ring.pieces = std::move(pieces);
    VirtqueueConfig config;
    config.size = *ring.num;
    config.base = ring.base;
    config.parts = ring.parts;
    config.memory = m_memory;
    config.log = m_log.queue_log(*ring.addr, *m_memory);
    config.inflight = m_inflight.log_of(index, m_host.ring_format(), *ring.num);
    VWB_TRY(start_queue(index, std::move(config)));
    m_was_started = true;
    return {};
}

// A log of requests in flight that makes no sense costs those requests, not the ring.
Result<void> VringSetup::start_queue(uint32_t index, VirtqueueConfig config)
{
    auto started = m_host.start_queue(index, config);
    if (started || !config.inflight)
        return started;
    config.inflight.reset();
    VWB_TRY(m_host.start_queue(index, config));
    m_host.report({ Side::FrontEnd, Severity::Error, "vhost-user.inflight-invalid",
        "vhost-user, Inflight I/O tracking",
        started.error().message() + "; requests in flight are not known",
        static_cast<int>(index) });
    return {};
}

Result<void> VringSetup::set_memory(std::shared_ptr<const GuestMemory> memory)
{
    // First a look at all of them, so that a refusal changes nothing.
    for (uint32_t i = 0; i < m_rings.size(); ++i) {
        if (m_host.queue(i).running())
            VWB_TRY(unless_missing(translate(*memory->behind(m_translation.table()),
                *m_rings[i].addr, m_host.ring_format(), *m_rings[i].num)));
    }
    m_memory = memory->behind(m_translation.table());
    for (uint32_t i = 0; i < m_rings.size(); ++i) {
        if (m_host.queue(i).started())
            move_ring(i, m_memory);
    }
    update_logs();
    return {};
}

void VringSetup::move_ring(uint32_t index, const std::shared_ptr<const GuestMemory>& memory)
{
    Ring& ring = m_rings[index];
    HostQueue& queue = m_host.queue(index);
    const auto parts = translate(*memory, *ring.addr, m_host.ring_format(), *ring.num);
    if (parts && same_parts(*parts, ring.parts)) {
        queue.set_memory(memory);
        return;
    }
    // Mapped anew elsewhere: the ring goes on there from where it is. What the device has parked
    // is given back and handed to it again.
    ring.base = queue.stop();
    if (!parts && !is_missing(parts))
        return;
    report_start(index, start(index));
}

// The front-end is asked for one address of each part; the next question comes with the answer.
void VringSetup::ask_for(const Ring& ring)
{
    const SplitLayout layout { *ring.num };
    const std::pair<uint64_t, size_t> parts[] = { { ring.addr->descriptor,
                                                      layout.descriptors_size() },
        { ring.addr->available, layout.avail_size() }, { ring.addr->used, layout.used_size() } };
    for (const auto& [start, size] : parts) {
        size_t done = 0;
        while (done < size) {
            const auto found = m_memory->locate(start + done, size - done, IoAccess::ReadWrite);
            if (found.outcome == Iotlb::Outcome::Missing)
                m_translation.ask(start + done, IoAccess::ReadWrite);
            if (found.bytes.empty())
                break;
            done += found.bytes.size();
        }
    }
}

void VringSetup::translation_changed()
{
    if (m_memory)
        m_memory = m_memory->behind(m_translation.table());
    for (uint32_t i = 0; i < m_rings.size(); ++i) {
        HostQueue& queue = m_host.queue(i);
        if (queue.started())
            move_ring(i, m_memory);
        else if (m_rings[i].waiting)
            report_start(i, start(i));
        queue.retry();
    }
}

void VringSetup::report_start(uint32_t index, const Result<void>& started)
{
    if (!started)
        m_host.report({ Side::FrontEnd, Severity::Error, "vhost-user.ring-moved",
            "vhost-user, SET_MEM_TABLE", started.error().message(), static_cast<int>(index) });
}

void VringSetup::update_logs()
{
    for (uint32_t i = 0; i < m_rings.size(); ++i) {
        HostQueue& queue = m_host.queue(i);
        if (queue.started())
            queue.set_log(m_log.queue_log(*m_rings[i].addr, *m_memory));
    }
}

bool VringSetup::any_started() const
{
    for (size_t i = 0; i < m_rings.size(); ++i) {
        if (m_host.queue(i).started() || m_rings[i].waiting)
            return true;
    }
    return false;
}

bool VringSetup::any_running() const
{
    for (size_t i = 0; i < m_rings.size(); ++i) {
        if (m_host.queue(i).running())
            return true;
    }
    return false;
}

void VringSetup::inspect(Inspector& inspector) const
{
    for (uint32_t i = 0; i < m_rings.size(); ++i) {
        inspector.child(m_host.traits().queues[i].name, [this, i](Inspector& inner) {
            const Ring& ring = m_rings[i];
            const HostQueue& queue = m_host.queue(i);
            inner.field("index", i);
            inner.field("started", queue.started());
            inner.field("enabled", queue.enabled());
            inner.field("broken", queue.broken());
            inner.field("waits_for_translation", ring.waiting || queue.waiting());
            inner.field("num", ring.num ? Value(*ring.num) : Value());
            inner.field("base", ring.base);
            inner.field("kick", !queue.started() ? "none" : ring.polled ? "polled" : "descriptor");
            if (ring.addr) {
                inner.hex("descriptor_user_address", ring.addr->descriptor);
                inner.hex("available_user_address", ring.addr->available);
                inner.hex("used_user_address", ring.addr->used);
            }
        });
    }
}

} // namespace vwb
