// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What observers see of a ring in guest memory, with the built-in driver's ring as the other end.
#include "engine/base/inspector.h"
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/virtqueue/ring_snapshot.h"
#include "engine/virtqueue/virtqueue.h"

#include <gtest/gtest.h>

#include <unistd.h>

using namespace vwb;

namespace {

constexpr uint32_t RING_SIZE = 8;

// A ring with chains of two readable segments (3 and 5 bytes) and a writable one (100): one is with
// the device, two wait for it.
class RingSnapshotTest : public testing::TestWithParam<std::pair<RingFormat, bool>> {
protected:
    void SetUp() override
    {
        m_memory = DriverMemory::create(size_t { 1 } << 20).value();
        m_table = GuestMemory::create(
            { MemoryRegion::map(m_memory->info(), UniqueFd(::dup(m_memory->fd()))).value() })
                      .value();
        m_driver = make_driver_ring(*m_memory, { RING_SIZE, true, indirect(), false, format() });
        m_buffer = m_memory->allocate(256);
        VirtqueueConfig config;
        config.size = RING_SIZE;
        config.base = m_driver->fresh_base();
        config.event_index = true;
        config.indirect = indirect();
        config.format = format();
        config.memory = m_table;
        const auto part = [this](uint64_t user) { return m_table->translate_user(user, 2).data(); };
        config.parts = { part(m_driver->descriptors_user()), part(m_driver->driver_user()),
            part(m_driver->device_user()) };
        m_queue = Virtqueue::create(config).value();
    }
    void add()
    {
        const uint64_t at = m_buffer.guest_address;
        const std::vector<DriverSegment> readable { { at, 3 }, { at + 8, 5 } };
        const std::vector<DriverSegment> writable { { at + 64, 100 } };
        ASSERT_TRUE(m_driver->add(readable, writable, 0));
        m_driver->publish();
    }
    Value snapshot(const SnapshotWindow& window = {}) const
    {
        Inspector inspector;
        m_queue->snapshot(window, inspector);
        return std::move(inspector).tree();
    }
    static std::string text(const Value& tree, const char* branch, const char* name)
    {
        const Value* inner = tree.find(branch);
        const Value* member = inner ? inner->find(name) : nullptr;
        return member ? to_text(*member) : "(none)";
    }
    static const Value::List& list(const Value& tree, const char* name)
    {
        return *tree.find(name)->as_list();
    }
    // "state" of each item.
    static std::string states(const Value::List& items)
    {
        std::string all;
        for (const Value& item : items)
            all += (all.empty() ? "" : " ") + to_text(*item.find("state"));
        return all;
    }
    // "address length flags" of a descriptor.
    static std::string words(const Value& descriptor)
    {
        return to_text(*descriptor.find("address")) + " " + to_text(*descriptor.find("length"))
            + " " + to_text(*descriptor.find("flags"));
    }
    std::string hex(uint64_t offset) const { return hex_text(m_buffer.guest_address + offset); }

    static RingFormat format() { return GetParam().first; }
    static bool packed() { return format() == RingFormat::Packed; }
    static bool indirect() { return GetParam().second; }

    std::unique_ptr<DriverMemory> m_memory;
    std::shared_ptr<const GuestMemory> m_table;
    std::unique_ptr<DriverRing> m_driver;
    GuestBuffer m_buffer;
    std::unique_ptr<Virtqueue> m_queue;
};

class TableSnapshotTest : public RingSnapshotTest { };

std::string name_of(const testing::TestParamInfo<std::pair<RingFormat, bool>>& format)
{
    return std::string(format.param.first == RingFormat::Packed ? "Packed" : "Split")
        + (format.param.second ? "Indirect" : "Direct");
}

INSTANTIATE_TEST_SUITE_P(Formats, RingSnapshotTest,
    testing::Values(std::pair { RingFormat::Split, false }, std::pair { RingFormat::Split, true },
        std::pair { RingFormat::Packed, false }, std::pair { RingFormat::Packed, true }),
    name_of);
INSTANTIATE_TEST_SUITE_P(Formats, TableSnapshotTest,
    testing::Values(std::pair { RingFormat::Split, true }, std::pair { RingFormat::Packed, true }),
    name_of);

} // namespace

