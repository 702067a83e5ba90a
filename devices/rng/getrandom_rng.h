// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GetrandomRng: random bytes of the host kernel, getrandom(2). Small wishes come out of a pool, for
// one system call in 4 KiB of them; what was given out is wiped from it.
#pragma once

#include "devices/rng/rng_hardware.h"

#include <array>

namespace vwb {

class GetrandomRng final : public RngSource {
public:
    ~GetrandomRng() override;

    Result<size_t> fill(std::span<std::byte> out) override;
    void inspect(Inspector& inspector) const override;

private:
    static constexpr size_t POOL_BYTES = 4096;
    static constexpr size_t LARGEST_FROM_POOL = 512;

    Result<size_t> take_from_pool(std::span<std::byte> out);

    std::array<std::byte, POOL_BYTES> m_pool;
    size_t m_pool_left = 0; // unused bytes, at the end of the pool
};

// hardware = "getrandom"
RngSourceKind getrandom_rng_kind();

} // namespace vwb
