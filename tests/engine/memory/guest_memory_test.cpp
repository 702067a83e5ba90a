// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/guest_memory.h"

#include <gtest/gtest.h>

#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

using namespace vwb;

namespace {

constexpr uint64_t PAGE = 4096;

UniqueFd make_file(uint64_t size)
{
    UniqueFd fd(::memfd_create("guest", MFD_CLOEXEC));
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    return fd;
}

Result<std::shared_ptr<const MemoryRegion>> map(const MemoryRegionInfo& info, uint64_t file_size)
{
    return MemoryRegion::map(info, make_file(file_size));
}

// User addresses are guest addresses + USER unless said otherwise.
constexpr uint64_t USER = 0x7f0000000000;

GuestMemory::Region region(uint64_t guest, uint64_t size)
{
    return map({ guest, size, guest + USER, 0 }, size).value();
}

std::shared_ptr<const GuestMemory> table(std::vector<GuestMemory::Region> regions)
{
    return GuestMemory::create(std::move(regions)).value();
}

} // namespace

// --- MemoryRegion ---

TEST(MemoryRegion, ShowsTheFileFromItsOffsetOn)
{
    UniqueFd fd = make_file(3 * PAGE);
    for (const uint64_t offset : { uint64_t { 0 }, PAGE, PAGE + 100, uint64_t { 1 } }) {
        const char text[] = "here";
        ASSERT_EQ(::pwrite(fd.get(), text, 4, static_cast<off_t>(offset)), 4);
        const auto mapped
            = MemoryRegion::map({ 0, PAGE, 0, offset }, UniqueFd(::dup(fd.get()))).value();
        EXPECT_EQ(std::memcmp(mapped->data(), text, 4), 0) << offset;
        mapped->data()[0] = std::byte { '!' };
        char byte = 0;
        ASSERT_EQ(::pread(fd.get(), &byte, 1, static_cast<off_t>(offset)), 1);
        EXPECT_EQ(byte, '!'); // shared, not a copy
    }
}

TEST(MemoryRegion, RefusesWhatIsEmptyOrWrapsAround)
{
    const uint64_t top = UINT64_MAX - PAGE + 2; // the last byte would be at address 0
    for (const MemoryRegionInfo& info : { MemoryRegionInfo { 0, 0, 0, 0 },
             MemoryRegionInfo { top, PAGE, 0, 0 }, MemoryRegionInfo { 0, PAGE, top, 0 },
             MemoryRegionInfo { 0, PAGE, 0, top }, MemoryRegionInfo { 0, UINT64_MAX, 0, 0 },
             MemoryRegionInfo { 0, PAGE, 0, INT64_MAX } }) {
        const auto refused = map(info, 4 * PAGE);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind(), ErrorKind::Invalid);
    }
}

TEST(MemoryRegion, RefusesAFileThatIsTooShort)
{
    EXPECT_TRUE(map({ 0, 2 * PAGE, 0, PAGE }, 3 * PAGE));
    const auto refused = map({ 0x1000, 2 * PAGE, 0, PAGE + 1 }, 3 * PAGE);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(),
        "memory region at guest 0x1000, size 0x2000, file offset 0x1001: its file has only 12288 "
        "bytes");
}

TEST(MemoryRegion, RefusesWhatIsNoFile)
{
    EXPECT_FALSE(MemoryRegion::map({ 0, PAGE, 0, 0 }, UniqueFd()));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const UniqueFd writer(ends[1]);
    EXPECT_FALSE(MemoryRegion::map({ 0, PAGE, 0, 0 }, UniqueFd(ends[0])));
}

// --- GuestMemory ---

TEST(GuestMemory, TranslatesToThePlaceInTheRegion)
{
    const auto one = region(0x10000, PAGE);
    const auto memory = table({ one });
    EXPECT_EQ(memory->translate(0x10000, 16).data(), one->data());
    EXPECT_EQ(memory->translate(0x10000, 16).size(), 16u);
    EXPECT_EQ(memory->translate(0x10123, 16).data(), one->data() + 0x123);
    EXPECT_EQ(memory->translate(0x10fff, 1).data(), one->data() + 0xfff);
}

TEST(GuestMemory, NothingIsThereBesideTheRegions)
{
    const auto memory = table({ region(0x10000, PAGE), region(0x20000, PAGE) });
    for (const uint64_t address : { uint64_t { 0 }, uint64_t { 0xffff }, uint64_t { 0x11000 },
             uint64_t { 0x1ffff }, uint64_t { 0x21000 }, UINT64_MAX })
        EXPECT_TRUE(memory->translate(address, 1).empty()) << address;
    EXPECT_TRUE(table({})->translate(0, 1).empty());
}

TEST(GuestMemory, PieceIsAsLongAsItsRegionGoesOn)
{
    const auto memory = table({ region(0x10000, PAGE) });
    EXPECT_EQ(memory->translate(0x10ff0, 0x100).size(), 0x10u);
    EXPECT_EQ(memory->translate(0x10ff0, UINT64_MAX).size(), 0x10u);
    EXPECT_TRUE(memory->translate_whole(0x10ff0, 0x11).empty());
    EXPECT_EQ(memory->translate_whole(0x10ff0, 0x10).size(), 0x10u);
}

