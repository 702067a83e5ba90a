// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The only place where a word that guest and device share is touched: one load or one store each,
// of natural alignment, with the order its caller names. Whoever reads a guest word copies it once
// and checks the copy.
#pragma once

#include "engine/base/endian.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace vwb {

// Most words of a ring are ordered by another word beside them.
inline constexpr auto relaxed = std::memory_order_relaxed;

// SAFETY (all of them): the address lies in a mapping that its GuestMemory keeps alive, and is
// aligned for T; Virtqueue::create() checked the alignment of the ring parts.
template <typename T> T guest_load(const std::byte* address, std::memory_order order)
{
    auto* word = reinterpret_cast<T*>(const_cast<std::byte*>(address));
    return little_endian(std::atomic_ref<T>(*word).load(order));
}

template <typename T> void guest_store(std::byte* address, T value, std::memory_order order)
{
    auto* word = reinterpret_cast<T*>(address);
    std::atomic_ref<T>(*word).store(little_endian(value), order);
}

} // namespace vwb
