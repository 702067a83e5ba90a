// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vhost-user, XEN_MMAP: memory of another domain, foreign or granted, mapped as a whole or in
// pieces. The hypervisor is a double with real memory behind it.
#include "engine/memory/xen_libraries.h"
#include "engine/memory/xen_mapping.h"
#include "tests/support/session_fixture.h"

#include <cerrno>

#include <sys/mman.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;

constexpr uint64_t XEN = protocol_bit(ProtocolFeature::XenMmap);
constexpr uint32_t DOMAIN = 7;

// Frames and grants of the domain are the pages of a file by their guest addresses.
class FakeXen final : public XenMemory {
public:
    explicit FakeXen(const DriverMemory& memory)
        : m_memory(memory)
    {
    }

    Result<std::byte*> map_foreign(uint32_t domain, std::span<const uint64_t> frames) override
    {
        auto address = map(domain, { frames.begin(), frames.end() });
        foreign += address ? 1 : 0;
        return address;
    }
    void unmap_foreign(std::byte* address, size_t pages) override
    {
        --foreign;
        ::munmap(address, pages * XenMemory::PAGE);
    }
    Result<std::byte*> map_grants(uint32_t domain, std::span<const uint32_t> references) override
    {
        auto address = map(domain, { references.begin(), references.end() });
        grants += address ? 1 : 0;
        most_pages = std::max(most_pages, references.size());
        return address;
    }
    void unmap_grants(std::byte* address, size_t pages) override
    {
        --grants;
        ::munmap(address, pages * XenMemory::PAGE);
    }

    int foreign = 0; // mappings now
    int grants = 0;
    size_t most_pages = 0; // of one mapping of grants

private:
    Result<std::byte*> map(uint32_t domain, const std::vector<uint64_t>& numbers)
    {
        const MemoryRegionInfo info = m_memory.info();
        const uint64_t first = info.guest_address / XenMemory::PAGE;
        if (domain != DOMAIN || numbers.front() < first
            || numbers.back() >= first + info.size / XenMemory::PAGE)
            return Error::from_errno("the hypervisor says no", EINVAL);
        void* place = ::mmap(nullptr, numbers.size() * XenMemory::PAGE, PROT_NONE,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        auto* address = static_cast<std::byte*>(place);
        for (size_t i = 0; i < numbers.size(); ++i) {
            const auto offset
                = static_cast<off_t>(info.mmap_offset + (numbers[i] - first) * XenMemory::PAGE);
            EXPECT_NE(::mmap(address + i * XenMemory::PAGE, XenMemory::PAGE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, m_memory.fd(), offset),
                MAP_FAILED);
        }
        return address;
    }

    const DriverMemory& m_memory;
};

class XenRegionsTest : public SessionFixture {
protected:
    XenRegionsTest()
        : m_xen(*m_memory)
    {
        FeatureDial dial;
        dial.protocol_offer = XEN;
        m_host->set_next_dial(dial);
        m_host->set_xen_memory(&m_xen);
        connect();
    }
    ~XenRegionsTest() override
    {
        m_peer.close();
        settle();
        EXPECT_EQ(m_xen.foreign, 0) << "of a session that is over";
        EXPECT_EQ(m_xen.grants, 0) << "of a session that is over";
    }

    XenRegionPayload region(uint32_t flags, uint64_t address_bit = 0) const
    {
        const MemoryRegionInfo info = m_memory->info();
        return { { info.guest_address | address_bit, info.size, info.user_address, 0 }, flags,
            DOMAIN };
    }
    Bytes table(const XenRegionPayload& entry) const
    {
        return bytes(MemoryTablePayload { 1, 0 }, entry);
    }
    void start_rings()
    {
        for (uint32_t i = 0; i < m_rings.size(); ++i) {
            set_up_ring(i);
            enable(i);
        }
    }

