// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SET_MEM_TABLE, ADD_MEM_REG and REM_MEM_REG, with and without rings at work.
#include "tests/support/session_fixture.h"

#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <sys/mman.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

class MemoryTableTest : public SessionFixture {
protected:
    static constexpr uint64_t PAGE = 4096;
    static constexpr uint64_t ELSEWHERE = uint64_t { 1 } << 40;

    MemoryTableTest()
        : m_file(::memfd_create("more", MFD_CLOEXEC))
    {
        EXPECT_EQ(::ftruncate(m_file.get(), 64 * PAGE), 0);
    }
    MemoryRegionPayload guest() const
    {
        const MemoryRegionInfo info = m_memory->info();
        return { info.guest_address, info.size, info.user_address, info.mmap_offset };
    }
    static MemoryRegionPayload page(uint64_t number)
    {
        return { ELSEWHERE + number * PAGE, PAGE, 2 * ELSEWHERE + number * PAGE, number * PAGE };
    }
    uint64_t add(const MemoryRegionPayload& region, int fd)
    {
        return number(Id::AddMemReg, bytes(SingleRegionPayload { 0, region }), { fd });
    }
    uint64_t remove(const MemoryRegionPayload& region)
    {
        return number(Id::RemMemReg, bytes(SingleRegionPayload { 0, region }));
    }
    void expect_problem(const std::string& words)
    {
        ASSERT_FALSE(problems().empty());
        EXPECT_NE(problems().back().message.find(words), std::string::npos)
            << problems().back().message;
    }

    UniqueFd m_file;
};

TEST_F(MemoryTableTest, TrailingBytesAreTolerated)
{
    negotiate();
    Bytes table = memory_table();
    table.resize(72);
    EXPECT_EQ(number(Id::SetMemTable, table, { m_memory->fd() }), 0u);
    EXPECT_EQ(rules(), "");
}

TEST_F(MemoryTableTest, CountSizeAndDescriptorsMustAgree)
{
    negotiate();
    EXPECT_NE(number(Id::SetMemTable, Bytes(7)), 0u);
    expect_problem("has a payload of 7 bytes");
    EXPECT_NE(number(Id::SetMemTable, bytes(MemoryTablePayload { 1, 0 }), { m_memory->fd() }), 0u);
    expect_problem("has a payload of 8 bytes; 1 regions take 40");
    EXPECT_NE(number(Id::SetMemTable, memory_table()), 0u);
    expect_problem("came with 0 descriptors for 1 regions");
    EXPECT_NE(number(Id::SetMemTable, memory_table(), { m_memory->fd(), m_memory->fd() }), 0u);
    expect_problem("came with 2 descriptors for 1 regions");
    Bytes nine = bytes(MemoryTablePayload { 9, 0 });
    nine.resize(8 + 9 * 32);
    EXPECT_NE(number(Id::SetMemTable, nine, { m_memory->fd() }), 0u);
    expect_problem("has 9 regions, at most 8");
    EXPECT_NE(number(Id::SetMemTable, bytes(MemoryTablePayload { 0xffffffff, 0 })), 0u);
    expect_problem("has 4294967295 regions");
}

TEST_F(MemoryTableTest, RefusedTableLeavesTheOldOne)
{
    start();
    const UniqueFd no_memory(::eventfd(0, 0));
    EXPECT_NE(number(Id::SetMemTable, memory_table(), { no_memory.get() }), 0u);
    expect_problem("memory region at guest ");
    MemoryRegionPayload longer = guest();
    longer.size += PAGE;
    EXPECT_NE(
        number(Id::SetMemTable, bytes(MemoryTablePayload { 1, 0 }, longer), { m_memory->fd() }),
        0u);
    expect_problem("its file has only ");
    const Bytes twice = bytes(MemoryTablePayload { 2, 0 }, guest(), guest());
    EXPECT_NE(number(Id::SetMemTable, twice, { m_memory->fd(), m_memory->fd() }), 0u);
    expect_problem("memory regions overlap in guest addresses");
    MemoryRegionPayload empty = guest();
    empty.size = 0;
    EXPECT_NE(
        number(Id::SetMemTable, bytes(MemoryTablePayload { 1, 0 }, empty), { m_memory->fd() }), 0u);
    expect_problem("empty or wraps around");
    EXPECT_EQ(request(0, "unharmed"), "unharmed");
}

TEST_F(MemoryTableTest, EightRegionsFitIntoATable)
{
    negotiate();
    Bytes table = bytes(MemoryTablePayload { 8, 0 });
    for (uint64_t i = 0; i < 8; ++i) {
        const Bytes one = bytes(page(i));
        table.insert(table.end(), one.begin(), one.end());
    }
    const int fd = m_file.get();
    EXPECT_EQ(number(Id::SetMemTable, table, { fd, fd, fd, fd, fd, fd, fd, fd }), 0u);
    EXPECT_EQ(rules(), "");
}

