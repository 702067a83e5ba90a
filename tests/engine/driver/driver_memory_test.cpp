// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_memory.h"
#include "engine/memory/guest_memory.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

namespace vwb {
namespace {

std::unique_ptr<DriverMemory> memory_of(size_t size)
{
    return DriverMemory::create(size).value();
}

TEST(DriverMemory, NoTwoOfItsAddressesAreTheSame)
{
    const auto memory = memory_of(1 << 16);
    const auto host = reinterpret_cast<uintptr_t>(memory->data());
    EXPECT_NE(memory->guest_base(), 0U);
    EXPECT_NE(memory->guest_base(), memory->user_base());
    EXPECT_NE(memory->user_base(), host);
    EXPECT_NE(memory->info().mmap_offset, 0U);
}

TEST(DriverMemory, ABackEndFindsTheSameBytesByGuestAndByUserAddress)
{
    const auto memory = memory_of(1 << 16);
    const GuestBuffer buffer = memory->allocate(100);
    buffer.data[7] = std::byte { 42 };

    auto region = MemoryRegion::map(memory->info(), UniqueFd(::dup(memory->fd()))).value();
    const auto table = GuestMemory::create({ region }).value();
    EXPECT_EQ(table->translate_whole(buffer.guest_address, 100)[7], std::byte { 42 });
    const auto by_user = table->translate_user(memory->user_address(buffer.data), 100);
    ASSERT_EQ(by_user.size(), 100U);
    EXPECT_EQ(by_user[7], std::byte { 42 });
}

TEST(DriverMemory, SizeIsRoundedUpToPagesAndAllOfItCanBeAllocated)
{
    const auto memory = memory_of(5000);
    EXPECT_EQ(memory->size(), 8192U);
    EXPECT_TRUE(memory->try_allocate(8192));
    EXPECT_FALSE(memory->try_allocate(1, 1));
    memory->release_all();
    EXPECT_TRUE(memory->try_allocate(8192));
}

TEST(DriverMemory, BuffersAreAlignedDisjointAndZeroedAgain)
{
    const auto memory = memory_of(4096);
    const GuestBuffer first = memory->allocate(3, 1);
    const GuestBuffer second = memory->allocate(10, 64);
    EXPECT_EQ(second.guest_address % 64, 0U);
    EXPECT_GE(second.guest_address, first.guest_address + 3);
    EXPECT_EQ(second.data - first.data,
        static_cast<ptrdiff_t>(second.guest_address - first.guest_address));

    first.data[0] = std::byte { 1 };
    memory->release_all();
    EXPECT_EQ(memory->allocate(3, 1).data[0], std::byte { 0 });
}

TEST(DriverMemory, SurvivesItsFileBeingTruncated)
{
    const auto memory = memory_of(8192);
    const GuestBuffer buffer = memory->allocate(16);
    buffer.data[0] = std::byte { 1 };
    ASSERT_EQ(::ftruncate(memory->fd(), 0), 0);
    EXPECT_EQ(buffer.data[0], std::byte { 0 });
}

} // namespace
} // namespace vwb
