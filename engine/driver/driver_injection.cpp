// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_injection.h"

#include "engine/base/config.h"
#include "engine/device/features.h"
#include "engine/driver/builtin_driver.h"
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/packed_layout.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr uint16_t NEXT = VIRTQ_DESC_F_NEXT;
constexpr uint16_t WRITE = VIRTQ_DESC_F_WRITE;
constexpr uint64_t NOWHERE = 0x10; // no guest memory of ours begins that low
constexpr uint16_t BEYOND = 0xfff0; // no ring of ours is that long

struct NamedBreakage {
    const char* name;
    Breakage breakage;
};

constexpr std::array BREAKAGES { NamedBreakage { "writable-first", Breakage::WritableFirst },
    NamedBreakage { "loop", Breakage::Loop },
    NamedBreakage { "next-out-of-range", Breakage::NextOutOfRange },
    NamedBreakage { "address-outside", Breakage::AddressOutside },
    NamedBreakage { "length-beyond", Breakage::LengthBeyond },
    NamedBreakage { "unknown-flags", Breakage::UnknownFlags },
    NamedBreakage { "empty-chain", Breakage::EmptyChain },
    NamedBreakage { "head-out-of-range", Breakage::HeadOutOfRange } };

struct RawDescriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

// Two descriptors, the readable and the writable buffer, with what is wrong about them.
std::array<RawDescriptor, 2> break_chain(
    Breakage breakage, const GuestBuffer& readable, const GuestBuffer& writable)
{
    RawDescriptor first { readable.guest_address, readable.size, NEXT, 1 };
    RawDescriptor second { writable.guest_address, writable.size, WRITE, 0 };
    switch (breakage) {
    case Breakage::WritableFirst:
        first.flags |= WRITE;
        second.flags = 0;
        break;
    case Breakage::Loop:
        first.flags |= WRITE;
        second.flags |= NEXT;
        break;
    case Breakage::NextOutOfRange:
        first.next = BEYOND; // of a packed ring: see make_packed_available()
        break;
    case Breakage::AddressOutside:
        first.address = NOWHERE;
        break;
    case Breakage::LengthBeyond:
        second.length = 0x7fffffff;
        break;
    case Breakage::UnknownFlags:
        second.flags |= 0x100;
        break;
    case Breakage::EmptyChain:
        first = { readable.guest_address, 0, WRITE, 0 };
        break;
    case Breakage::HeadOutOfRange:
        break; // not the chain's fault
    }
    return { first, second };
}

GuestBuffer buffer_of(BuiltinDriver& driver, uint32_t size)
{
    return driver.memory().allocate(std::max<uint32_t>(size, 1), 16);
}

using Chain = std::array<RawDescriptor, 2>;

// The rings of a fresh queue, written by hand.
void make_split_available(const RingParts& parts, Breakage breakage, const Chain& chain)
{
    for (size_t i = 0; i < chain.size(); ++i) {
        std::byte* entry = parts.descriptors + DESCRIPTOR_SIZE * i;
        const uint64_t rest = uint64_t { chain[i].length } | uint64_t { chain[i].flags } << 32
            | uint64_t { chain[i].next } << 48;
        guest_store<uint64_t>(entry, chain[i].address, std::memory_order_relaxed);
        guest_store<uint64_t>(entry + 8, rest, std::memory_order_relaxed);
    }
    const uint16_t head = breakage == Breakage::HeadOutOfRange ? BEYOND : 0;
    guest_store<uint16_t>(
        parts.driver + SplitLayout::avail_entry(0), head, std::memory_order_relaxed);
    // Release: the descriptors are visible before the index that announces them.
    guest_store<uint16_t>(parts.driver + SplitLayout::AVAIL_INDEX, 1, std::memory_order_release);
}

// A packed ring has no next: what leads on for ever goes round the whole of it, and what leads
// nowhere leads to a slot that is not available.
void make_packed_available(
    const RingParts& parts, uint32_t size, Breakage breakage, const Chain& chain)
{
    const bool joined = (chain[0].flags & NEXT) != 0;
    uint32_t slots = joined ? 2 : 1;
    if (breakage == Breakage::Loop)
        slots = size;
    else if (breakage == Breakage::NextOutOfRange)
        slots = 1;
    const uint16_t id = breakage == Breakage::HeadOutOfRange ? BEYOND : 0;
    // The first one comes last, and with release: as long as it is not available, none is.
    for (uint32_t slot = slots; slot-- > 0;) {
        const RawDescriptor& descriptor = chain[slot == 0 ? 0 : 1];
        std::byte* entry = parts.descriptors + DESCRIPTOR_SIZE * slot;
        const auto flags = static_cast<uint16_t>(descriptor.flags | VIRTQ_DESC_F_AVAIL);
        guest_store<uint64_t>(entry, descriptor.address, std::memory_order_relaxed);
        guest_store<uint64_t>(entry + PackedDescriptor::REST,
            PackedDescriptor::rest(descriptor.length, id, flags), std::memory_order_release);
    }
}

