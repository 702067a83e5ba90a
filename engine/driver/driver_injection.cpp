// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_injection.h"

#include "engine/base/config.h"
#include "engine/driver/builtin_driver.h"
#include "engine/memory/guest_access.h"
#include "engine/virtqueue/ring_layout.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr uint16_t NEXT = VIRTQ_DESC_F_NEXT;
constexpr uint16_t WRITE = VIRTQ_DESC_F_WRITE;
constexpr uint64_t NOWHERE = 0x10; // no guest memory of ours begins that low

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
    NamedBreakage { "empty-chain", Breakage::EmptyChain } };

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
        first.next = 0xfff0;
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
    }
    return { first, second };
}

GuestBuffer buffer_of(BuiltinDriver& driver, uint32_t size)
{
    return driver.memory().allocate(std::max<uint32_t>(size, 1), 16);
}

// The ring of a fresh queue, written by hand.
void make_available(const RingParts& parts, const std::array<RawDescriptor, 2>& chain)
{
    for (size_t i = 0; i < chain.size(); ++i) {
        std::byte* entry = parts.descriptors + DESCRIPTOR_SIZE * i;
        const uint64_t rest = uint64_t { chain[i].length } | uint64_t { chain[i].flags } << 32
            | uint64_t { chain[i].next } << 48;
        guest_store<uint64_t>(entry, chain[i].address, std::memory_order_relaxed);
        guest_store<uint64_t>(entry + 8, rest, std::memory_order_relaxed);
    }
    guest_store<uint16_t>(parts.driver + SplitLayout::avail_entry(0), 0, std::memory_order_relaxed);
    // Release: the descriptors are visible before the index that announces them.
    guest_store<uint16_t>(parts.driver + SplitLayout::AVAIL_INDEX, 1, std::memory_order_release);
}

Result<DriverInjectionOutcome> inject_broken(
    BuiltinDriver& driver, const DriverInjection& injection)
{
    const auto readable = buffer_of(driver, static_cast<uint32_t>(injection.readable.size()));
    std::ranges::copy(injection.readable, readable.data);
    const auto writable = buffer_of(driver, injection.writable_bytes);
    std::ranges::fill(writable.bytes(), BuiltinDriver::UNWRITTEN);
    const RingParts parts = driver.ring(injection.queue).raw();
    make_available(parts, break_chain(*injection.breakage, readable, writable));
    driver.kick(injection.queue);
    DriverInjectionOutcome outcome;
    const auto called = driver.wait_call(injection.queue, injection.timeout);
    if (!called) {
        outcome.note = "the device gave nothing back: " + called.error().message();
        return outcome;
    }
    const auto used
        = guest_load<uint16_t>(parts.device + SplitLayout::USED_INDEX, std::memory_order_acquire);
    if (used == 0) {
        outcome.note = "the device called without giving the chain back";
        return outcome;
    }
    outcome.used_length = guest_load<uint32_t>(
        parts.device + SplitLayout::used_entry(0) + 4, std::memory_order_relaxed);
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
    if (injection.breakage && injection.packed)
        return Error(ErrorKind::Unsupported, "broken chains are written on split rings only");
    auto driver = VWB_TRY(BuiltinDriver::connect(socket_path, options));
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
