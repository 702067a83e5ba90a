// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScriptedSource: a source of bytes 1, 2, 3, ... that has as many as the test has let arrive.
#pragma once

#include "devices/rng/rng_hardware.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace vwb::test {

class ScriptedSource final : public RngSource {
public:
    void set_listener(std::function<void()> listener) override { m_listener = std::move(listener); }
    Result<size_t> fill(std::span<std::byte> out) override
    {
        ++fills;
        if (failure)
            return Error(ErrorKind::Io, *failure);
        const size_t count = std::min({ out.size(), available, at_most });
        for (size_t i = 0; i < count; ++i)
            out[i] = std::byte { m_next++ };
        available -= count;
        return count;
    }
    void inspect(Inspector& inspector) const override { inspector.field("kind", "scripted"); }

    // Bytes become available, as news of the hardware.
    void arrive(size_t bytes)
    {
        available += bytes;
        m_listener();
    }

    size_t available = 0;
    size_t at_most = SIZE_MAX; // in one fill()
    std::optional<std::string> failure;
    unsigned fills = 0;

private:
    std::function<void()> m_listener;
    uint8_t m_next = 1;
};

} // namespace vwb::test
