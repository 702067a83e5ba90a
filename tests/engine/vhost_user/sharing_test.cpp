// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vhost-user, SHARED_OBJECT and SHMEM: what a device shares beside guest memory, with a front-end
// that says anything it likes, and with our own.
#include "engine/vhost_user/frontend.h"
#include "tests/support/device_server.h"
#include "tests/support/scripted_back_end.h"
#include "tests/support/session_fixture.h"

#include <optional>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace vwb::test {
namespace {

using Id = FrontEndMessage;
using Feature = ProtocolFeature;

constexpr Uuid OBJECT { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };
constexpr uint64_t SHARING = protocol_bit(Feature::SharedObject) | protocol_bit(Feature::Shmem)
    | protocol_bit(Feature::BackendSendFd);
constexpr uint64_t SHARED_PAGE = 4096;

class SharingDevice final : public EchoDevice {
public:
    const DeviceTraits& traits() const override
    {
        static const DeviceTraits traits = [this] {
            DeviceTraits own = EchoDevice::traits();
            own.shared_memory = { 16 * SHARED_PAGE, 0, 4 * SHARED_PAGE };
            return own;
        }();
        return traits;
    }
};

UniqueFd file_of(const std::string& text, size_t size = 4 * SHARED_PAGE)
{
    UniqueFd file(::memfd_create("shared", MFD_CLOEXEC));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    EXPECT_EQ(::pwrite(file.get(), text.data(), text.size(), 0), ssize_t(text.size()));
    return file;
}

ino_t inode(const UniqueFd& file)
{
    struct stat status { };
    EXPECT_EQ(::fstat(file.get(), &status), 0);
    return status.st_ino;
}

Bytes payload_of(const Uuid& uuid)
{
    SharedObjectPayload payload;
    std::ranges::copy(uuid.bytes, payload.uuid);
    return bytes(payload);
}

FeatureDial sharing_dial(uint32_t shmem_bit = 0)
{
    FeatureDial dial;
    dial.protocol_offer = SHARING;
    dial.shmem_bit = shmem_bit;
    return dial;
}

class SharingTest : public SessionFixture {
protected:
    SharingTest()
        : SessionFixture(std::make_unique<SharingDevice>())
    {
        m_host->set_next_dial(sharing_dial());
        connect();
    }
    // Whoever waits for an answer is told at the end of the session.
    ~SharingTest() override
    {
        m_peer.close();
        settle();
    }
    void start_sharing()
    {
        negotiate(OFFERED_PROTOCOL_FEATURES | SHARING);
        share_memory();
        set_up_ring(0);
        UniqueFd back_end;
        m_channel = RawFrontEnd::pair(back_end);
        call(Id::SetBackendReqFd, {}, { back_end.get() });
    }
    Sharing& sharing() { return m_device->context().sharing(); }
    // The error of the last answer, "" if it was none, "(none)" if there was no answer.
    Sharing::Done keep_answer()
    {
        m_answer = "(none)";
        return [this](Result<void> answer) {
            ++m_answers;
            m_answer = answer ? "" : answer.error().message();
        };
    }
    std::optional<Message> told()
    {
        settle();
        return m_channel.receive();
    }
    void answer(BackEndMessage id, uint64_t verdict, std::initializer_list<int> fds = {})
    {
        const MessageHeader header { static_cast<uint32_t>(id), MESSAGE_REPLY_FLAGS, 8 };
        EXPECT_TRUE(m_channel.send_bytes(bytes(header, verdict), fds));
        settle();
    }
    std::string map(const SharedPiece& piece, uint64_t file_offset = 0)
    {
        sharing().map(
            piece, file_of("mapped"), file_offset, SharedAccess::ReadWrite, keep_answer());
        return m_answer;
    }

