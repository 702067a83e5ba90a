// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/unique_fd.h"
#include "engine/memory/dirty_log.h"

#include <gtest/gtest.h>

#include <array>

#include <sys/mman.h>
#include <unistd.h>

namespace vwb {
namespace {

class DirtyLogTest : public testing::Test {
protected:
    DirtyLogTest()
        : m_fd(::memfd_create("log", MFD_CLOEXEC))
    {
        EXPECT_EQ(::ftruncate(m_fd.get(), 4096), 0);
    }

    std::vector<uint8_t> bitmap(off_t offset, size_t size) const
    {
        std::vector<uint8_t> bytes(size);
        EXPECT_EQ(::pread(m_fd.get(), bytes.data(), size, offset), static_cast<ssize_t>(size));
        return bytes;
    }

    UniqueFd m_fd;
};

using Bitmap = std::vector<uint8_t>;

TEST_F(DirtyLogTest, MarksOneBitPerPageThatIsTouched)
{
    const auto log = DirtyLog::map(m_fd.get(), 0, 4).value();
    log->mark(0, 1);
    log->mark(2 * DirtyLog::LOG_PAGE + 17, 100);
    log->mark(9 * DirtyLog::LOG_PAGE - 1, 2); // the last byte of one page and the first of the next
    log->mark(16 * DirtyLog::LOG_PAGE, DirtyLog::LOG_PAGE);
    EXPECT_EQ(bitmap(0, 4), (Bitmap { 0b00000101, 0b00000011, 0b00000001, 0 }));
    EXPECT_EQ(log->writes(), 4u);
    EXPECT_EQ(log->out_of_range(), 0u);
}

TEST_F(DirtyLogTest, MarksEveryPageOfALongWrite)
{
    const auto log = DirtyLog::map(m_fd.get(), 0, 4).value();
    log->mark(DirtyLog::LOG_PAGE - 1, 8 * DirtyLog::LOG_PAGE + 2);
    EXPECT_EQ(bitmap(0, 4), (Bitmap { 0xff, 0b00000011, 0, 0 }));
}

TEST_F(DirtyLogTest, KeepsBitsThatAreSet)
{
    const uint8_t other = 0b10000000;
    ASSERT_EQ(::pwrite(m_fd.get(), &other, 1, 0), 1);
    const auto log = DirtyLog::map(m_fd.get(), 0, 1).value();
    log->mark(DirtyLog::LOG_PAGE, 1);
    EXPECT_EQ(bitmap(0, 1), Bitmap { 0b10000010 });
}

TEST_F(DirtyLogTest, NothingWrittenMarksNothing)
{
    const auto log = DirtyLog::map(m_fd.get(), 0, 1).value();
    log->mark(0, 0);
    EXPECT_EQ(bitmap(0, 1), Bitmap { 0 });
    EXPECT_EQ(log->writes(), 0u);
}

TEST_F(DirtyLogTest, StartsAtAnyOffsetOfItsFile)
{
    const auto log = DirtyLog::map(m_fd.get(), 100, 2).value();
    log->mark(8 * DirtyLog::LOG_PAGE, 1);
    EXPECT_EQ(bitmap(100, 2), (Bitmap { 0, 1 }));
}

TEST_F(DirtyLogTest, CountsPagesWithoutABitAndTouchesNothingElse)
{
    const auto log = DirtyLog::map(m_fd.get(), 0, 2).value();
    log->mark(15 * DirtyLog::LOG_PAGE, 3 * DirtyLog::LOG_PAGE);
    log->mark(~uint64_t { 0 } - 10, 5);
    log->mark(~uint64_t { 0 }, 2); // wraps around
    EXPECT_EQ(bitmap(0, 4), (Bitmap { 0, 0b10000000, 0, 0 }));
    EXPECT_EQ(log->out_of_range(), 2u + 1u + 2u);
}

TEST_F(DirtyLogTest, KnowsWhatItCovers)
{
    const auto log = DirtyLog::map(m_fd.get(), 0, 2).value();
    EXPECT_TRUE(log->covers(0, 16 * DirtyLog::LOG_PAGE));
    EXPECT_FALSE(log->covers(0, 16 * DirtyLog::LOG_PAGE + 1));
    EXPECT_TRUE(log->covers(16 * DirtyLog::LOG_PAGE - 1, 1));
    EXPECT_FALSE(log->covers(16 * DirtyLog::LOG_PAGE, 1));
    EXPECT_FALSE(log->covers(~uint64_t { 0 }, 2));
}

TEST_F(DirtyLogTest, LogOutsideItsFileIsRefused)
{
    for (const auto& [offset, size] : { std::array<uint64_t, 2> { 0, 4097 }, { 4096, 1 }, { 0, 0 },
             { 1, ~uint64_t { 0 } }, { ~uint64_t { 0 }, 2 } }) {
        const auto log = DirtyLog::map(m_fd.get(), offset, size);
        ASSERT_FALSE(log) << offset << " " << size;
        EXPECT_EQ(log.error().kind(), ErrorKind::Invalid);
        EXPECT_NE(log.error().message().find("dirty log of "), std::string::npos);
    }
}

TEST_F(DirtyLogTest, TruncatedLogIsLostAndHarmless)
{
    const auto log = DirtyLog::map(m_fd.get(), 0, 4096).value();
    EXPECT_FALSE(log->lost());
    ASSERT_EQ(::ftruncate(m_fd.get(), 0), 0);
    log->mark(0, DirtyLog::LOG_PAGE);
    EXPECT_TRUE(log->lost());
}

} // namespace
} // namespace vwb
