// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/unique_fd.h"
#include "engine/base/unique_function.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

using namespace vwb;

namespace {

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) >= 0;
}

UniqueFd open_null()
{
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

} // namespace

TEST(UniqueFunction, OwnsThingsThatCanOnlyBeMoved)
{
    auto number = std::make_unique<int>(5);
    UniqueFunction<int(int)> add = [n = std::move(number)](int x) { return *n + x; };
    EXPECT_EQ(add(2), 7);
    UniqueFunction<int(int)> moved = std::move(add);
    EXPECT_EQ(moved(3), 8);
    EXPECT_FALSE(add);
    EXPECT_TRUE(moved);
}

TEST(UniqueFunction, PassesArgumentsThrough)
{
    UniqueFunction<int(std::unique_ptr<int>, int&)> take
        = [](std::unique_ptr<int> p, int& out) { return out = *p; };
    int out = 0;
    EXPECT_EQ(take(std::make_unique<int>(9), out), 9);
    EXPECT_EQ(out, 9);
}

TEST(UniqueFunction, AssigningNothingDestroysTheTarget)
{
    auto shared = std::make_shared<int>(1);
    UniqueFunction<void()> keep = [shared] {};
    EXPECT_EQ(shared.use_count(), 2);
    keep = {};
    EXPECT_EQ(shared.use_count(), 1);
}

TEST(UniqueFd, ClosesExactlyWhatItOwns)
{
    int first = -1;
    {
        UniqueFd fd = open_null();
        first = fd.get();
        EXPECT_TRUE(is_open(first));
        UniqueFd moved = std::move(fd);
        EXPECT_FALSE(fd);
        EXPECT_EQ(moved.get(), first);
        EXPECT_TRUE(is_open(first));
    }
    EXPECT_FALSE(is_open(first));
}

TEST(UniqueFd, ReleaseAndResetHandOwnershipOver)
{
    UniqueFd fd = open_null();
    const int released = fd.release();
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(released));
    fd.reset(released);
    UniqueFd& same = fd;
    fd = std::move(same); // onto itself: keeps it
    EXPECT_TRUE(is_open(released));
    fd.reset();
    EXPECT_FALSE(is_open(released));
}