    RawFrontEnd m_channel;
    std::string m_answer;
    unsigned m_answers = 0;
};

TEST_F(SharingTest, ExportedObjectIsAnnouncedAndHandedOutUntilItIsWithdrawn)
{
    start_sharing();
    auto file = file_of("object");
    const ino_t exported = inode(file);
    sharing().export_object(OBJECT, std::move(file), keep_answer());
    const auto added = told();
    ASSERT_TRUE(added);
    EXPECT_EQ(added->header.request, static_cast<uint32_t>(BackEndMessage::SharedObjectAdd));
    EXPECT_EQ(added->header.flags, NEED_REPLY);
    EXPECT_EQ(added->payload, payload_of(OBJECT));
    EXPECT_EQ(m_answer, "(none)");
    answer(BackEndMessage::SharedObjectAdd, 0);
    EXPECT_EQ(m_answer, "");
    auto handed_out = call(Id::GetSharedObject, payload_of(OBJECT));
    ASSERT_TRUE(handed_out && handed_out->fds.size() == 1);
    EXPECT_EQ(inode(handed_out->fds[0]), exported);

    sharing().export_object(OBJECT, file_of("twice"), keep_answer());
    EXPECT_NE(m_answer.find("exported already"), std::string::npos) << m_answer;
    sharing().withdraw_object(OBJECT, keep_answer());
    EXPECT_EQ(told()->header.request, static_cast<uint32_t>(BackEndMessage::SharedObjectRemove));
    answer(BackEndMessage::SharedObjectRemove, 0);
    EXPECT_EQ(m_answer, "");
    handed_out = call(Id::GetSharedObject, payload_of(OBJECT));
    ASSERT_TRUE(handed_out);
    EXPECT_TRUE(handed_out->fds.empty());
    EXPECT_EQ(rules(), "");
}

TEST_F(SharingTest, ObjectThatTheFrontEndRefusesIsForgotten)
{
    start_sharing();
    sharing().export_object(OBJECT, file_of("object"), keep_answer());
    ASSERT_TRUE(told());
    answer(BackEndMessage::SharedObjectAdd, 1);
    EXPECT_EQ(m_answer, "SHARED_OBJECT_ADD: the front-end refused it (verdict 1)");
    EXPECT_TRUE(call(Id::GetSharedObject, payload_of(OBJECT))->fds.empty());
    sharing().withdraw_object(OBJECT, keep_answer());
    EXPECT_NE(m_answer.find("is not exported"), std::string::npos) << m_answer;
}

TEST_F(SharingTest, LookUpAnswersTheFileOfAnotherDevice)
{
    start_sharing();
    std::string error;
    UniqueFd found;
    const auto look_up = [&] {
        sharing().look_up_object(OBJECT, [&](Result<UniqueFd> answer) {
            error = answer ? "" : answer.error().message();
            if (answer)
                found = std::move(*answer);
        });
        EXPECT_EQ(told()->payload, payload_of(OBJECT));
    };
    const auto file = file_of("theirs");
    look_up();
    answer(BackEndMessage::SharedObjectLookup, 0, { file.get() });
    EXPECT_EQ(error, "");
    EXPECT_EQ(inode(found), inode(file));
    look_up();
    answer(BackEndMessage::SharedObjectLookup, 1);
    EXPECT_NE(error.find("refused"), std::string::npos) << error;
    look_up();
    answer(BackEndMessage::SharedObjectLookup, 0);
    EXPECT_NE(error.find("without a descriptor"), std::string::npos) << error;
    EXPECT_EQ(rules(), "");
    look_up();
    answer(BackEndMessage::SharedObjectLookup, 0, { file.get(), file.get() });
    EXPECT_EQ(rules(), "vhost-user.backend-channel");
    answer(BackEndMessage::SharedObjectLookup, 1); // it still waits for one
    EXPECT_NE(error.find("refused"), std::string::npos) << error;
}

TEST_F(SharingTest, MappingIsAskedForWithItsFile)
{
    start_sharing();
    EXPECT_EQ(map({ 2, SHARED_PAGE, 2 * SHARED_PAGE }, SHARED_PAGE), "(none)");
    const auto message = told();
    ASSERT_TRUE(message && message->fds.size() == 1);
    EXPECT_EQ(message->header.request, static_cast<uint32_t>(BackEndMessage::ShmemMap));
    const auto payload = message->read<ShmemMapPayload>();
    EXPECT_EQ(payload.region, 2);
    EXPECT_EQ(payload.fd_offset, SHARED_PAGE);
    EXPECT_EQ(payload.offset, SHARED_PAGE);
    EXPECT_EQ(payload.size, 2 * SHARED_PAGE);
    EXPECT_EQ(payload.flags, 1u);
    answer(BackEndMessage::ShmemMap, 0);
    EXPECT_EQ(m_answer, "");
    sharing().unmap({ 2, SHARED_PAGE, 2 * SHARED_PAGE }, keep_answer());
    EXPECT_EQ(told()->read<ShmemMapPayload>().size, 2 * SHARED_PAGE);
    answer(BackEndMessage::ShmemUnmap, 0);
    EXPECT_EQ(m_answer, "");
}

TEST_F(SharingTest, MappingsThatCannotBeAreRefusedWithoutAMessage)
{
    start_sharing();
    const auto contains = [](const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    };
    EXPECT_PRED2(contains, map({ 1, 0, SHARED_PAGE }), "has no shared memory region 1");
    EXPECT_PRED2(contains, map({ 3, 0, SHARED_PAGE }), "has no shared memory region 3");
    EXPECT_PRED2(contains, map({ 0, 1, SHARED_PAGE }), "whole pages");
    EXPECT_PRED2(contains, map({ 0, 0, 0 }), "whole pages");
    EXPECT_PRED2(contains, map({ 0, 0, SHARED_PAGE }, 7), "from a page of it on");
    EXPECT_PRED2(contains, map({ 2, SHARED_PAGE, 4 * SHARED_PAGE }), "the region has");
    EXPECT_PRED2(
        contains, map({ 2, ~uint64_t { 0 } - SHARED_PAGE + 1, SHARED_PAGE }), "the region has");
    sharing().unmap({ 0, 0, SHARED_PAGE }, keep_answer());
    EXPECT_PRED2(contains, m_answer, "not mapped like that");
    EXPECT_FALSE(told());

    EXPECT_EQ(map({ 0, SHARED_PAGE, 2 * SHARED_PAGE }), "(none)");
    EXPECT_PRED2(contains, map({ 0, 2 * SHARED_PAGE, 2 * SHARED_PAGE }), "overlaps");
    ASSERT_TRUE(told());
    answer(BackEndMessage::ShmemMap, 22); // refused: there is nothing to overlap
    EXPECT_EQ(map({ 0, 2 * SHARED_PAGE, 2 * SHARED_PAGE }), "(none)");
    ASSERT_TRUE(told());
    answer(BackEndMessage::ShmemMap, 0);
    sharing().unmap({ 0, 2 * SHARED_PAGE, SHARED_PAGE }, keep_answer());
    EXPECT_PRED2(contains, m_answer, "not mapped like that");
    EXPECT_EQ(number(Id::ResetDevice), 0u);
    negotiate(OFFERED_PROTOCOL_FEATURES | SHARING);
    set_up_ring(0);
    EXPECT_EQ(map({ 0, 2 * SHARED_PAGE, 2 * SHARED_PAGE }), "(none)")
        << "a reset takes all mappings away";
}

TEST_F(SharingTest, NothingIsSharedBeforeItCanBe)
{
    sharing().export_object(OBJECT, file_of("early"), keep_answer());
    EXPECT_NE(m_answer.find("SHARED_OBJECT was not negotiated"), std::string::npos) << m_answer;
    start_sharing();
    call(Id::GetVringBase, bytes(VringState { 0, 0 }));
    EXPECT_EQ(map({ 0, 0, SHARED_PAGE }), "all rings are stopped");
    set_up_ring(0);
    EXPECT_EQ(map({ 0, 0, SHARED_PAGE }), "(none)");
    m_channel.close();
    settle();
    EXPECT_NE(m_answer.find("closed"), std::string::npos) << m_answer;
    EXPECT_EQ(m_answers, 3u);
    m_peer.close();
    settle();
    EXPECT_NE(map({ 0, 0, SHARED_PAGE }).find("no front-end"), std::string::npos) << m_answer;
}

TEST_F(SharingTest, ConfigurationListsTheRegions)
{
    start_sharing();
    const auto reply = call(Id::GetShmemConfig);
    ASSERT_TRUE(reply && reply->payload.size() == sizeof(ShmemConfigPayload));
    const auto payload = reply->read<ShmemConfigPayload>();
    EXPECT_EQ(payload.region_count, 2u);
    EXPECT_EQ(payload.sizes[0], 16 * SHARED_PAGE);
    EXPECT_EQ(payload.sizes[1], 0u);
    EXPECT_EQ(payload.sizes[2], 4 * SHARED_PAGE);
    EXPECT_EQ(payload.sizes[255], 0u);
}

// Drafts of the document have had SHMEM at other bits.
TEST_F(SharingTest, BitOfShmemIsAsTheDialSays)
{
    m_host->set_next_dial(sharing_dial(21));
    connect();
    const uint64_t offered = number(Id::GetProtocolFeatures, {}, {}, MESSAGE_VERSION);
    EXPECT_EQ(offered >> 20 & 7, 2u); // of 20, 21 and 22
    negotiate(OFFERED_PROTOCOL_FEATURES | uint64_t { 1 } << 21);
    EXPECT_EQ(call(Id::GetShmemConfig)->payload.size(), sizeof(ShmemConfigPayload));
    EXPECT_EQ(rules(), "");
    negotiate(OFFERED_PROTOCOL_FEATURES | uint64_t { 1 } << 22);
    EXPECT_EQ(rules(), "vhost-user.set-protocol-features");
}

TEST_F(SharingTest, DeviceWithoutRegionsDoesNotOfferThem)
{
    SessionFixture::m_host->set_next_dial({});
    connect();
    EXPECT_EQ(number(Id::GetProtocolFeatures, {}, {}, MESSAGE_VERSION) & SHARING, 0u);
}

// --- both ends ---

class SharingSession {
public:
    explicit SharingSession(SharedObjects& objects)
        : server(std::unique_ptr<Device>(device = new SharingDevice))
    {
        server.run([](DeviceHost& host, Listener&) { host.set_next_dial(sharing_dial()); });
        frontend = Frontend::connect(server.path(), std::chrono::seconds(5)).value();
        frontend->set_shared_objects(&objects);
        const uint64_t features = frontend->get_protocol_features().value();
        EXPECT_EQ(features & SHARING, SHARING);
        EXPECT_TRUE(frontend->set_protocol_features(
            SHARING | protocol_bit(Feature::ReplyAck) | protocol_bit(Feature::BackendReq)));
        EXPECT_TRUE(frontend->set_features(F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES));
        EXPECT_TRUE(frontend->set_backend_req_fd());
        EXPECT_TRUE(frontend->get_shmem_config());
        const SharedRegion region { memory->info(), memory->fd() };
        EXPECT_TRUE(frontend->set_mem_table({ &region, 1 }));
        EXPECT_TRUE(frontend->set_vring_num(0, 8));
        EXPECT_TRUE(frontend->set_vring_addr(
            { 0, 0, ring->descriptors_user(), ring->device_user(), ring->driver_user(), 0 }));
        EXPECT_TRUE(frontend->set_vring_kick(0, -1));
    }

