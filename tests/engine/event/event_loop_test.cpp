// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/event_loop.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

#include <sys/epoll.h>
#include <sys/eventfd.h>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

// A loop on a thread of its own, made (as benches make theirs) by another one.
class RunningLoop {
public:
    explicit RunningLoop(Clock& clock)
        : m_loop(EventLoop::create(clock).value())
        , m_thread([loop = m_loop.get()] { loop->run(); })
    {
    }
    ~RunningLoop() { stop(); }

    EventLoop& loop() { return *m_loop; }
    void stop()
    {
        m_loop->stop();
        if (m_thread.joinable())
            m_thread.join();
    }

private:
    std::unique_ptr<EventLoop> m_loop;
    std::thread m_thread;
};

class EventLoopTest : public testing::Test {
protected:
    EventLoopTest()
        : m_loop(EventLoop::create(m_clock).value())
    {
    }
    void settle()
    {
        while (m_loop->run_once(Duration(0))) { }
    }
    static UniqueFd make_event(unsigned value = 0)
    {
        return UniqueFd(::eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK));
    }
    static void poke(const UniqueFd& fd) { ASSERT_EQ(::eventfd_write(fd.get(), 1), 0); }
    Watch watch(const UniqueFd& fd, std::function<void(uint32_t)> callback)
    {
        return m_loop->watch(fd.get(), EPOLLIN, std::move(callback)).value();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    std::string m_log;
};

} // namespace

// --- watches ---

TEST_F(EventLoopTest, WatchIsCalledWithItsEventsAsLongAsTheyLast)
{
    const UniqueFd fd = make_event();
    uint32_t seen = 0;
    unsigned calls = 0;
    const Watch watching = watch(fd, [&seen, &calls](uint32_t events) {
        seen = events;
        ++calls;
    });
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
    poke(fd);
    EXPECT_TRUE(m_loop->run_once(Duration(0)));
    EXPECT_TRUE(m_loop->run_once(Duration(0))); // nobody has read it
    EXPECT_EQ(seen, uint32_t { EPOLLIN });
    EXPECT_EQ(calls, 2u);
    eventfd_t value = 0;
    ::eventfd_read(fd.get(), &value);
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
}

TEST_F(EventLoopTest, EdgeTriggeredWatchIsCalledOnceForEachEdgeWithoutAnybodyReading)
{
    const UniqueFd fd = make_event();
    unsigned calls = 0;
    const auto watching
        = m_loop->watch(fd.get(), EPOLLIN | EPOLLET, [&calls](uint32_t) { ++calls; });
    for (unsigned i = 1; i <= 5; ++i) {
        poke(fd);
        settle();
        EXPECT_EQ(calls, i);
    }
}

TEST_F(EventLoopTest, EventsCanBeChanged)
{
    const UniqueFd fd = make_event(1);
    unsigned calls = 0;
    Watch watching = watch(fd, [&calls](uint32_t) { ++calls; });
    watching.set_events(0);
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
    watching.set_events(EPOLLIN);
    EXPECT_TRUE(m_loop->run_once(Duration(0)));
    EXPECT_EQ(calls, 1u);
}

TEST_F(EventLoopTest, WatchEndsWithItsObjectAndMovesWithIt)
{
    const UniqueFd fd = make_event(1);
    unsigned calls = 0;
    std::optional<Watch> outer;
    {
        Watch inner = watch(fd, [&calls](uint32_t) { ++calls; });
        outer = std::move(inner);
        EXPECT_FALSE(inner);
    }
    m_loop->run_once(Duration(0));
    EXPECT_EQ(calls, 1u);
    outer.reset();
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
    EXPECT_EQ(calls, 1u);
}

TEST_F(EventLoopTest, WatchRemovedByAnotherOneOfTheSameRoundIsNotCalled)
{
    const UniqueFd one = make_event(1);
    const UniqueFd two = make_event(1);
    Watch first;
    Watch second;
    first = watch(one, [this, &second](uint32_t) {
        m_log += "1";
        second.reset();
    });
    second = watch(two, [this, &first](uint32_t) {
        m_log += "2";
        first.reset();
    });
    m_loop->run_once(Duration(0));
    EXPECT_EQ(m_log.size(), 1u); // whichever came first has removed the other
}