TEST_F(MemoryTableTest, RunningRingsGoOnInANewTable)
{
    start();
    ASSERT_EQ(request(0, "before"), "before");
    submit(1, "parked");
    kick(1);
    // The same memory under other user addresses: everything is mapped anew.
    EXPECT_EQ(share_memory(), 0u);
    EXPECT_TRUE(queue(0).running() && queue(1).running());
    EXPECT_EQ(request(0, "after"), "after");
    ASSERT_EQ(m_device->parked[1].size(), 1u);
    auto writer = m_device->parked[1][0].writer();
    writer.fill(std::byte { 'p' }, 3);
    std::move(m_device->parked[1][0]).complete(3);
    m_device->parked[1].clear();
    settle();
    EXPECT_EQ(used(1), "ppp");
    EXPECT_EQ(rules(), "");
}

TEST_F(MemoryTableTest, TableWithoutTheRunningRingsIsRefused)
{
    start();
    const Bytes table = bytes(MemoryTablePayload { 1, 0 }, page(0));
    EXPECT_NE(number(Id::SetMemTable, table, { m_file.get() }), 0u);
    expect_problem("descriptor table of ring 0 at user address");
    EXPECT_EQ(request(0, "unharmed"), "unharmed");
}

TEST_F(MemoryTableTest, TableWithoutDisabledRingsStopsThem)
{
    start();
    enable(0, 0);
    enable(1, 0);
    const Bytes table = bytes(MemoryTablePayload { 1, 0 }, page(0));
    EXPECT_EQ(number(Id::SetMemTable, table, { m_file.get() }), 0u);
    EXPECT_FALSE(queue(0).started() || queue(1).started());
    EXPECT_EQ(rules(), "");
}

TEST_F(MemoryTableTest, RegionsAreAddedAndRemovedWhileRingsRun)
{
    start();
    EXPECT_EQ(add(page(0), m_file.get()), 0u);
    EXPECT_EQ(add(page(1), m_file.get()), 0u);
    EXPECT_EQ(request(0, "three regions"), "three regions");
    EXPECT_EQ(remove(page(0)), 0u);
    EXPECT_EQ(request(0, "two regions"), "two regions");
    EXPECT_NE(remove(page(0)), 0u);
    expect_problem("no memory region at guest");
    EXPECT_EQ(m_device->starts, 2u); // the rings were not touched
}

TEST_F(MemoryTableTest, RegionsAloneMakeAMemory)
{
    negotiate();
    EXPECT_NE(remove(page(0)), 0u);
    expect_problem("there is no memory region to remove");
    EXPECT_EQ(add(guest(), m_memory->fd()), 0u);
    set_up_ring(0);
    enable(0);
    EXPECT_EQ(request(0, "slots"), "slots");
}

TEST_F(MemoryTableTest, OverlappingRegionIsRefused)
{
    start();
    MemoryRegionPayload region = page(0);
    region.guest_address = guest().guest_address + PAGE;
    EXPECT_NE(add(region, m_file.get()), 0u);
    expect_problem("overlap in guest addresses");
    region = page(0);
    region.user_address = guest().user_address - PAGE + 1;
    EXPECT_NE(add(region, m_file.get()), 0u);
    expect_problem("overlap in user addresses");
    EXPECT_EQ(request(0, "unharmed"), "unharmed");
}

TEST_F(MemoryTableTest, ThereAreAsManySlotsAsWeSay)
{
    negotiate();
    const uint64_t slots = number(Id::GetMaxMemSlots);
    for (uint64_t i = 0; i < slots; ++i)
        ASSERT_EQ(add(page(i), m_file.get()), 0u) << i;
    EXPECT_NE(add(page(slots), m_file.get()), 0u);
    expect_problem("all 32 memory slots are taken");
}

TEST_F(MemoryTableTest, RegionOfRunningRingsIsNotRemoved)
{
    start();
    EXPECT_NE(remove(guest()), 0u);
    expect_problem("does not lie in one memory region");
    EXPECT_EQ(request(0, "unharmed"), "unharmed");
    call(Id::GetVringBase, bytes(VringState { 0, 0 }));
    call(Id::GetVringBase, bytes(VringState { 1, 0 }));
    EXPECT_EQ(remove(guest()), 0u);
}

TEST_F(MemoryTableTest, DescriptorOfARemovedRegionIsClosed)
{
    negotiate();
    EXPECT_EQ(add(page(0), m_file.get()), 0u);
    const size_t before = open_fds();
    EXPECT_EQ(
        number(Id::RemMemReg, bytes(SingleRegionPayload { 0, page(0) }), { m_file.get() }), 0u);
    EXPECT_EQ(open_fds(), before);
    EXPECT_EQ(rules(), "");
}

} // namespace
} // namespace vwb::test
