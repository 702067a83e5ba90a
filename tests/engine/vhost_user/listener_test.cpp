// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/log.h"
#include "engine/vhost_user/listener.h"
#include "tests/support/echo_device.h"
#include "tests/support/raw_front_end.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace vwb::test {
namespace {

using namespace std::chrono_literals;
using Id = FrontEndMessage;

class ListenerTest : public testing::Test {
protected:
    ListenerTest()
        : m_loop(EventLoop::create(m_clock).value())
    {
        set_log_level(LogLevel::Off);
        char name[] = "/tmp/vwb-listener-XXXXXX";
        m_directory = ::mkdtemp(name);
        auto device = std::make_unique<EchoDevice>();
        m_device = device.get();
        m_host = std::make_unique<DeviceHost>("echo0", uint16_t { 0 }, *m_loop, std::move(device));
    }
    ~ListenerTest() override { std::filesystem::remove_all(m_directory); }

    std::string path() const { return m_directory + "/echo0.sock"; }
    void settle()
    {
        while (m_loop->run_once(Duration(0))) { }
    }
    RawFrontEnd front_end() const { return RawFrontEnd(connect_unix(path(), 1s).value()); }
    bool served(RawFrontEnd& peer)
    {
        EXPECT_TRUE(peer.send(Id::GetFeatures));
        settle();
        return peer.receive().has_value();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    EchoDevice* m_device = nullptr;
    std::unique_ptr<DeviceHost> m_host;
    std::string m_directory;
};

TEST_F(ListenerTest, ServesAndSaysSo)
{
    auto listener = Listener::bind(*m_host, path()).value();
    EXPECT_EQ(listener->stage(), SessionStage::Listening);
    RawFrontEnd peer = front_end();
    EXPECT_TRUE(served(peer));
    EXPECT_TRUE(listener->connected());
    EXPECT_EQ(listener->stage(), SessionStage::Connected);
    Inspector inspector;
    listener->inspect(inspector);
    const Value tree = std::move(inspector).tree();
    EXPECT_EQ(*tree.find("socket"), Value(path()));
    EXPECT_EQ(*tree.find("stage"), Value("connected"));
    EXPECT_EQ(*tree.find("session")->find("peer")->find("uid"), Value(::geteuid()));
    EXPECT_FALSE(tree.find("session")->find("peer")->find("command")->as_string()->empty());
}

TEST_F(ListenerTest, SocketIsForTheUserAlone)
{
    const auto listener = Listener::bind(*m_host, path()).value();
    struct stat status { };
    ASSERT_EQ(::lstat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ListenerTest, SecondFrontEndWaitsUntilTheFirstHasLeft)
{
    auto listener = Listener::bind(*m_host, path()).value();
    RawFrontEnd first = front_end();
    ASSERT_TRUE(served(first));
    RawFrontEnd second = front_end();
    EXPECT_FALSE(served(second));
    EXPECT_FALSE(second.closed());
    EXPECT_TRUE(served(first));
    EXPECT_EQ(listener->sessions(), 1u);
    first.close();
    settle();
    EXPECT_TRUE(second.receive()); // what it asked while it waited
    EXPECT_TRUE(served(second));
    EXPECT_EQ(listener->sessions(), 2u);
}

TEST_F(ListenerTest, SocketFileStaysOverTwentyFrontEnds)
{
    auto listener = Listener::bind(*m_host, path()).value();
    struct stat first { };
    ASSERT_EQ(::lstat(path().c_str(), &first), 0);
    unsigned ended = 0;
    listener->set_session_ended([&ended] { ++ended; });
    size_t before = 0;
    for (int i = 0; i < 20; ++i) {
        RawFrontEnd peer = front_end();
        ASSERT_TRUE(served(peer)) << i;
        peer.close();
        settle();
        if (i == 0)
            before = open_fds(); // the first one opens what stays open for good
        struct stat now { };
        ASSERT_EQ(::lstat(path().c_str(), &now), 0);
        EXPECT_EQ(now.st_ino, first.st_ino);
        EXPECT_EQ(listener->stage(), SessionStage::Listening);
    }
    EXPECT_EQ(ended, 20u);
    EXPECT_EQ(open_fds(), before);
    EXPECT_EQ(m_device->resets, 20u);
}

TEST_F(ListenerTest, DisconnectEndsTheSessionAndTakesTheNext)
{
    auto listener = Listener::bind(*m_host, path()).value();
    RawFrontEnd first = front_end();
    ASSERT_TRUE(served(first));
    RawFrontEnd second = front_end();
    listener->disconnect();
    settle();
    EXPECT_TRUE(first.closed());
    EXPECT_TRUE(served(second));
    EXPECT_TRUE(m_host->problems().problems().empty());
    listener->disconnect();
    settle();
    listener->disconnect(); // nobody is there
    settle();
    EXPECT_EQ(listener->stage(), SessionStage::Listening);
}

TEST_F(ListenerTest, FrontEndThatBreaksTheStreamMakesRoomForTheNext)
{
    auto listener = Listener::bind(*m_host, path()).value();
    RawFrontEnd bad = front_end();
    ASSERT_TRUE(bad.send_bytes(Bytes(64, std::byte { 0xff })));
    settle();
    EXPECT_TRUE(bad.closed());
    RawFrontEnd good = front_end();
    EXPECT_TRUE(served(good));
    ASSERT_EQ(m_host->problems().problems().size(), 1u);
    EXPECT_EQ(m_host->problems().problems()[0].rule, "vhost-user.stream");
}

TEST_F(ListenerTest, FileGoesWithTheListenerUnlessItIsAnother)
{
    {
        const auto listener = Listener::bind(*m_host, path()).value();
        EXPECT_TRUE(std::filesystem::exists(path()));
    }
    EXPECT_FALSE(std::filesystem::exists(path()));
    auto listener = Listener::bind(*m_host, path()).value();
    std::filesystem::remove(path());
    std::ofstream(path()) << "somebody else's";
    listener.reset();
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(ListenerTest, StaleSocketIsReplacedAndALiveOneIsNot)
{
    {
        const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address {};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(stale.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    auto listener = Listener::bind(*m_host, path()).value();
    RawFrontEnd peer = front_end();
    EXPECT_TRUE(served(peer));

    const auto second = Listener::bind(*m_host, path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind(), ErrorKind::Unavailable);
    EXPECT_NE(
        second.error().message().find("another process listens on " + path()), std::string::npos);
    EXPECT_TRUE(served(peer));
}

TEST_F(ListenerTest, PathThatIsTooLongIsExplained)
{
    const auto listener = Listener::bind(*m_host, m_directory + "/" + std::string(120, 'x'));
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().kind(), ErrorKind::Invalid);
    EXPECT_NE(listener.error().message().find("the kernel takes 107"), std::string::npos);
}

TEST_F(ListenerTest, ConnectedSocketIsAdoptedForOneSession)
{
    UniqueFd socket;
    RawFrontEnd peer = RawFrontEnd::pair(socket);
    auto listener = Listener::adopt(*m_host, std::move(socket)).value();
    EXPECT_TRUE(served(peer));
    EXPECT_EQ(listener->path(), "");
    SessionStage after = SessionStage::Listening;
    listener->set_session_ended([&] { after = listener->stage(); });
    peer.close();
    settle();
    EXPECT_EQ(after, SessionStage::Ended);
}

TEST_F(ListenerTest, ListeningSocketIsAdoptedWithItsFile)
{
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(socket.get(), 4), 0);
    const int fd = socket.get();
    auto listener = Listener::adopt(*m_host, std::move(socket)).value();
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(listener->path(), path());
    for (int i = 0; i < 2; ++i) {
        RawFrontEnd peer = front_end();
        EXPECT_TRUE(served(peer));
        peer.close();
        settle();
    }
    listener.reset();
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(ListenerTest, OtherDescriptorsAreNotAdopted)
{
    const auto kind_of
        = [this](int fd) { return Listener::adopt(*m_host, UniqueFd(fd)).error().kind(); };
    EXPECT_EQ(kind_of(::open("/dev/null", O_RDWR)), ErrorKind::Invalid);
    EXPECT_EQ(kind_of(::socket(AF_UNIX, SOCK_STREAM, 0)), ErrorKind::Invalid);
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    const UniqueFd other(pair[1]);
    EXPECT_EQ(kind_of(pair[0]), ErrorKind::Invalid);
}

TEST_F(ListenerTest, ListenerMayGoWhileAFrontEndIsConnected)
{
    auto listener = Listener::bind(*m_host, path()).value();
    RawFrontEnd peer = front_end();
    ASSERT_TRUE(served(peer));
    RawFrontEnd waiting = front_end();
    listener.reset();
    settle();
    EXPECT_TRUE(peer.closed());
    EXPECT_TRUE(waiting.closed());
    EXPECT_EQ(m_device->resets, 1u);
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ListenerTest, FrontEndThatLeavesBeforeItIsTakenIsNoTrouble)
{
    auto listener = Listener::bind(*m_host, path()).value();
    front_end().close();
    front_end().close();
    settle();
    EXPECT_EQ(listener->stage(), SessionStage::Listening);
    RawFrontEnd peer = front_end();
    EXPECT_TRUE(served(peer));
    EXPECT_TRUE(m_host->problems().problems().empty());
}

} // namespace
} // namespace vwb::test
