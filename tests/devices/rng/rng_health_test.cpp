// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_health.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace vwb;

namespace {

using Finding = RngHealth::Finding;

std::vector<std::byte> noise(size_t size)
{
    std::mt19937_64 random(7);
    std::vector<std::byte> bytes(size);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

} // namespace

TEST(RngHealthTest, FindsNothingInNoise)
{
    RngHealth health;
    EXPECT_STREQ(health.verdict(), "unknown");
    const auto bytes = noise(1 << 20);
    EXPECT_EQ(health.feed(bytes), Finding::None);
    EXPECT_EQ(health.repetitions(), 0u);
    EXPECT_EQ(health.biased_windows(), 0u);
    EXPECT_STREQ(health.verdict(), "good");
}

TEST(RngHealthTest, FindsRepetitionInPiecesOfAnySize)
{
    for (size_t piece = 1; piece <= 17; ++piece) {
        RngHealth health;
        const std::vector<std::byte> same(64, std::byte { 0x35 });
        for (size_t done = 0; done < same.size(); done += piece)
            (void)health.feed(std::span(same).subspan(done, std::min(piece, same.size() - done)));
        EXPECT_EQ(health.repetitions(), 7u) << "pieces of " << piece;
    }
}

TEST(RngHealthTest, FindsBiasWhereNothingRepeats)
{
    auto bytes = noise(RngHealth::WINDOW_BITS / 8);
    for (auto& byte : bytes)
        byte &= std::byte { 0x7f };
    RngHealth health;
    EXPECT_EQ(health.feed(bytes), Finding::Bias);
    EXPECT_EQ(health.biased_windows(), 1u);
    EXPECT_EQ(health.repetitions(), 0u);
    EXPECT_EQ(health.feed(noise(RngHealth::WINDOW_BITS / 8)), Finding::None);
    EXPECT_STREQ(health.verdict(), "suspect"); // it is not forgotten
}