TEST_F(EventLoopTest, WatchMayRemoveItselfAndItsCallbackLivesToItsEnd)
{
    const UniqueFd fd = make_event(1);
    Watch watching;
    const std::string text(100, 'x'); // too long for any place but the heap
    watching = watch(fd, [this, &watching, text](uint32_t) {
        watching.reset();
        m_log = text;
    });
    m_loop->run_once(Duration(0));
    EXPECT_EQ(m_log, text);
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
}

TEST_F(EventLoopTest, NewWatchDoesNotGetTheEventOfTheOneWhosePlaceItTook)
{
    const UniqueFd one = make_event(1);
    const UniqueFd two = make_event(1);
    const UniqueFd quiet = make_event();
    std::array<Watch, 2> old;
    Watch fresh;
    const auto replace = [this, &old, &fresh, &quiet](size_t other) {
        old[other].reset();
        fresh = watch(quiet, [this](uint32_t) { m_log += "wrong"; });
    };
    old[0] = watch(one, [&replace](uint32_t) { replace(1); });
    old[1] = watch(two, [&replace](uint32_t) { replace(0); });
    m_loop->run_once(Duration(0));
    EXPECT_TRUE(fresh);
    EXPECT_EQ(m_log, "");
}

TEST_F(EventLoopTest, CallbackMayAddManyWatches)
{
    const UniqueFd fd = make_event(1);
    std::vector<UniqueFd> fds;
    std::vector<Watch> added;
    const Watch watching = watch(fd, [this, &fds, &added](uint32_t) {
        for (int i = 0; i < 100; ++i) {
            fds.push_back(make_event(1));
            added.push_back(watch(fds.back(), [this](uint32_t) { m_log += "x"; }));
        }
    });
    m_loop->run_once(Duration(0));
    m_loop->run_once(Duration(0));
    m_loop->run_once(Duration(0)); // 64 events a round
    EXPECT_GE(m_log.size(), 100u);
}

TEST_F(EventLoopTest, DescriptorThatCannotBeWatchedIsAnErrorNamingIt)
{
    const auto closed = m_loop->watch(987, EPOLLIN, [](uint32_t) {});
    ASSERT_FALSE(closed);
    EXPECT_NE(closed.error().message().find("descriptor 987"), std::string::npos);
    const UniqueFd fd = make_event(1);
    const Watch watching = watch(fd, [this](uint32_t) { m_log += "x"; });
    m_loop->run_once(Duration(0));
    EXPECT_EQ(m_log, "x");
}

// --- deferred work ---

TEST_F(EventLoopTest, DeferredRunsOnceAtTheEndOfTheRoundHoweverOftenItWasAskedFor)
{
    const UniqueFd fd = make_event(1);
    Deferred deferred(*m_loop, [this] { m_log += "d"; });
    const Watch watching = watch(fd, [this, &deferred, &fd](uint32_t) {
        eventfd_t value = 0;
        ::eventfd_read(fd.get(), &value);
        deferred.schedule();
        deferred.schedule();
        m_log += "w";
    });
    m_loop->run_once(Duration(0));
    EXPECT_EQ(m_log, "wd");
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
}

TEST_F(EventLoopTest, DeferredThatSchedulesItselfRunsInTheNextRound)
{
    std::optional<Deferred> deferred;
    deferred.emplace(*m_loop, [this, &deferred] {
        m_log += "d";
        if (m_log.size() < 3)
            deferred->schedule();
    });
    deferred->schedule();
    m_loop->run_once(Duration(-1)); // work is there: does not wait
    EXPECT_EQ(m_log, "d");
    m_loop->run_once(Duration(-1));
    EXPECT_EQ(m_log, "dd");
    m_loop->run_once(Duration(-1));
    EXPECT_FALSE(m_loop->run_once(Duration(0)));
    EXPECT_EQ(m_log, "ddd");
}

TEST_F(EventLoopTest, DestroyedDeferredDoesNotRun)
{
    std::optional<Deferred> first;
    std::optional<Deferred> second;
    first.emplace(*m_loop, [this, &second] {
        m_log += "1";
        second.reset();
    });
    second.emplace(*m_loop, [this] { m_log += "2"; });
    {
        Deferred gone(*m_loop, [this] { m_log += "gone"; });
        gone.schedule();
    }
    first->schedule();
    second->schedule();
    settle();
    EXPECT_EQ(m_log, "1");
}

