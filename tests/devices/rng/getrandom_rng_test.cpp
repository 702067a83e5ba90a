// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/getrandom_rng.h"
#include "engine/driver/driver_memory.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <set>
#include <vector>

#include <unistd.h>

using namespace vwb;

namespace {

std::vector<std::byte> draw(RngSource& source, size_t count)
{
    std::vector<std::byte> bytes(count);
    for (size_t done = 0; done < count;)
        done += source.fill(std::span(bytes).subspan(done)).value();
    return bytes;
}

} // namespace

TEST(GetrandomRng, NoPieceOfThePoolIsGivenOutTwice)
{
    GetrandomRng rng;
    std::set<std::vector<std::byte>> seen;
    for (int i = 0; i < 2000; ++i)
        EXPECT_TRUE(seen.insert(draw(rng, 16)).second);
}

TEST(GetrandomRng, BitsAreSetHalfOfTheTimeInSmallAndLargePieces)
{
    GetrandomRng rng;
    for (const size_t size :
        { size_t { 1 }, size_t { 63 }, size_t { 512 }, size_t { 513 }, size_t { 70000 } }) {
        size_t ones = 0;
        size_t bits = 0;
        while (bits < 800000) {
            for (const std::byte byte : draw(rng, size))
                ones += static_cast<size_t>(std::popcount(std::to_integer<unsigned>(byte)));
            bits += 8 * size;
        }
        // 8 standard deviations of a fair coin: wrong once in 10^15 runs.
        EXPECT_NEAR(static_cast<double>(ones), static_cast<double>(bits) / 2,
            4 * std::sqrt(static_cast<double>(bits)))
            << "pieces of " << size;
    }
}

TEST(GetrandomRng, MemoryThatTheFrontEndTruncatedIsFoundLostNotWaitedFor)
{
    auto memory = DriverMemory::create(64 * 1024).value();
    const auto region = MemoryRegion::map(memory->info(), UniqueFd(::dup(memory->fd()))).value();
    ASSERT_EQ(::ftruncate(memory->fd(), 0), 0);
    GetrandomRng rng;
    const std::span<std::byte> out(region->data(), region->info().size);
    EXPECT_EQ(rng.fill(out).value(), out.size());
    EXPECT_TRUE(region->lost());
}