    FakeXen m_xen;
};

TEST_F(XenRegionsTest, ForeignMemoryIsMappedAsAWhole)
{
    negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
    EXPECT_EQ(number(Id::SetMemTable, table(region(XEN_MMAP_FOREIGN)), { m_memory->fd() }), 0u);
    EXPECT_EQ(m_xen.foreign, 1);
    start_rings();
    EXPECT_EQ(request(0, "foreign"), "foreign");
    EXPECT_EQ(m_xen.foreign, 1);
    EXPECT_EQ(rules(), "");
}

TEST_F(XenRegionsTest, GrantsAreMappedAsAWholeWithoutADescriptorToo)
{
    negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
    EXPECT_EQ(number(Id::SetMemTable, table(region(XEN_MMAP_GRANT))), 0u);
    EXPECT_EQ(m_xen.grants, 1);
    start_rings();
    EXPECT_EQ(request(0, "granted"), "granted");
    EXPECT_EQ(rules(), "");
}

// Bit 8 as in the document, bit 3 as in vm-memory.
TEST_F(XenRegionsTest, GrantsThatMustNotBeMappedInAdvanceAreMappedWhileTheyAreUsed)
{
    for (const uint32_t no_advance : { 1u << 8, 1u << 3 }) {
        connect();
        m_rings[0].ring->reset();
        m_rings[1].ring->reset();
        m_memory->set_bus_offset(XEN_GRANT_ADDRESS);
        negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
        const auto entry = region(XEN_MMAP_GRANT | no_advance, XEN_GRANT_ADDRESS);
        EXPECT_EQ(number(Id::SetMemTable, table(entry), { m_memory->fd() }), 0u);
        EXPECT_EQ(m_xen.grants, 0);
        start_rings();
        const int rings = m_xen.grants;
        EXPECT_EQ(rings, 6) << "three parts of each";
        EXPECT_EQ(request(0, "pieces"), "pieces");
        EXPECT_EQ(m_xen.grants, rings);

        submit(1, "wait");
        kick(1);
        EXPECT_EQ(m_xen.grants, rings + 2) << "a readable and a writable buffer";
        std::move(m_device->parked[1].front()).complete(4);
        m_device->parked[1].pop_front();
        settle();
        EXPECT_EQ(m_xen.grants, rings);
        EXPECT_TRUE(used(1));
        EXPECT_EQ(call(Id::GetVringBase, bytes(VringState { 0, 0 }))->read<VringState>().num, 1u);
        EXPECT_EQ(m_xen.grants, rings - 3);
        EXPECT_LE(m_xen.most_pages, 2u) << "no more than is needed";
        EXPECT_EQ(rules(), "");
    }
}

TEST_F(XenRegionsTest, IndirectTablesAndParkedBuffersOfGrantsAreGivenUpAtTheEnd)
{
    for (auto& ring : m_rings)
        ring.ring = make_driver_ring(*m_memory, { 8, true, true });
    negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
    const auto entry = region(XEN_MMAP_GRANT | 1u << 8);
    EXPECT_EQ(number(Id::SetMemTable, table(entry), { m_memory->fd() }), 0u);
    start_rings();
    EXPECT_EQ(request(0, "through a table"), "through a table");
    submit(1, "wait");
    kick(1);
    EXPECT_EQ(m_xen.grants, 6 + 3) << "a table and two buffers";
    EXPECT_EQ(rules(), "");
}

TEST_F(XenRegionsTest, BufferThatTheHypervisorRefusesCostsItsChain)
{
    negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
    XenRegionPayload larger = region(XEN_MMAP_GRANT | 1u << 8);
    larger.region.size *= 2; // of which half is not granted
    EXPECT_EQ(number(Id::SetMemTable, table(larger), { m_memory->fd() }), 0u);
    start_rings();
    const DriverSegment nowhere[] = { { m_memory->guest_base() + m_memory->size(), 64 } };
    m_buffers.push_back({});
    ASSERT_TRUE(m_rings[0].ring->add({}, nowhere, m_buffers.size() - 1));
    m_rings[0].ring->publish();
    kick(0);
    EXPECT_EQ(rules(), "d.addr-range");
    EXPECT_EQ(used(0), "");
    EXPECT_EQ(request(0, "next"), "next");
}

TEST_F(XenRegionsTest, RegionsThatMakeNoSenseAreRefusedWithTheReason)
{
    negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
    const auto refusal = [this](const XenRegionPayload& entry) {
        m_host->problems().clear();
        EXPECT_EQ(number(Id::SetMemTable, table(entry), { m_memory->fd() }), 1u);
        return problems().empty() ? "" : problems()[0].message;
    };
    const auto contains = [](const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    };
    EXPECT_PRED2(contains, refusal(region(XEN_MMAP_FOREIGN | XEN_MMAP_GRANT)), "expected one of");
    EXPECT_PRED2(contains, refusal(region(1u << 8)), "expected one of");
    EXPECT_PRED2(contains, refusal(region(XEN_MMAP_GRANT | 1u << 30)), "flags 0x40000002");
    EXPECT_PRED2(contains, refusal(region(XEN_MMAP_FOREIGN | 1u << 8)), "mapped in advance");
    XenRegionPayload entry = region(XEN_MMAP_FOREIGN);
    entry.domain = 8;
    EXPECT_PRED2(contains, refusal(entry), "of Xen domain 8: the hypervisor says no");
    entry.region.size = 0;
    EXPECT_PRED2(contains, refusal(entry), "empty or wraps around");
    entry.region.size = uint64_t { 1 } << 40;
    EXPECT_PRED2(contains, refusal(entry), "are mapped at once");
    entry = region(XEN_MMAP_GRANT);
    entry.region.guest_address = uint64_t { 1 } << 45;
    EXPECT_PRED2(contains, refusal(entry), "a grant reference has 32 bits");
}

// A machine without Xen says what is missing, and goes on.
TEST_F(XenRegionsTest, MachineWithoutXenSaysSoInTheVerdict)
{
    const std::string obstacle = XenLibraries::obstacle();
    if (obstacle.empty())
        GTEST_SKIP() << "this machine runs under Xen";
    m_host->set_xen_memory(nullptr);
    negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
    EXPECT_EQ(number(Id::SetMemTable, table(region(XEN_MMAP_FOREIGN)), { m_memory->fd() }), 1u);
    ASSERT_EQ(rules(), "vhost-user.set-mem-table");
    EXPECT_NE(problems()[0].message.find(obstacle), std::string::npos) << problems()[0].message;
    EXPECT_EQ(share_memory(), 0u) << "an ordinary region is taken nevertheless";
}

// QEMU accepts bits that it does not know, and sends what it always sends.
TEST_F(XenRegionsTest, OrdinaryRegionsAreTakenWhetherOrNotTheBitWasAccepted)
{
    for (const uint64_t accepted : { XEN, uint64_t { 0 } }) {
        connect();
        negotiate(OFFERED_PROTOCOL_FEATURES | accepted);
        EXPECT_EQ(share_memory(), 0u);
        m_rings[0].ring->reset();
        set_up_ring(0);
        enable(0);
        EXPECT_EQ(request(0, "ordinary"), "ordinary");
        const MemoryRegionInfo info = m_memory->info();
        const SingleRegionPayload payload { 0,
            { info.guest_address, info.size, info.user_address, info.mmap_offset } };
        call(Id::GetVringBase, bytes(VringState { 0, 0 }));
        EXPECT_EQ(number(Id::RemMemReg, bytes(payload)), 0u);
        EXPECT_EQ(number(Id::AddMemReg, bytes(payload), { m_memory->fd() }), 0u);
    }
    EXPECT_EQ(rules(), "");
}

TEST_F(XenRegionsTest, RegionsComeAndGoOneByOne)
{
    negotiate(OFFERED_PROTOCOL_FEATURES | XEN);
    const XenSingleRegionPayload payload { 0, region(XEN_MMAP_FOREIGN) };
    EXPECT_EQ(number(Id::AddMemReg, bytes(payload), { m_memory->fd() }), 0u);
    EXPECT_EQ(m_xen.foreign, 1);
    EXPECT_EQ(number(Id::RemMemReg, bytes(payload)), 0u);
    EXPECT_EQ(m_xen.foreign, 0);
    // Without XEN_MMAP there is no such region.
    connect();
    negotiate();
    EXPECT_EQ(number(Id::AddMemReg, bytes(payload), { m_memory->fd() }), 1u);
}

} // namespace
} // namespace vwb::test
