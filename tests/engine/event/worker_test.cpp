// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace vwb;

namespace {

class WorkerTest : public testing::Test {
protected:
    WorkerTest()
        : m_loop(std::move(EventLoop::create(m_clock)).value())
    {
    }
    // Until the condition holds; a test that hangs is ended by its time-out.
    template <typename Holds> void run_until(Holds&& holds)
    {
        while (!holds())
            m_loop->run_once(std::chrono::milliseconds(10));
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
};

// A door that whoever waits at it passes once it is open.
class Door {
public:
    void open() { m_opened.set_value(); }
    std::shared_future<void> passage() { return m_passage; }

private:
    std::promise<void> m_opened;
    std::shared_future<void> m_passage = m_opened.get_future().share();
};

bool has_thread(const std::string& name)
{
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string found;
        std::getline(std::ifstream(thread.path() / "comm"), found);
        if (found == name)
            return true;
    }
    return false;
}

} // namespace

TEST_F(WorkerTest, HasNoThreadBeforeItsFirstWork)
{
    Worker worker(*m_loop, "lazy-worker");
    EXPECT_FALSE(has_thread("lazy-worker"));
    std::atomic<bool> seen { false };
    bool done = false;
    worker.run([&seen] { seen = has_thread("lazy-worker"); }, [&done] { done = true; });
    run_until([&done] { return done; });
    EXPECT_TRUE(seen);
}

TEST_F(WorkerTest, WorksInOrderOnItsThreadAndTellsTheLoop)
{
    Worker worker(*m_loop, "test");
    std::vector<int> done;
    std::atomic<bool> foreign { true };
    for (int i = 0; i < 100; ++i) {
        worker.run(
            [&foreign, us = std::this_thread::get_id()] {
                foreign = foreign && std::this_thread::get_id() != us;
            },
            [&done, i, this] {
                EXPECT_TRUE(m_loop->in_loop_thread());
                done.push_back(i);
            });
    }
    EXPECT_EQ(worker.pending(), 100u);
    run_until([&] { return done.size() == 100; });
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(done[static_cast<size_t>(i)], i);
    EXPECT_TRUE(foreign);
    EXPECT_EQ(worker.pending(), 0u);
}

TEST_F(WorkerTest, LoopGoesOnWhileWorkHangs)
{
    Door door;
    Worker worker(*m_loop, "test");
    bool done = false;
    worker.run([passage = door.passage()] { passage.wait(); }, [&done] { done = true; });
    bool looked = false;
    m_loop->post([&] { looked = true; });
    run_until([&] { return looked; });
    EXPECT_FALSE(done);
    EXPECT_EQ(worker.pending(), 1u);
    door.open();
    run_until([&] { return done; });
}

TEST_F(WorkerTest, NobodyWaitsForWorkThatHangsAndNobodyIsTold)
{
    Door door;
    std::promise<void> begun;
    std::promise<void> over;
    std::atomic<bool> next_began { false };
    bool told = false;
    {
        Worker worker(*m_loop, "test");
        worker.run(
            [&, passage = door.passage()] {
                begun.set_value();
                passage.wait();
                over.set_value();
            },
            [&told] { told = true; });
        worker.run([&] { next_began = true; }, [&told] { told = true; });
        begun.get_future().wait();
    }
    door.open();
    over.get_future().wait();
    m_loop->run_once(Duration(0));
    EXPECT_FALSE(told);
    EXPECT_FALSE(next_began);
}

TEST_F(WorkerTest, EndThatIsOnItsWayToTheLoopIsNotTold)
{
    std::promise<void> worked;
    bool told = false;
    {
        Worker worker(*m_loop, "test");
        worker.run([] {}, [&told] { told = true; });
        worker.run([&worked] { worked.set_value(); }, [] {});
        worked.get_future().wait(); // the end of the first one is posted by now
    }
    m_loop->run_once(Duration(0));
    EXPECT_FALSE(told);
}