TEST(GuestMemory, RangeOverAdjacentRegionsComesInPieces)
{
    const auto low = region(0x10000, PAGE);
    const auto high = region(0x11000, 2 * PAGE);
    const auto memory = table({ low, high });
    const auto first = memory->translate(0x10f00, 0x300);
    EXPECT_EQ(first.data(), low->data() + 0xf00);
    EXPECT_EQ(first.size(), 0x100u);
    const auto second = memory->translate(0x11000, 0x200);
    EXPECT_EQ(second.data(), high->data());
    EXPECT_EQ(second.size(), 0x200u);
    EXPECT_TRUE(memory->translate_whole(0x10f00, 0x300).empty());
    EXPECT_TRUE(memory->translate_user(USER + 0x10f00, 0x300).empty());
}

TEST(GuestMemory, UserAddressesAreAnAddressSpaceOfTheirOwn)
{
    const auto one = map({ 0x10000, PAGE, 0x555000, 0 }, PAGE).value();
    const auto memory = table({ one });
    EXPECT_EQ(memory->translate_user(0x555010, 16).data(), one->data() + 0x10);
    EXPECT_TRUE(memory->translate_user(0x10010, 16).empty());
    EXPECT_TRUE(memory->translate(0x555010, 16).empty());
    EXPECT_EQ(memory->translate_user(0x555000, PAGE).size(), PAGE);
    EXPECT_TRUE(memory->translate_user(0x555001, PAGE).empty());
    EXPECT_TRUE(memory->translate_user(0x555001, UINT64_MAX).empty());
}

TEST(GuestMemory, RefusesRegionsThatOverlap)
{
    const auto overlapping_guest = GuestMemory::create(
        { region(0x10000, 2 * PAGE), map({ 0x11000, PAGE, 0, 0 }, PAGE).value() });
    ASSERT_FALSE(overlapping_guest);
    EXPECT_EQ(overlapping_guest.error().message(),
        "memory regions overlap in guest addresses: 0x10000 and 0x11000");
    const auto overlapping_user = GuestMemory::create({ map({ 0, PAGE, 0x5000, 0 }, PAGE).value(),
        map({ 0x9000, PAGE, 0x5fff, 0 }, PAGE).value() });
    ASSERT_FALSE(overlapping_user);
    EXPECT_EQ(overlapping_user.error().message(),
        "memory regions overlap in user addresses: 0x5000 and 0x5fff");
    EXPECT_TRUE(GuestMemory::create({ region(0x10000, PAGE), region(0x11000, PAGE) }));
}

TEST(GuestMemory, ChangeMakesANewTableAndLeavesTheOldOne)
{
    const auto old_table = table({ region(0x10000, PAGE) });
    const auto larger = old_table->with(region(0x20000, PAGE)).value();
    EXPECT_TRUE(old_table->translate(0x20000, 1).empty());
    EXPECT_FALSE(larger->translate(0x20000, 1).empty());
    EXPECT_FALSE(larger->translate(0x10000, 1).empty());
    const auto smaller = larger->without(0x10000, USER + 0x10000, PAGE).value();
    EXPECT_TRUE(smaller->translate(0x10000, 1).empty());
    EXPECT_FALSE(smaller->translate(0x20000, 1).empty());
    EXPECT_FALSE(larger->translate(0x10000, 1).empty());
    EXPECT_FALSE(larger->with(region(0x20000, PAGE)));
}

TEST(GuestMemory, RegionToBeRemovedMustBeNamedExactly)
{
    const auto memory = table({ region(0x10000, 2 * PAGE) });
    for (const auto& refused : { memory->without(0x10000, USER + 0x10000, PAGE),
             memory->without(0x11000, USER + 0x10000, 2 * PAGE),
             memory->without(0x10000, USER, 2 * PAGE) }) {
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind(), ErrorKind::NotFound);
    }
}

TEST(GuestMemory, MappingLivesAsLongAsAnyTableWithIt)
{
    auto one = region(0x10000, PAGE);
    const std::weak_ptr<const MemoryRegion> watched = one;
    auto first = table({ std::move(one) });
    auto second = first->with(region(0x20000, PAGE)).value();
    first.reset();
    EXPECT_FALSE(watched.expired());
    second->translate(0x10000, 1)[0] = std::byte { 1 };
    second.reset();
    EXPECT_TRUE(watched.expired());
}

TEST(GuestMemory, InspectShowsEveryRegion)
{
    const auto memory = table({ region(0x10000, PAGE), region(0x20000, PAGE) });
    Inspector inspector;
    memory->inspect(inspector);
    const Value tree = std::move(inspector).tree();
    EXPECT_EQ(tree.find("region1")->find("guest_address")->string_or(""), "0x20000");
    EXPECT_EQ(*tree.find("region1")->find("lost"), Value(false));
}
