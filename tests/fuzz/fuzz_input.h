// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FuzzInput: the bytes of one run of a harness, taken from front to back as numbers and pieces. At
// the end all numbers are 0 and all pieces empty. What they mean is the harness's business.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace vwb::fuzz {

class FuzzInput {
public:
    FuzzInput(const uint8_t* data, size_t size)
        : m_rest(data, size)
    {
    }

    bool empty() const { return m_rest.empty(); }
    std::span<const uint8_t> bytes(size_t count)
    {
        const auto taken = m_rest.first(std::min(count, m_rest.size()));
        m_rest = m_rest.subspan(taken.size());
        return taken;
    }
    std::span<const uint8_t> rest() { return bytes(m_rest.size()); }
    template <typename T> T number()
    {
        T value {};
        const auto taken = bytes(sizeof value);
        if (!taken.empty())
            std::memcpy(&value, taken.data(), taken.size());
        return value;
    }
    uint8_t byte() { return number<uint8_t>(); }
    bool flag() { return (byte() & 1) != 0; }
    // 0 if the limit is 0.
    uint32_t below(uint32_t limit)
    {
        const uint32_t value = limit <= 0x100 ? byte() : number<uint32_t>();
        return limit == 0 ? 0 : value % limit;
    }

private:
    std::span<const uint8_t> m_rest;
};

inline std::string_view as_text(std::span<const uint8_t> bytes)
{
    return { reinterpret_cast<const char*>(bytes.data()), bytes.size() };
}

} // namespace vwb::fuzz
