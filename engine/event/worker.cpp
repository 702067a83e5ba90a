// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/worker.h"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

namespace vwb {

namespace {

struct Job {
    UniqueFunction<void()> work;
    UniqueFunction<void()> done;
};

} // namespace

// What the thread and its owner share; it lives as long as the longer of the two.
struct Worker::Shared {
    std::mutex mutex; // guards what follows
    std::condition_variable changed;
    std::deque<Job> jobs;
    EventLoop* loop; // null pointer: the owner is gone
    Worker* owner; // as loop; used on the loop only
    std::string name;
    bool started = false; // the thread; used on the loop only

    static void start(const std::shared_ptr<Shared>& shared);
    static void run(const std::shared_ptr<Shared>& shared);
    static void finish(const std::shared_ptr<Shared>& shared, Job job);
};

void Worker::Shared::start(const std::shared_ptr<Shared>& shared)
{
    std::thread thread([shared] {
        // Signals are the main thread's.
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        pthread_setname_np(pthread_self(), shared->name.c_str());
        run(shared);
    });
    thread.detach();
}

void Worker::Shared::run(const std::shared_ptr<Shared>& shared)
{
    for (;;) {
        Job job;
        {
            std::unique_lock lock(shared->mutex);
            shared->changed.wait(lock, [&] { return !shared->loop || !shared->jobs.empty(); });
            if (!shared->loop)
                return;
            job = std::move(shared->jobs.front());
            shared->jobs.pop_front();
        }
        job.work();
        finish(shared, std::move(job));
    }
}

void Worker::Shared::finish(const std::shared_ptr<Shared>& shared, Job job)
{
    // While the mutex is held the owner is there, and so is its loop.
    const std::lock_guard lock(shared->mutex);
    if (!shared->loop)
        return;
    shared->loop->post([shared, done = std::move(job.done)]() mutable {
        // The owner goes on this loop only, so that it needs no lock to look.
        if (!shared->owner)
            return;
        --shared->owner->m_pending;
        done();
    });
}

Worker::Worker(EventLoop& loop, const std::string& name)
    : m_shared(std::make_shared<Shared>())
{
    m_shared->loop = &loop;
    m_shared->owner = this;
    m_shared->name = name.substr(0, 15);
}

Worker::~Worker()
{
    std::deque<Job> dropped;
    const std::lock_guard lock(m_shared->mutex);
    m_shared->loop = nullptr;
    m_shared->owner = nullptr;
    dropped.swap(m_shared->jobs);
    m_shared->changed.notify_one();
}

void Worker::run(UniqueFunction<void()> work, UniqueFunction<void()> done)
{
    ++m_pending;
    // Most workers never have anything to do.
    if (!std::exchange(m_shared->started, true))
        Shared::start(m_shared);
    const std::lock_guard lock(m_shared->mutex);
    m_shared->jobs.push_back({ std::move(work), std::move(done) });
    m_shared->changed.notify_one();
}

} // namespace vwb
