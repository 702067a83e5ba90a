// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/event_loop.h"
#include "engine/memory/mapping_guard.h"
#include "engine/memory/memory_region.h"

#include <gtest/gtest.h>

#include <sys/epoll.h>
#include <sys/mman.h>

namespace vwb {
namespace {

constexpr uint64_t FILE_PAGE = 4096;

struct SharedFile {
    SharedFile()
        : fd(::memfd_create("guest", MFD_CLOEXEC))
        , region(map())
    {
    }
    std::shared_ptr<const MemoryRegion> map() const
    {
        EXPECT_EQ(::ftruncate(fd.get(), 2 * FILE_PAGE), 0);
        return MemoryRegion::map({ 0, 2 * FILE_PAGE, 0, 0 }, UniqueFd(::dup(fd.get()))).value();
    }
    // As the compiler must not see through it.
    std::byte load(size_t offset) const
    {
        return *const_cast<const volatile std::byte*>(region->data() + offset);
    }

    UniqueFd fd;
    std::shared_ptr<const MemoryRegion> region;
};

TEST(MappingGuard, TruncatedFileReadsAsZeroAndIsLost)
{
    const SharedFile file;
    file.region->data()[FILE_PAGE] = std::byte { 7 };
    EXPECT_FALSE(file.region->lost());
    ASSERT_EQ(::ftruncate(file.fd.get(), 0), 0);
    EXPECT_EQ(file.load(FILE_PAGE), std::byte { 0 });
    EXPECT_TRUE(file.region->lost());
    file.region->data()[0] = std::byte { 9 };
    EXPECT_EQ(file.load(0), std::byte { 9 });
}

TEST(MappingGuard, OtherMappingsAreNotTouched)
{
    const SharedFile lost;
    const SharedFile kept;
    kept.region->data()[0] = std::byte { 5 };
    ASSERT_EQ(::ftruncate(lost.fd.get(), 0), 0);
    EXPECT_EQ(lost.load(0), std::byte { 0 });
    EXPECT_FALSE(kept.region->lost());
    EXPECT_EQ(kept.load(0), std::byte { 5 });
}

TEST(MappingGuard, EachLossIsAnEdgeForEveryWatcher)
{
    ManualClock clock;
    auto loop = EventLoop::create(clock).value();
    const UniqueFd first = lost_mapping_event();
    const UniqueFd second = lost_mapping_event();
    int firsts = 0;
    int seconds = 0;
    const auto a = loop->watch(first.get(), EPOLLIN | EPOLLET, [&firsts](uint32_t) { ++firsts; });
    const auto b
        = loop->watch(second.get(), EPOLLIN | EPOLLET, [&seconds](uint32_t) { ++seconds; });
    ASSERT_TRUE(a && b);
    while (loop->run_once(Duration(0))) { }
    firsts = seconds = 0; // what was lost before
    for (int round = 1; round <= 3; ++round) {
        const SharedFile file;
        ASSERT_EQ(::ftruncate(file.fd.get(), 0), 0);
        EXPECT_EQ(file.load(0), std::byte { 0 });
        while (loop->run_once(Duration(0))) { }
        EXPECT_EQ(firsts, round);
        EXPECT_EQ(seconds, round);
    }
}

TEST(MappingGuardDeathTest, FaultElsewhereStaysDeadly)
{
    const SharedFile file; // so that the handler is installed
    const UniqueFd other(::memfd_create("other", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(other.get(), FILE_PAGE), 0);
    auto* bytes = static_cast<volatile char*>(
        ::mmap(nullptr, FILE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other.get(), 0));
    ASSERT_EQ(::ftruncate(other.get(), 0), 0);
    EXPECT_DEATH({ bytes[0] = 1; }, "");
}

} // namespace
} // namespace vwb
