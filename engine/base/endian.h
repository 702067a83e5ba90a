// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Wire integers: little-endian values with no alignment of their own, for the structs of the virtio
// specification. vhost-user messages are host-endian and do not use these.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace vwb {

template <std::unsigned_integral T> constexpr T little_endian(T value)
{
    if constexpr (std::endian::native == std::endian::little || sizeof(T) == 1) {
        return value;
    } else {
        T swapped = 0;
        for (unsigned i = 0; i < sizeof(T); ++i)
            swapped = static_cast<T>(swapped << 8 | ((value >> 8 * i) & 0xff));
        return swapped;
    }
}

template <std::unsigned_integral T> class LittleEndian {
public:
    LittleEndian() = default;
    LittleEndian(T value)
    {
        const T wire = little_endian(value);
        std::memcpy(m_bytes, &wire, sizeof(T));
    }
    operator T() const
    {
        T wire;
        std::memcpy(&wire, m_bytes, sizeof(T));
        return little_endian(wire);
    }

private:
    unsigned char m_bytes[sizeof(T)] = {};
};

using le16 = LittleEndian<uint16_t>;
using le32 = LittleEndian<uint32_t>;
using le64 = LittleEndian<uint64_t>;

static_assert(sizeof(le64) == 8 && alignof(le64) == 1);

} // namespace vwb
