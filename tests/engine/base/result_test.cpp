// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

using namespace vwb;

namespace {

Result<int> positive(int number)
{
    if (number > 0)
        return number;
    return Error(ErrorKind::Invalid, std::to_string(number) + " is not positive");
}

Result<std::string> twice(int number)
{
    const int once = VWB_TRY(positive(number));
    return std::to_string(2 * once);
}

Result<void> check(int number)
{
    VWB_TRY(positive(number));
    return {};
}

Result<void> check_twice(int first, int second)
{
    VWB_TRY(check(first));
    VWB_TRY(check(second));
    return {};
}

} // namespace

TEST(Result, HoldsEitherAValueOrAnError)
{
    const Result<int> good = positive(3);
    ASSERT_TRUE(good);
    EXPECT_TRUE(good.has_value());
    EXPECT_EQ(*good, 3);
    const Result<int> bad = positive(-3);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().kind(), ErrorKind::Invalid);
    EXPECT_EQ(bad.error().message(), "-3 is not positive");
}

TEST(Result, TryGivesTheValueOrLeavesWithTheError)
{
    EXPECT_EQ(twice(4).value(), "8");
    EXPECT_EQ(twice(0).error().message(), "0 is not positive");
}

TEST(Result, TryServesResultsWithoutValue)
{
    EXPECT_TRUE(check_twice(1, 2));
    EXPECT_EQ(check_twice(1, -2).error().message(), "-2 is not positive");
    EXPECT_EQ(check_twice(-1, 2).error().message(), "-1 is not positive");
}

TEST(Result, CarriesThingsThatCanOnlyBeMoved)
{
    const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
    const auto pass = [&make]() -> Result<std::unique_ptr<int>> {
        auto number = VWB_TRY(make());
        ++*number;
        return number;
    };
    const auto moved = pass().value();
    EXPECT_EQ(*moved, 8);
}

TEST(Result, WrongQuestionIsABugThatEndsTheProcess)
{
    EXPECT_DEATH((void)positive(-1).value(), "vhost-workbench: bug: .*has_value");
    EXPECT_DEATH((void)positive(1).error(), "vhost-workbench: bug: .*has_value");
    EXPECT_DEATH(check(-1).value(), "vhost-workbench: bug: .*has_value");
}

TEST(Error, KindFollowsErrno)
{
    const auto kind = [](int number) { return Error::from_errno("x", number).kind(); };
    EXPECT_EQ(kind(ENOENT), ErrorKind::NotFound);
    EXPECT_EQ(kind(EACCES), ErrorKind::Unavailable);
    EXPECT_EQ(kind(EBUSY), ErrorKind::Unavailable);
    EXPECT_EQ(kind(EINVAL), ErrorKind::Invalid);
    EXPECT_EQ(kind(ETIMEDOUT), ErrorKind::Timeout);
    EXPECT_EQ(kind(ECONNREFUSED), ErrorKind::Closed);
    EXPECT_EQ(kind(EPIPE), ErrorKind::Closed);
    EXPECT_EQ(kind(EIO), ErrorKind::Io);
    EXPECT_EQ(kind(ENOSPC), ErrorKind::Io);
    EXPECT_EQ(Error::from_errno("open /x", ENOENT).message(), "open /x: No such file or directory");
}

TEST(Error, WithinPutsTheOuterContextFirst)
{
    const Error error
        = Error(ErrorKind::Limit, "too many").within("memory table").within("device gpio0");
    EXPECT_EQ(error.message(), "device gpio0: memory table: too many");
    EXPECT_EQ(error.kind(), ErrorKind::Limit);
}

TEST(Error, EveryKindHasAName)
{
    for (const ErrorKind kind : { ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Unavailable,
             ErrorKind::Io, ErrorKind::Protocol, ErrorKind::Limit, ErrorKind::Unsupported,
             ErrorKind::Timeout, ErrorKind::Closed })
        EXPECT_STRNE(to_string(kind), "unknown");
}
