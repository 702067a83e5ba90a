// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SeededRng: a generator whose every byte a test can foretell. NOT random to anybody who knows the
// seed. The bytes are the outputs of the 64-bit Mersenne Twister of the C++ standard
// (std::mt19937_64, parameters in [rand.predef]), seeded with the seed, each as 8 bytes,
// little-endian, one after the other: no byte is skipped between requests. For seed 5489 the stream
// begins with the bytes of 14514284786278117030, and its 10000th word is 9981545732273789042. It
// runs on over device resets and new connections; the action "restart" begins it again.
#pragma once

#include "devices/rng/rng_hardware.h"

#include <array>
#include <random>

namespace vwb {

class SeededRng final : public RngSource, private Actions {
public:
    explicit SeededRng(uint64_t seed);

    Result<size_t> fill(std::span<std::byte> out) override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override { return this; }

private:
    std::vector<ActionInfo> action_list() const override;
    Result<Value> call_action(std::string_view name, const Value& parameters) override;

    void restart(uint64_t seed);

    static constexpr size_t WORD_BYTES = sizeof(uint64_t);

    uint64_t m_seed = 0;
    std::mt19937_64 m_generator;
    std::array<std::byte, WORD_BYTES> m_word {}; // the last one drawn
    size_t m_word_used = WORD_BYTES;
    uint64_t m_position = 0; // bytes given out since the start
};

// hardware = "seeded"
RngSourceKind seeded_rng_kind();

} // namespace vwb