// The used length of the one chain, or none as long as the device has it.
std::optional<uint32_t> used_length(const DriverRing& ring)
{
    const RingParts parts = ring.raw();
    if (ring.format() == RingFormat::Packed) {
        const auto rest = guest_load<uint64_t>(
            parts.descriptors + PackedDescriptor::REST, std::memory_order_acquire);
        if (!PackedPosition { ring.size() }.is_used(PackedDescriptor::flags(rest)))
            return std::nullopt;
        return PackedDescriptor::length(rest);
    }
    const auto used
        = guest_load<uint16_t>(parts.device + SplitLayout::USED_INDEX, std::memory_order_acquire);
    if (used == 0)
        return std::nullopt;
    return guest_load<uint32_t>(
        parts.device + SplitLayout::used_entry(0) + 4, std::memory_order_relaxed);
}

Result<DriverInjectionOutcome> inject_broken(
    BuiltinDriver& driver, const DriverInjection& injection)
{
    const auto readable = buffer_of(driver, static_cast<uint32_t>(injection.readable.size()));
    std::ranges::copy(injection.readable, readable.data);
    const auto writable = buffer_of(driver, injection.writable_bytes);
    std::ranges::fill(writable.bytes(), BuiltinDriver::UNWRITTEN);
    const DriverRing& ring = driver.ring(injection.queue);
    const Chain chain = break_chain(*injection.breakage, readable, writable);
    if (injection.packed)
        make_packed_available(ring.raw(), ring.size(), *injection.breakage, chain);
    else
        make_split_available(ring.raw(), *injection.breakage, chain);
    driver.kick(injection.queue);
    DriverInjectionOutcome outcome;
    const auto called = driver.wait_call(injection.queue, injection.timeout);
    if (!called) {
        outcome.note = "the device gave nothing back: " + called.error().message();
        return outcome;
    }
    const auto used = used_length(ring);
    if (!used) {
        outcome.note = "the device called without giving the chain back";
        return outcome;
    }
    outcome.used_length = *used;
    const auto bytes = writable.bytes();
    outcome.writable.assign(bytes.begin(), bytes.end());
    outcome.note = "the device gave the chain back; 'vwb problems' has what it says to it";
    return outcome;
}

} // namespace

std::string breakage_names()
{
    std::string names;
    for (const auto& known : BREAKAGES)
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    return names;
}

Result<Breakage> parse_breakage(const std::string& name)
{
    std::vector<std::string> names;
    for (const auto& known : BREAKAGES) {
        if (name == known.name)
            return known.breakage;
        names.emplace_back(known.name);
    }
    const auto near = nearest_word(name, names);
    return Error(ErrorKind::Invalid,
        "broken: there is no '" + name.substr(0, 100) + "'"
            + (near.empty() ? "; there are " + breakage_names()
                            : "; did you mean '" + near + "'?"));
}

Result<DriverInjectionOutcome> inject_as_guest(
    const std::string& socket_path, const DriverInjection& injection)
{
    DriverOptions options;
    options.packed = injection.packed;
    options.timeout = injection.timeout;
    auto driver = VWB_TRY(BuiltinDriver::connect(socket_path, options));
    if (injection.packed && !(driver->features() & F_RING_PACKED))
        return Error(ErrorKind::Unsupported, "the device does not offer packed rings now");
    if (std::ranges::find(driver->queues(), injection.queue) == driver->queues().end())
        return Error(ErrorKind::NotFound,
            "the device has no queue " + std::to_string(injection.queue) + " for this driver");
    if (injection.breakage)
        return inject_broken(*driver, injection);
    const auto answer
        = VWB_TRY(driver->request(injection.queue, injection.readable, injection.writable_bytes));
    return DriverInjectionOutcome { answer.used_length, answer.bytes, {} };
}

} // namespace vwb
