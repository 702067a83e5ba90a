// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// State stream: the state of a device as little-endian bytes for its successor in another process,
// written and read piece by piece. What the pieces mean, and which version they are of, is said by
// whoever writes them.
#pragma once

#include "engine/base/endian.h"
#include "engine/base/result.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace vwb {

class StateWriter {
public:
    template <std::unsigned_integral T> void put(T value)
    {
        const T wire = little_endian(value);
        put_bytes(std::as_bytes(std::span(&wire, 1)));
    }
    void put_bytes(std::span<const std::byte> bytes)
    {
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
    }
    // With their number before them.
    void put_sized(std::span<const std::byte> bytes)
    {
        put(static_cast<uint32_t>(bytes.size()));
        put_bytes(bytes);
    }
    std::vector<std::byte> take() && { return std::move(m_bytes); }

private:
    std::vector<std::byte> m_bytes;
};

// The bytes stay the caller's. What is missing reads as zero: a reader checks each value for its
// meaning, and finish() tells whether there was anything to check.
class StateReader {
public:
    explicit StateReader(std::span<const std::byte> bytes)
        : m_bytes(bytes)
    {
    }

    template <std::unsigned_integral T> T get()
    {
        T wire = 0;
        const auto piece = take(sizeof wire);
        if (!piece.empty())
            std::memcpy(&wire, piece.data(), sizeof wire);
        return little_endian(wire);
    }
    std::span<const std::byte> get_sized() { return take(get<uint32_t>()); }

    bool missing() const { return m_missing; }
    // Errors: Invalid if bytes were missing, or are left.
    Result<void> finish() const
    {
        if (m_missing)
            return Error(ErrorKind::Invalid, "the state ends too soon");
        if (!m_bytes.empty())
            return Error(ErrorKind::Invalid,
                std::to_string(m_bytes.size()) + " bytes are left behind the state");
        return {};
    }

private:
    std::span<const std::byte> take(size_t size)
    {
        m_missing = m_missing || size > m_bytes.size();
        if (m_missing)
            return {};
        const auto piece = m_bytes.first(size);
        m_bytes = m_bytes.subspan(size);
        return piece;
    }

    std::span<const std::byte> m_bytes;
    bool m_missing = false;
};

} // namespace vwb
