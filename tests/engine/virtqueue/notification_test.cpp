// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/notification.h"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <limits>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

using namespace vwb;

namespace {

UniqueFd duplicate(const UniqueFd& fd)
{
    return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

eventfd_t value_of(const UniqueFd& fd)
{
    eventfd_t value = 0;
    ::eventfd_read(fd.get(), &value);
    return value;
}

std::array<UniqueFd, 2> socket_pair()
{
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return { UniqueFd(ends[0]), UniqueFd(ends[1]) };
}

std::array<UniqueFd, 2> make_pipe()
{
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    return { UniqueFd(ends[0]), UniqueFd(ends[1]) };
}

} // namespace

TEST(Notification, NoneSignalsNobody)
{
    const Notification none;
    EXPECT_FALSE(none);
    none.signal();
}

TEST(Notification, EventDescriptorIsAddedOneTo)
{
    for (const int flags : { int { EFD_NONBLOCK }, 0 }) {
        const UniqueFd fd(::eventfd(0, flags | EFD_CLOEXEC));
        const Notification notification(duplicate(fd));
        EXPECT_TRUE(notification);
        notification.signal();
        notification.signal();
        EXPECT_EQ(value_of(fd), 2u);
    }
}

TEST(Notification, FullCounterDoesNotBlockEvenIfItsDescriptorDoes)
{
    for (const int flags : { int { EFD_NONBLOCK }, 0 }) {
        const eventfd_t full = std::numeric_limits<eventfd_t>::max() - 1;
        const UniqueFd fd(::eventfd(0, flags | EFD_CLOEXEC));
        ASSERT_EQ(::eventfd_write(fd.get(), full), 0);
        const Notification notification(duplicate(fd));
        notification.signal();
        EXPECT_EQ(value_of(fd), full);
    }
}

TEST(Notification, PeerThatMakesItsDescriptorBlockLaterDoesNotBlockUs)
{
    const eventfd_t full = std::numeric_limits<eventfd_t>::max() - 1;
    const UniqueFd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    const Notification notification(duplicate(fd));
    ASSERT_EQ(::eventfd_write(fd.get(), full), 0);
    ASSERT_EQ(::fcntl(fd.get(), F_SETFL, 0), 0); // shared with the duplicate
    notification.signal();
    EXPECT_EQ(value_of(fd), full);
    notification.signal();
    EXPECT_EQ(value_of(fd), 1u);
}

TEST(Notification, SocketGetsEightBytesAsUmlReadsThem)
{
    const auto ends = socket_pair();
    const Notification notification(duplicate(ends[0]));
    notification.signal();
    uint64_t value = 0;
    EXPECT_EQ(::recv(ends[1].get(), &value, sizeof value, MSG_DONTWAIT), 8);
    EXPECT_EQ(value, 1u);
}

TEST(Notification, FullSocketDoesNotBlock)
{
    const auto ends = socket_pair();
    const Notification notification(duplicate(ends[0]));
    for (int i = 0; i < 200'000; ++i)
        notification.signal();
    uint64_t value = 0;
    EXPECT_EQ(::recv(ends[1].get(), &value, sizeof value, MSG_DONTWAIT), 8);
}

TEST(Notification, PeerThatIsGoneCostsNothing)
{
    auto ends = socket_pair();
    const Notification on_socket(duplicate(ends[0]));
    ends[1].reset();
    on_socket.signal(); // no SIGPIPE
    auto pipe = make_pipe();
    const Notification on_pipe(duplicate(pipe[1]));
    pipe[0].reset();
    on_pipe.signal();
}

TEST(Notification, FullPipeDoesNotBlock)
{
    const auto pipe = make_pipe();
    const Notification notification(duplicate(pipe[1]));
    for (int i = 0; i < 20'000; ++i)
        notification.signal();
    uint64_t value = 0;
    EXPECT_EQ(::read(pipe[0].get(), &value, sizeof value), 8);
    EXPECT_EQ(value, 1u);
}
