// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Postcopy: the guest has moved already, its memory comes page by page, as the back-end touches it.
// The test is the VMM that fills pages.
#include "engine/device/features.h"
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/memory/userfault.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/device_server.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace vwb;
using namespace vwb::test;

namespace {

constexpr uint64_t PAGE = 4096;

// Fills pages of the back-end from the old memory, until it is stopped.
class PageServer {
public:
    PageServer(UniqueFd userfault, uint64_t base, const DriverMemory& from)
        : m_userfault(std::move(userfault))
        , m_stop(::eventfd(0, EFD_CLOEXEC))
        , m_thread([this, base, &from] { serve(base, from); })
    {
    }
    ~PageServer()
    {
        const uint64_t one = 1;
        EXPECT_EQ(::write(m_stop.get(), &one, sizeof one), 8);
        m_thread.join();
    }
    unsigned filled() const { return m_filled; }

private:
    void serve(uint64_t base, const DriverMemory& from)
    {
        for (;;) {
            pollfd fds[] = { { m_userfault.get(), POLLIN, 0 }, { m_stop.get(), POLLIN, 0 } };
            ::poll(fds, 2, -1);
            if (fds[1].revents)
                return;
            uffd_msg message {};
            if (::read(m_userfault.get(), &message, sizeof message) != sizeof message)
                continue;
            const uint64_t page = message.arg.pagefault.address / PAGE * PAGE;
            uffdio_copy copy {};
            copy.dst = page;
            copy.src = reinterpret_cast<uintptr_t>(from.data() + (page - base));
            copy.len = PAGE;
            EXPECT_EQ(::ioctl(m_userfault.get(), UFFDIO_COPY, &copy), 0);
            ++m_filled;
        }
    }

    UniqueFd m_userfault;
    UniqueFd m_stop;
    std::atomic<unsigned> m_filled { 0 };
    std::thread m_thread;
};

void offer_postcopy(DeviceServer& server)
{
    server.run([](DeviceHost& host, Listener&) {
        FeatureDial dial;
        dial.protocol_offer = protocol_bit(ProtocolFeature::Pagefault);
        host.set_next_dial(dial);
    });
}

UniqueFd memory_for(const MemoryRegionInfo& info)
{
    UniqueFd memory(::memfd_create("new", MFD_CLOEXEC));
    EXPECT_EQ(::ftruncate(memory.get(), static_cast<off_t>(info.size + info.mmap_offset)), 0);
    return memory;
}

// What is available is served when this is over.
void serve_ring(Frontend& frontend, const DriverRing& ring)
{
    const UniqueFd kick(::eventfd(1, EFD_CLOEXEC));
    ASSERT_TRUE(frontend.set_vring_num(0, ring.size()));
    ASSERT_TRUE(frontend.set_vring_addr(
        { 0, 0, ring.descriptors_user(), ring.device_user(), ring.driver_user(), 0 }));
    ASSERT_TRUE(frontend.set_vring_kick(0, kick.get()));
    ASSERT_TRUE(frontend.set_vring_enable(0, 1));
    ASSERT_TRUE(frontend.get_vring_base(0)) << "behind all that was available";
}

// Five bytes of a memory that was never mapped here.
std::string text_at(const UniqueFd& memory, const MemoryRegionInfo& info, uint64_t guest_address)
{
    std::string text(5, ' ');
    const auto place = static_cast<off_t>(guest_address - info.guest_address + info.mmap_offset);
    EXPECT_EQ(::pread(memory.get(), text.data(), text.size(), place), 5);
    return text;
}

} // namespace

