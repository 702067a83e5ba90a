// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/file_rng.h"
#include "devices/rng/rng_device.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

class FileRngTest : public testing::Test {
protected:
    FileRngTest()
        : m_loop(EventLoop::create(m_clock).value())
    {
        std::string name = testing::TempDir() + "vwb-file-rng-XXXXXX";
        m_directory = ::mkdtemp(name.data());
    }
    ~FileRngTest() override { std::filesystem::remove_all(m_directory); }

    std::string path() const { return m_directory + "/source"; }
    void write_file(std::string_view text) { std::ofstream(path(), std::ios::app) << text; }
    // Makes a FIFO and opens both ends of it.
    UniqueFd make_fifo()
    {
        EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0);
        return UniqueFd(::open(path().c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    }
    std::unique_ptr<FileRng> open(FilePump::AtEnd at_end = FilePump::AtEnd::Rewind)
    {
        auto source = FileRng::create(*m_loop, path(), at_end).value();
        source->set_listener([this] { ++m_news; });
        return source;
    }
    // Waits for the bytes; gives up after 5 s or at an error.
    std::string read(RngSource& source, size_t count)
    {
        std::string text;
        const MonotonicClock real;
        const TimePoint end = real.now() + 5s;
        while (text.size() < count && real.now() < end) {
            std::string piece(count - text.size(), '?');
            const auto filled = source.fill(std::as_writable_bytes(std::span(piece)));
            if (!filled)
                break;
            text += piece.substr(0, *filled);
            if (*filled == 0)
                m_loop->run_once(5s);
        }
        return text;
    }
    // The error that the source comes to; the text before it does not matter.
    std::string failure(RngSource& source)
    {
        std::string piece(64, '?');
        const MonotonicClock real;
        for (const TimePoint end = real.now() + 5s; real.now() < end;) {
            const auto filled = source.fill(std::as_writable_bytes(std::span(piece)));
            if (!filled)
                return filled.error().message();
            if (*filled == 0)
                m_loop->run_once(5s);
        }
        return "no error";
    }
    static Value inspected(const RngSource& source)
    {
        Inspector inspector;
        source.inspect(inspector);
        return std::move(inspector).tree();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    std::string m_directory;
    unsigned m_news = 0;
};

// Of this process. A sanitizer has one of its own from the first one on that is started.
ptrdiff_t thread_count()
{
    std::thread([] {}).join();
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
        std::filesystem::directory_iterator());
}

bool comes_true(const std::function<bool()>& condition)
{
    const MonotonicClock real;
    for (const TimePoint end = real.now() + 5s; real.now() < end;) {
        if (condition())
            return true;
        ::sched_yield();
    }
    return false;
}

} // namespace

TEST_F(FileRngTest, RegularFileBeginsAgainAtItsEnd)
{
    write_file("abcdefg");
    const auto source = open();
    EXPECT_EQ(read(*source, 10), "abcdefgabc");
    EXPECT_EQ(read(*source, 7), "defgabc");
    EXPECT_EQ(inspected(*source).find("read_by")->string_or(""), "thread");
}

TEST_F(FileRngTest, LargeRegularFileLosesNoByte)
{
    std::string text;
    for (int i = 0; text.size() < 300000; ++i)
        text += std::to_string(i) + ' ';
    write_file(text);
    const auto source = open();
    EXPECT_EQ(read(*source, 2 * text.size()), text + text);
}

TEST_F(FileRngTest, FileThatStopsAtItsEndGoesOnWhenItHasGrown)
{
    write_file("abcdefg");
    const auto source = open(FilePump::AtEnd::Stop);
    EXPECT_EQ(read(*source, 10), "abcdefg");
    EXPECT_EQ(failure(*source), path() + ": end of file");
    write_file("hij");
    EXPECT_EQ(read(*source, 3), "hij");
    EXPECT_EQ(failure(*source), path() + ": end of file");
}

TEST_F(FileRngTest, EmptyFileIsAnErrorUntilItIsFilled)
{
    write_file("");
    const auto source = open();
    EXPECT_EQ(failure(*source), path() + ": the file is empty");
    write_file("xy");
    EXPECT_EQ(read(*source, 5), "xyxyx");
}

TEST_F(FileRngTest, DeviceWithoutPollIsReadByAThread)
{
    const auto source = FileRng::create(*m_loop, "/dev/zero", FilePump::AtEnd::Rewind).value();
    EXPECT_EQ(read(*source, 200000), std::string(200000, '\0'));
    EXPECT_EQ(inspected(*source).find("read_by")->string_or(""), "thread");
}

TEST_F(FileRngTest, DeviceAtItsEndIsAnError)
{
    const auto source = FileRng::create(*m_loop, "/dev/null", FilePump::AtEnd::Rewind).value();
    EXPECT_EQ(failure(*source), "/dev/null: end of file");
}