// --- posted work ---

TEST_F(EventLoopTest, PostedWorkRunsInOrderAndWhatItPostsRunsLater)
{
    m_loop->post([this] {
        m_log += "1";
        m_loop->post([this] { m_log += "3"; });
    });
    m_loop->post([this] { m_log += "2"; });
    m_loop->run_once(Duration(-1));
    EXPECT_EQ(m_log, "12");
    m_loop->run_once(Duration(-1));
    EXPECT_EQ(m_log, "123");
}

TEST_F(EventLoopTest, WorkThatNeverRanIsDestroyedWithTheLoop)
{
    auto owned = std::make_shared<int>(1);
    m_loop->post([owned] { FAIL() << "must not run"; });
    EXPECT_EQ(owned.use_count(), 2);
    m_loop.reset();
    EXPECT_EQ(owned.use_count(), 1);
}

TEST(EventLoop, WorkFromManyThreadsAllRunsAndInOrderOfEachThread)
{
    MonotonicClock clock;
    RunningLoop running(clock);
    static constexpr int threads = 4;
    static constexpr int each = 2000;
    std::array<int, threads> next {}; // the loop's
    std::vector<std::thread> posters;
    for (size_t t = 0; t < threads; ++t)
        posters.emplace_back([&running, &next, t] {
            for (int i = 0; i < each; ++i)
                running.loop().post([&next, t, i] {
                    EXPECT_EQ(next[t], i);
                    ++next[t];
                });
        });
    for (auto& poster : posters)
        poster.join();
    EXPECT_TRUE(running.loop().run_and_wait([&next] {
        for (const int count : next)
            EXPECT_EQ(count, each);
    }));
}

// The maker of a loop counts as its thread until another one runs it: a check of that once ended
// the process when the new thread was slow to start.
TEST(EventLoop, MakerMayWaitForALoopWhoseThreadHasOnlyJustBeenStarted)
{
    MonotonicClock clock;
    for (int i = 0; i < 200; ++i) {
        RunningLoop running(clock);
        bool done = false;
        EXPECT_TRUE(running.loop().run_and_wait([&done] { done = true; }));
        EXPECT_TRUE(done);
    }
}

TEST(EventLoop, WaitingForALoopThatHasEndedAnswersFalse)
{
    MonotonicClock clock;
    RunningLoop running(clock);
    running.stop();
    auto owned = std::make_shared<int>(1);
    EXPECT_FALSE(running.loop().run_and_wait([owned] { FAIL() << "must not run"; }));
    EXPECT_EQ(owned.use_count(), 1);
}

TEST(EventLoop, WhoeverWaitsWhenTheLoopEndsIsLetGo)
{
    MonotonicClock clock;
    for (int i = 0; i < 50; ++i) {
        RunningLoop running(clock);
        std::atomic<int> answers { 0 };
        std::vector<std::thread> waiting;
        for (int t = 0; t < 3; ++t)
            waiting.emplace_back([&running, &answers] {
                while (running.loop().run_and_wait([] {})) { }
                ++answers;
            });
        running.loop().post([&running] { running.loop().stop(); });
        for (auto& thread : waiting)
            thread.join();
        EXPECT_EQ(answers, 3);
    }
}

TEST(EventLoop, ThreadOfALoopIsTheOneThatRunsIt)
{
    MonotonicClock clock;
    RunningLoop running(clock);
    bool inside = false;
    EXPECT_TRUE(running.loop().run_and_wait(
        [&running, &inside] { inside = running.loop().in_loop_thread(); }));
    EXPECT_TRUE(inside);
    EXPECT_FALSE(running.loop().in_loop_thread());
}

// What lives on a loop is destroyed by its thread, which must count as such also then.
TEST(EventLoop, LoopThatWasStoppedBeforeItBeganStillHasItsThread)
{
    MonotonicClock clock;
    const auto loop = EventLoop::create(clock).value();
    const UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    Watch watching = loop->watch(fd.get(), EPOLLIN, [](uint32_t) {}).value();
    loop->stop();
    std::thread thread([&loop, &watching] {
        loop->run();
        EXPECT_TRUE(loop->in_loop_thread());
        watching.reset();
    });
    thread.join();
}
