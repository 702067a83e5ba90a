// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/unix_socket.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace vwb {
namespace {

using namespace std::chrono_literals;

class UnixSocketTest : public testing::Test {
protected:
    UnixSocketTest()
    {
        char name[] = "/tmp/vwb-socket-XXXXXX";
        m_directory = ::mkdtemp(name);
    }
    ~UnixSocketTest() override { std::filesystem::remove_all(m_directory); }

    std::string path(const std::string& name = "socket") const { return m_directory + "/" + name; }

    // As a process leaves it that was killed.
    void leave_stale_socket() const
    {
        const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address {};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }

    std::string m_directory;
};

TEST_F(UnixSocketTest, FileIsForItsOwnerOnlyWhateverTheUmask)
{
    const mode_t old = ::umask(0);
    const auto listener = UnixListener::create(path());
    ::umask(old);
    ASSERT_TRUE(listener) << listener.error().message();
    struct stat status { };
    ASSERT_EQ(::lstat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(UnixSocketTest, ConnectionsCarryTheCredentialsOfTheirProcess)
{
    auto listener = UnixListener::create(path());
    ASSERT_TRUE(listener);
    const auto client = connect_unix(path(), 1s);
    ASSERT_TRUE(client) << client.error().message();
    auto server = (*listener)->accept();
    ASSERT_TRUE(server);
    ASSERT_TRUE(*server);
    const auto peer = peer_credentials(server->get());
    ASSERT_TRUE(peer);
    EXPECT_EQ((*peer).pid, ::getpid());
    EXPECT_TRUE(is_same_user(*peer));
    EXPECT_NE(::fcntl(server->get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(UnixSocketTest, OtherUsersAreNotTheSameUserButRootIs)
{
    EXPECT_FALSE(is_same_user({ 1, ::geteuid() + 1, 0 }));
    EXPECT_TRUE(is_same_user({ 1, 0, 0 }));
}

TEST_F(UnixSocketTest, NobodyWaitingIsNoError)
{
    auto listener = UnixListener::create(path());
    ASSERT_TRUE(listener);
    const auto connection = (*listener)->accept();
    ASSERT_TRUE(connection);
    EXPECT_FALSE(*connection);
}

TEST_F(UnixSocketTest, AbandonedSocketIsReplaced)
{
    leave_stale_socket();
    ASSERT_TRUE(std::filesystem::exists(path()));
    const auto listener = UnixListener::create(path());
    ASSERT_TRUE(listener) << listener.error().message();
    EXPECT_TRUE(connect_unix(path(), 1s));
}

TEST_F(UnixSocketTest, LiveSocketIsNeverTaken)
{
    const auto first = UnixListener::create(path());
    ASSERT_TRUE(first);
    const auto second = UnixListener::create(path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind(), ErrorKind::Unavailable);
    EXPECT_NE(second.error().message().find(path()), std::string::npos);
    EXPECT_TRUE(connect_unix(path(), 1s));
}

TEST_F(UnixSocketTest, OtherFilesAreNeverReplaced)
{
    std::ofstream(path()) << "precious";
    const auto listener = UnixListener::create(path());
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().kind(), ErrorKind::Unavailable);
    EXPECT_TRUE(std::filesystem::is_regular_file(path()));
}

TEST_F(UnixSocketTest, FileGoesWithItsListener)
{
    ASSERT_TRUE(UnixListener::create(path()));
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(UnixSocketTest, FileOfSomebodyElseStaysWhenTheListenerGoes)
{
    auto first = UnixListener::create(path());
    ASSERT_TRUE(first);
    std::filesystem::remove(path());
    const auto second = UnixListener::create(path());
    ASSERT_TRUE(second);
    first->reset();
    EXPECT_TRUE(connect_unix(path(), 1s));
}

TEST_F(UnixSocketTest, AdoptedSocketServesAndKeepsItsFile)
{
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(fd.get(), 1), 0);
    auto listener = UnixListener::adopt(std::move(fd));
    ASSERT_TRUE(listener) << listener.error().message();
    EXPECT_EQ((*listener)->path(), path());
    EXPECT_FALSE((*listener)->accept().value()); // nobody waits, and it does not block
    const auto client = connect_unix(path(), 1s);
    EXPECT_TRUE((*listener)->accept().value());
    listener->reset();
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(UnixSocketTest, OnlyListeningSocketsAreAdopted)
{
    EXPECT_EQ(UnixListener::adopt(UniqueFd(::socket(AF_UNIX, SOCK_STREAM, 0))).error().kind(),
        ErrorKind::Invalid);
    EXPECT_EQ(UnixListener::adopt(UniqueFd(::open("/dev/null", O_RDONLY))).error().kind(),
        ErrorKind::Invalid);
}

TEST_F(UnixSocketTest, LongPathIsExplained)
{
    const auto listener = UnixListener::create(path(std::string(200, 'x')));
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().kind(), ErrorKind::Invalid);
    EXPECT_NE(listener.error().message().find("107"), std::string::npos);
}

TEST_F(UnixSocketTest, ConnectingTellsAbsenceFromSilence)
{
    EXPECT_EQ(connect_unix(path(), 1s).error().kind(), ErrorKind::NotFound);
    leave_stale_socket();
    EXPECT_EQ(connect_unix(path(), 1s).error().kind(), ErrorKind::Closed);
}

TEST_F(UnixSocketTest, FullBacklogEndsInATimeout)
{
    const auto listener = UnixListener::create(path());
    ASSERT_TRUE(listener);
    std::vector<Result<UniqueFd>> clients;
    do {
        clients.push_back(connect_unix(path(), 10ms));
    } while (clients.back() && clients.size() < 1000);
    ASSERT_FALSE(clients.back());
    EXPECT_EQ(clients.back().error().kind(), ErrorKind::Timeout);
}

TEST_F(UnixSocketTest, ConnectionIsClosedWhenDescriptorsRunOut)
{
    auto listener = UnixListener::create(path());
    ASSERT_TRUE(listener);
    const auto client = connect_unix(path(), 1s);
    ASSERT_TRUE(client);
    rlimit old {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
    const UniqueFd probe(::dup(0));
    const rlimit none { static_cast<rlim_t>(probe.get()), old.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto refused = (*listener)->accept();
    ::setrlimit(RLIMIT_NOFILE, &old);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Limit);
    char byte = 0;
    EXPECT_EQ(::recv((*client).get(), &byte, 1, 0), 0);
}

} // namespace
} // namespace vwb