TEST_F(FileRngTest, EmptyFifoAnswersAtOnceAndCallsWhenBytesCome)
{
    const UniqueFd writer = make_fifo();
    const auto source = open();
    EXPECT_EQ(inspected(*source).find("read_by")->string_or(""), "loop");
    std::string piece(16, '?');
    const auto out = std::as_writable_bytes(std::span(piece));
    EXPECT_EQ(source->fill(out).value(), 0u);
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
    EXPECT_EQ(m_news, 0u);
    ASSERT_EQ(::write(writer.get(), "hello", 5), 5);
    EXPECT_TRUE(m_loop->run_once(5s));
    EXPECT_EQ(m_news, 1u);
    EXPECT_EQ(source->fill(out).value(), 5u);
    EXPECT_EQ(piece.substr(0, 5), "hello");
}

TEST_F(FileRngTest, BytesNobodyAsksForDoNotKeepTheLoopBusy)
{
    const UniqueFd writer = make_fifo();
    const auto source = open();
    ASSERT_EQ(::write(writer.get(), "hello", 5), 5);
    m_loop->run_once(Duration(0));
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
}

TEST_F(FileRngTest, FifoWithoutWritersIsAnErrorUntilOneComes)
{
    UniqueFd writer = make_fifo();
    const auto source = open();
    writer.reset();
    EXPECT_EQ(failure(*source), path() + ": end of file, nobody writes to it");
    m_loop->run_once(Duration(0));
    EXPECT_FALSE(m_loop->run_once(Duration(0))); // the hang-up does not keep the loop busy either
    writer.reset(::open(path().c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(writer.get(), "again", 5), 5);
    EXPECT_EQ(read(*source, 5), "again");
}

TEST_F(FileRngTest, MissingFileAndDirectoryAreRefused)
{
    const auto missing = FileRng::create(*m_loop, path(), FilePump::AtEnd::Stop);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind(), ErrorKind::NotFound);
    EXPECT_NE(missing.error().message().find(path()), std::string::npos);
    const auto directory = FileRng::create(*m_loop, m_directory, FilePump::AtEnd::Stop);
    ASSERT_FALSE(directory);
    EXPECT_NE(directory.error().message().find("is a directory"), std::string::npos);
}

TEST_F(FileRngTest, ThreadEndsWithItsSource)
{
    write_file("abcdefg");
    const auto before = thread_count();
    auto source = open();
    EXPECT_EQ(read(*source, 100000).size(), 100000u);
    source.reset(); // the thread is waiting for room in the pipe
    EXPECT_TRUE(comes_true([before] { return thread_count() == before; }));
}

TEST_F(FileRngTest, ThreadThatHangsInADeviceHoldsNobodyUp)
{
    const UniqueFd writer = make_fifo();
    const auto before = thread_count();
    {
        // A FIFO that blocks stands for a device that does.
        UniqueFd hanging(::open(path().c_str(), O_RDWR | O_CLOEXEC));
        const auto pump = FilePump::start(std::move(hanging), FilePump::AtEnd::Stop).value();
        EXPECT_GT(thread_count(), before);
    }
    ASSERT_EQ(::write(writer.get(), "x", 1), 1); // now its read returns, and nobody wants the byte
    EXPECT_TRUE(comes_true([before] { return thread_count() == before; }));
}

TEST_F(FileRngTest, DeviceOnAFifoParksRequestsUntilBytesCome)
{
    const UniqueFd writer = make_fifo();
    DeviceHarness harness([this](EventLoop& loop) {
        auto source = FileRng::create(loop, path(), FilePump::AtEnd::Stop).value();
        return std::make_unique<RngDevice>(loop, std::move(source), RngRate {});
    });
    const auto first = harness.submit(0, {}, 4);
    const auto second = harness.submit(0, {}, 4);
    EXPECT_FALSE(harness.answer(first));
    ASSERT_EQ(::write(writer.get(), "abcdef", 6), 6);
    harness.loop().run_once(5s);
    harness.settle();
    EXPECT_EQ(harness.answer(first)->used_length, 4u);
    const auto rest = harness.answer(second);
    ASSERT_TRUE(rest);
    EXPECT_EQ(rest->used_length, 2u);
    EXPECT_EQ(rest->bytes[1], 'f');
    EXPECT_TRUE(harness.problems().empty());
}

TEST_F(FileRngTest, DeviceOnAFileThatEndedReportsItAndGoesOnWhenItHasGrown)
{
    write_file("abc");
    DeviceHarness harness([this](EventLoop& loop) {
        auto source = FileRng::create(loop, path(), FilePump::AtEnd::Stop).value();
        return std::make_unique<RngDevice>(loop, std::move(source), RngRate {});
    });
    const auto first = harness.submit(0, {}, 3);
    const auto run_until_answered = [&harness](uint64_t ticket) {
        std::optional<HarnessAnswer> answer;
        const MonotonicClock real;
        for (const TimePoint end = real.now() + 5s; !answer && real.now() < end;) {
            harness.loop().run_once(10ms);
            harness.advance(RngDevice::LAST_RETRY);
            answer = harness.answer(ticket);
        }
        return answer.value_or(HarnessAnswer {}).used_length;
    };
    EXPECT_EQ(run_until_answered(first), 3u);
    const auto second = harness.submit(0, {}, 3);
    EXPECT_TRUE(comes_true([&harness] {
        harness.settle();
        return harness.rules() == "rng.source";
    }));
    write_file("de");
    EXPECT_EQ(run_until_answered(second), 2u);
}