    // Runs the work with the device's sharing, and serves the front-end until it has its answer.
    std::string share(const std::function<void(Sharing&, Sharing::Done)>& work)
    {
        std::atomic<bool> done { false };
        std::string error;
        server.run([&](DeviceHost&, Listener&) {
            work(device->context().sharing(), [&](Result<void> answer) {
                error = answer ? "" : answer.error().message();
                done = true;
            });
        });
        // The answer to our answer comes on the other thread: nothing wakes us for it.
        const MonotonicClock clock;
        const TimePoint ceiling = clock.now() + std::chrono::seconds(5);
        while (!done && clock.now() < ceiling)
            EXPECT_TRUE(frontend->serve(clock.now() + std::chrono::milliseconds(1)));
        EXPECT_TRUE(done);
        return error;
    }

    SharingDevice* device;
    DeviceServer server;
    std::unique_ptr<DriverMemory> memory = DriverMemory::create(size_t { 1 } << 16).value();
    std::unique_ptr<DriverRing> ring = make_driver_ring(*memory, { 8, false, false });
    std::unique_ptr<Frontend> frontend;
};

TEST(SharingBothEnds, FileAppearsInTheRegionOfTheDriver)
{
    SharedObjects objects;
    SharingSession session(objects);
    const SharedPiece piece { 2, SHARED_PAGE, 2 * SHARED_PAGE };
    const auto map = [&](Sharing& sharing, Sharing::Done done) {
        sharing.map(piece, file_of("frame"), 0, SharedAccess::ReadOnly, std::move(done));
    };
    EXPECT_EQ(session.share(map), "");
    const auto seen = session.frontend->shmem()->mapped(2, SHARED_PAGE, 5);
    ASSERT_EQ(seen.size(), 5u);
    EXPECT_EQ(std::memcmp(seen.data(), "frame", 5), 0);
    EXPECT_TRUE(session.frontend->shmem()->mapped(2, 0, 5).empty());
    EXPECT_EQ(session.share([&](Sharing& sharing, Sharing::Done done) {
        sharing.unmap(piece, std::move(done));
    }),
        "");
    EXPECT_EQ(session.frontend->shmem()->mappings(), 0u);
    EXPECT_EQ(session.server.rules(), "");
}

TEST(SharingBothEnds, ObjectOfOneDeviceIsFoundByAnother)
{
    SharedObjects objects;
    SharingSession first(objects);
    SharingSession second(objects);
    auto file = file_of("object");
    const ino_t exported = inode(file);
    EXPECT_EQ(first.share([&](Sharing& sharing, Sharing::Done done) {
        sharing.export_object(OBJECT, std::move(file), std::move(done));
    }),
        "");
    const auto handed_out = first.frontend->get_shared_object(OBJECT);
    ASSERT_TRUE(handed_out) << handed_out.error().message();
    EXPECT_EQ(inode(*handed_out), exported);
    UniqueFd found;
    const auto look_up = [&found](Sharing& sharing, Sharing::Done done) {
        sharing.look_up_object(
            OBJECT, [&found, told = std::move(done)](Result<UniqueFd> answer) mutable {
                if (!answer)
                    return told(std::move(answer).error());
                found = std::move(*answer);
                told({});
            });
    };
    EXPECT_EQ(second.share(look_up), "");
    EXPECT_EQ(inode(found), exported);
    EXPECT_EQ(first.share(look_up), "") << "and by the one that has exported it";
    // What another has exported is not ours to export or to take away.
    EXPECT_NE(second.share([&](Sharing& sharing, Sharing::Done done) {
        sharing.export_object(OBJECT, file_of("mine"), std::move(done));
    }),
        "");
    first.frontend->disconnect();
    EXPECT_EQ(objects.size(), 0u);
    EXPECT_NE(second.share(look_up), "");
    EXPECT_EQ(second.server.rules(), "");
}

// A back-end that says what it likes, on the channel that our front-end has given it.
TEST(SharingBothEnds, FrontEndRefusesRequestsThatAreNone)
{
    RawFrontEnd channel;
    ScriptedBackEnd peer([&channel](ScriptedBackEnd& self, Message message) {
        if (message.header.request == static_cast<uint32_t>(Id::SetBackendReqFd))
            channel = RawFrontEnd(std::move(message.fds[0]));
        ShmemConfigPayload config;
        config.region_count = 1;
        config.sizes[0] = 4 * SHARED_PAGE;
        if (message.header.request == static_cast<uint32_t>(Id::GetShmemConfig))
            self.reply(message, bytes(config));
        else
            self.acknowledge(message);
    });
    SharedObjects objects;
    const auto frontend = Frontend::adopt(peer.take_socket(), std::chrono::seconds(5)).value();
    frontend->set_shared_objects(&objects);
    ASSERT_TRUE(frontend->set_protocol_features(
        SHARING | protocol_bit(Feature::ReplyAck) | protocol_bit(Feature::BackendReq)));
    ASSERT_TRUE(frontend->set_backend_req_fd());
    ASSERT_TRUE(frontend->get_shmem_config());

    const auto file = file_of("x");
    const auto verdict = [&](BackEndMessage id, const Bytes& payload,
                             std::initializer_list<int> fds) {
        Bytes frame = bytes(MessageHeader { static_cast<uint32_t>(id),
            MESSAGE_VERSION | MESSAGE_NEED_REPLY, static_cast<uint32_t>(payload.size()) });
        frame.insert(frame.end(), payload.begin(), payload.end());
        EXPECT_TRUE(channel.send_bytes(frame, fds));
        EXPECT_TRUE(frontend->serve(MonotonicClock().now() + std::chrono::seconds(5)));
        const auto reply = channel.receive();
        EXPECT_TRUE(reply && reply->payload.size() == 8);
        return reply && reply->payload.size() == 8 ? reply->read<uint64_t>() : ~uint64_t { 0 };
    };
    const int fd = file.get();
    const ShmemMapPayload piece { 0, {}, 0, 0, SHARED_PAGE, 1 };
    EXPECT_EQ(verdict(BackEndMessage::ShmemMap, bytes(piece), {}), 1u);
    EXPECT_EQ(verdict(BackEndMessage::ShmemMap, bytes(piece), { fd, fd }), 1u);
    EXPECT_EQ(verdict(BackEndMessage::ShmemMap, payload_of(OBJECT), { fd }), 1u) << "too short";
    EXPECT_EQ(verdict(BackEndMessage::ShmemMap, bytes(piece), { fd }), 0u);
    EXPECT_EQ(verdict(BackEndMessage::ShmemMap, bytes(piece), { fd }), 1u) << "overlaps";
    EXPECT_EQ(verdict(BackEndMessage::ShmemUnmap, bytes(piece), { fd }), 1u);
    EXPECT_EQ(verdict(BackEndMessage::ShmemUnmap, bytes(piece), {}), 0u);
    EXPECT_EQ(verdict(BackEndMessage::SharedObjectAdd, payload_of(OBJECT), { fd }), 1u);
    EXPECT_EQ(verdict(BackEndMessage::SharedObjectAdd, payload_of({}), {}), 1u);
    EXPECT_EQ(verdict(BackEndMessage::SharedObjectAdd, payload_of(OBJECT), {}), 0u);
    EXPECT_EQ(verdict(BackEndMessage::SharedObjectAdd, payload_of(OBJECT), {}), 1u);
    EXPECT_EQ(verdict(BackEndMessage::SharedObjectRemove, payload_of(OBJECT), {}), 0u);
    EXPECT_EQ(verdict(BackEndMessage::SharedObjectRemove, payload_of(OBJECT), {}), 1u);
    EXPECT_EQ(verdict(BackEndMessage::SharedObjectLookup, payload_of(OBJECT), {}), 1u);
    EXPECT_EQ(frontend->refused_requests(), 10u);
    EXPECT_EQ(frontend->shmem()->mappings(), 0u);
    EXPECT_EQ(objects.size(), 0u);
}

// What a back-end may say, without one.
TEST(ShmemRegions, WhatABackEndMustNotSayIsRefused)
{
    ShmemConfigPayload config;
    config.region_count = 1;
    config.sizes[3] = 8 * SHARED_PAGE;
    const auto regions = ShmemRegions::create(config).value();
    const auto file = file_of("x");
    const auto refused
        = [&](const ShmemMapPayload& piece) { return !regions->map(piece, file.get()); };
    EXPECT_TRUE(refused({ 0, {}, 0, 0, SHARED_PAGE, 0 }));
    EXPECT_TRUE(refused({ 3, {}, 0, 8 * SHARED_PAGE, SHARED_PAGE, 0 }));
    EXPECT_TRUE(refused({ 3, {}, 0, 0, 9 * SHARED_PAGE, 0 }));
    EXPECT_TRUE(refused({ 3, {}, 0, ~uint64_t { 0 } - SHARED_PAGE + 1, 2 * SHARED_PAGE, 0 }));
    EXPECT_TRUE(refused({ 3, {}, 0, 100, SHARED_PAGE, 0 }));
    EXPECT_TRUE(refused({ 3, {}, 100, 0, SHARED_PAGE, 0 }));
    EXPECT_TRUE(refused({ 3, {}, 0, 0, 0, 0 }));
    EXPECT_TRUE(refused({ 3, {}, 0, 0, SHARED_PAGE, 2 }));
    EXPECT_FALSE(refused({ 3, {}, 0, 2 * SHARED_PAGE, 2 * SHARED_PAGE, 1 }));
    EXPECT_TRUE(refused({ 3, {}, 0, 3 * SHARED_PAGE, SHARED_PAGE, 1 }));
    EXPECT_FALSE(regions->unmap({ 3, {}, 0, 2 * SHARED_PAGE, SHARED_PAGE, 0 }));
    EXPECT_TRUE(regions->unmap({ 3, {}, 0, 2 * SHARED_PAGE, 2 * SHARED_PAGE, 0 }));
    EXPECT_FALSE(regions->unmap({ 3, {}, 0, 2 * SHARED_PAGE, 2 * SHARED_PAGE, 0 }));
    const UniqueFd sealed(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(regions->map({ 3, {}, 0, 0, SHARED_PAGE, 1 }, sealed.get())) << "not writable";
    EXPECT_EQ(regions->mappings(), 0u);
    config.sizes[0] = 5;
    EXPECT_FALSE(ShmemRegions::create(config));
    config.sizes[0] = uint64_t { 1 } << 63;
    EXPECT_FALSE(ShmemRegions::create(config));
}

} // namespace
} // namespace vwb::test