TEST_P(RingSnapshotTest, ShowsWhatWaitsAndWhatIsWithTheDevice)
{
    add();
    add();
    auto chain = m_queue->pop();
    ASSERT_TRUE(chain);
    const Value seen = snapshot();
    EXPECT_EQ(to_text(*seen.find("inuse")), "1");
    if (format() == RingFormat::Split) {
        EXPECT_EQ(text(seen, "avail", "idx"), "2");
        EXPECT_EQ(text(seen, "used", "idx"), "0");
        EXPECT_EQ(states(list(*seen.find("avail"), "entries")), "old next old old old old old old");
    } else {
        EXPECT_EQ(states(list(seen, "descriptors")),
            indirect() ? "popped next free free free free free free"
                       : "popped popped popped next available available free free");
    }
    m_queue->push_used(std::move(*chain), 7);
    m_queue->publish();
    const Value after = snapshot();
    if (format() == RingFormat::Split) {
        EXPECT_EQ(text(after, "used", "idx"), "1");
        EXPECT_EQ(to_text(*list(*after.find("used"), "entries")[0].find("length")), "7");
    } else {
        EXPECT_EQ(to_text(*list(after, "descriptors")[0].find("state")), "free");
    }
}

TEST_P(RingSnapshotTest, ShowsDescriptorsAndTablesWithAddressesAndFlags)
{
    add();
    const Value seen = snapshot();
    const Value& first = list(seen, "descriptors")[0];
    const Value* table = first.find("table");
    ASSERT_EQ(table != nullptr, indirect());
    const auto& descriptors = indirect() ? *table->as_list() : list(seen, "descriptors");
    ASSERT_GE(descriptors.size(), 3u);
    // A packed table has no order but its own, and no wrap counter (virtio 1.4, 2.8.7).
    const std::string next = packed() ? (indirect() ? "" : "NEXT, AVAIL") : "NEXT";
    const std::string write = packed() && !indirect() ? "WRITE, AVAIL" : "WRITE";
    EXPECT_EQ(words(descriptors[0]), hex(0) + " 3 [" + next + "]");
    EXPECT_EQ(words(descriptors[1]), hex(8) + " 5 [" + next + "]");
    EXPECT_EQ(words(descriptors[2]), hex(64) + " 100 [" + write + "]");
    if (!packed()) {
        EXPECT_EQ(to_text(*descriptors[0].find("next")), "1");
        EXPECT_EQ(descriptors[2].find("next"), nullptr);
    }
    EXPECT_EQ(text(seen, "addresses", "descriptors"),
        hex_text(*m_table->guest_address_of(m_driver->descriptors_user())));
}

TEST_P(RingSnapshotTest, WindowEndsWithTheRing)
{
    const Value part = snapshot({ 6, 64 });
    ASSERT_EQ(list(part, "descriptors").size(), 2u);
    EXPECT_EQ(to_text(*list(part, "descriptors")[0].find("index")), "6");
    EXPECT_TRUE(list(snapshot({ 8, 1 }), "descriptors").empty());
    EXPECT_TRUE(list(snapshot({ UINT32_MAX, UINT32_MAX }), "descriptors").empty());
}

// A driver may point anywhere; a look must not follow.
TEST_P(TableSnapshotTest, TableOutsideOfMemoryIsNotShown)
{
    add();
    const uint64_t nowhere = little_endian(uint64_t { 0xdead'0000'0000 });
    std::memcpy(m_driver->raw().descriptors, &nowhere, sizeof nowhere);
    const Value seen = snapshot();
    EXPECT_EQ(list(seen, "descriptors")[0].find("table"), nullptr);
    EXPECT_EQ(to_text(*list(seen, "descriptors")[0].find("address")), "0xdead00000000");
}

// What a look costs does not depend on what a driver writes into the lengths of its tables.
TEST_P(TableSnapshotTest, LongTablesAreCut)
{
    add();
    const uint32_t length = little_endian(uint32_t { 4096 * DESCRIPTOR_SIZE });
    std::memcpy(m_driver->raw().descriptors + 8, &length, sizeof length);
    const Value seen = snapshot();
    const Value* table = list(seen, "descriptors")[0].find("table");
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table->as_list()->size(), size_t { SNAPSHOT_TABLE_ENTRIES });
}