TEST(Postcopy, PagesComeAsTheBackEndTouchesThem)
{
    DeviceServer server(std::make_unique<EchoDevice>());
    offer_postcopy(server);
    auto frontend = Frontend::connect(server.path(), std::chrono::seconds(5)).value();
    const uint64_t offered = frontend->get_protocol_features().value();
    const uint64_t pagefault = protocol_bit(ProtocolFeature::Pagefault);
    if (const auto possible = Userfault::open(); !possible) {
        EXPECT_EQ(offered & pagefault, 0u) << possible.error().message();
        return;
    }
    ASSERT_NE(offered & pagefault, 0u);
    ASSERT_TRUE(
        frontend->set_protocol_features(pagefault | protocol_bit(ProtocolFeature::ReplyAck)));
    ASSERT_TRUE(frontend->set_features(F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES));

    // The memory that the guest has left behind, with a request in it.
    auto old_memory = DriverMemory::create(size_t { 1 } << 20).value();
    const auto ring = make_driver_ring(*old_memory, { 8, false, false });
    const auto text = old_memory->allocate(5, PAGE);
    const auto answer = old_memory->allocate(64, PAGE);
    std::memcpy(text.data, "hello", 5);
    const DriverSegment in[] = { text.segment() };
    const DriverSegment out[] = { answer.segment() };
    ASSERT_TRUE(ring->add(in, out, 1));
    ring->publish();

    auto userfault = frontend->postcopy_advise();
    ASSERT_TRUE(userfault) << userfault.error().message();
    ASSERT_TRUE(frontend->postcopy_listen());
    const MemoryRegionInfo info = old_memory->info();
    const UniqueFd new_memory = memory_for(info);
    const SharedRegion region { info, new_memory.get() };
    const auto bases = frontend->set_postcopy_mem_table({ &region, 1 });
    ASSERT_TRUE(bases) << bases.error().message();
    ASSERT_EQ(bases->size(), 1u);
    PageServer vmm(std::move(*userfault), (*bases)[0], *old_memory);
    ASSERT_TRUE(frontend->confirm_postcopy_memory());

    serve_ring(*frontend, *ring);

    // Ring, text and answer have come; the answer is in the new memory.
    EXPECT_GE(vmm.filled(), 3u);
    EXPECT_EQ(text_at(new_memory, info, answer.guest_address), "hello");
    EXPECT_TRUE(frontend->postcopy_end());
    EXPECT_EQ(server.rules(), "");
}

// vhost-user, ADD_MEM_REG: in postcopy it is answered with the region at its place in the back-end,
// and confirmed, like SET_MEM_TABLE.
TEST(Postcopy, RegionThatIsAddedComesPageByPageToo)
{
    if (!Userfault::open())
        return; // then none of it is offered: see above
    DeviceServer server(std::make_unique<EchoDevice>());
    offer_postcopy(server);
    auto frontend = Frontend::connect(server.path(), std::chrono::seconds(5)).value();
    ASSERT_TRUE(frontend->set_protocol_features(protocol_bit(ProtocolFeature::Pagefault)
        | protocol_bit(ProtocolFeature::ReplyAck)
        | protocol_bit(ProtocolFeature::ConfigureMemSlots)));
    ASSERT_TRUE(frontend->set_features(F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES));
    auto old_memory = DriverMemory::create(size_t { 1 } << 20).value();
    const auto ring = make_driver_ring(*old_memory, { 8, false, false });
    const auto text = old_memory->allocate(5, PAGE);
    const auto answer = old_memory->allocate(64, PAGE);
    std::memcpy(text.data, "added", 5);
    const DriverSegment in[] = { text.segment() };
    const DriverSegment out[] = { answer.segment() };
    ASSERT_TRUE(ring->add(in, out, 1));
    ring->publish();

    auto userfault = frontend->postcopy_advise();
    ASSERT_TRUE(userfault) << userfault.error().message();
    ASSERT_TRUE(frontend->postcopy_listen());
    const MemoryRegionInfo info = old_memory->info();
    const UniqueFd new_memory = memory_for(info);
    const auto base = frontend->add_postcopy_region({ info, new_memory.get() });
    ASSERT_TRUE(base) << base.error().message();
    PageServer vmm(std::move(*userfault), *base, *old_memory);
    ASSERT_TRUE(frontend->confirm_postcopy_memory(FrontEndMessage::AddMemReg));
    serve_ring(*frontend, *ring);

    EXPECT_GE(vmm.filled(), 3u);
    EXPECT_EQ(text_at(new_memory, info, answer.guest_address), "added");
    EXPECT_TRUE(frontend->postcopy_end());
    EXPECT_EQ(server.rules(), "");
}

TEST(Postcopy, MessagesOutOfOrderAreRefused)
{
    if (!Userfault::open())
        return; // then none of them is offered: see above
    DeviceServer server(std::make_unique<EchoDevice>());
    offer_postcopy(server);
    auto frontend = Frontend::connect(server.path(), std::chrono::seconds(5)).value();
    ASSERT_TRUE(frontend->set_protocol_features(
        protocol_bit(ProtocolFeature::Pagefault) | protocol_bit(ProtocolFeature::ReplyAck)));
    EXPECT_FALSE(frontend->postcopy_listen());
    EXPECT_FALSE(frontend->postcopy_end());
    ASSERT_TRUE(frontend->postcopy_advise());
    EXPECT_TRUE(frontend->postcopy_end());
}
