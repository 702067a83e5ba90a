// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// EventLoop: one thread's epoll loop: descriptors, timers on a Clock, work posted from other
// threads, and work deferred to the end of the current round. Knows nothing of virtio.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/base/unique_function.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace vwb {

class EventLoop;
class Timer;

// Registration of a descriptor with a loop; unregisters when destroyed. Loop thread only. It never
// owns the descriptor, which must stay open until the Watch is gone.
class Watch {
public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch() { reset(); }

    explicit operator bool() const { return m_loop != nullptr; }
    void reset();
    // Changes the events waited for (EPOLLIN, EPOLLOUT, ...).
    void set_events(uint32_t events);

private:
    friend class EventLoop;
    Watch(EventLoop& loop, unsigned slot)
        : m_loop(&loop)
        , m_slot(slot)
    {
    }

    EventLoop* m_loop = nullptr;
    unsigned m_slot = 0;
};

// Something to do once at the end of the current round of the loop, however often it is asked for.
// Loop thread only; must outlive the round or be cancelled by its destructor.
class Deferred {
public:
    Deferred(EventLoop& loop, std::function<void()> call);
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;
    ~Deferred();

    void schedule();

private:
    friend class EventLoop;
    EventLoop& m_loop;
    std::function<void()> m_call;
    bool m_pending = false;
};

class EventLoop {
public:
    // The clock must outlive the loop.
    static Result<std::unique_ptr<EventLoop>> create(Clock& clock);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    Clock& clock() { return m_clock; }

    // Calls back with the epoll events that came. EPOLLET may be asked for.
    Result<Watch> watch(int fd, uint32_t events, std::function<void(uint32_t)> callback);

    // Runs until stop(), once in the life of a loop. run_once() does one round and waits at most
    // max_wait for something to do (forever if negative); tells whether anything was done.
    void run();
    bool run_once(Duration max_wait);

    // Any thread. Work posted after run() came back is dropped.
    void post(UniqueFunction<void()> work);
    void stop();
    // Any other thread than the loop's: runs the work on the loop and waits for it to be done. Also
    // the thread that made the loop, as soon as another one has been started to run it.
    // False if the loop does not run (any more): the work was not and will not be run.
    bool run_and_wait(UniqueFunction<void()> work);

    bool in_loop_thread() const;
    // For a loop that is only ever driven by run_once(): from now on the calling thread is the
    // loop's. No other may be using it.
    void move_to_this_thread();

private:
    friend class Watch;
    friend class Timer;
    friend class Deferred;

    struct Slot {
        int fd = -1;
        uint32_t generation = 0;
        std::shared_ptr<std::function<void(uint32_t)>> callback;
    };

    EventLoop(Clock& clock, UniqueFd epoll, UniqueFd wake);

    void close();
    void unwatch(unsigned slot);
    void set_watch_events(unsigned slot, uint32_t events);
    void dispatch(uint64_t token, uint32_t events);
    bool run_posted();
    bool run_timers();
    bool run_deferred();
    int wait(Duration max_wait);
    void wake();

    void start_timer(Timer& timer);
    void stop_timer(Timer& timer);
    // The timers are a binary heap by deadline; each timer knows its place.
    void insert_timer(Timer& timer);
    void remove_timer(Timer& timer);
    void sift_up(size_t index);
    void sift_down(size_t index);
    void place_timer(size_t index, Timer* timer);

    static constexpr size_t EVENTS_PER_ROUND = 64;

    Clock& m_clock;
    unsigned m_waker_key = 0;
    UniqueFd m_epoll;
    UniqueFd m_wake;
    std::vector<Slot> m_slots;
    std::vector<unsigned> m_free_slots;
    std::vector<Timer*> m_timers;
    // While timers are called: what they start for a time that has come waits for the next round,
    // so that a timer without delay that starts itself again does not keep the loop.
    std::optional<TimePoint> m_timers_until;
    std::vector<Timer*> m_timers_next;
    std::vector<Deferred*> m_deferred;
    std::vector<Deferred*> m_deferred_now;
    std::atomic<bool> m_stop { false };
    std::atomic<std::thread::id> m_thread; // until the loop is first run: the thread that made it
    std::atomic<bool> m_entered { false }; // the loop has been run

    std::mutex m_mutex; // guards m_posted and m_closed
    std::vector<UniqueFunction<void()>> m_posted;
    bool m_closed = false;
    std::atomic<bool> m_has_posted { false };
};

// A one-shot or periodic timer on a loop's clock. Loop thread only. Owner: whoever needs it.
class Timer {
public:
    Timer(EventLoop& loop, std::function<void()> callback);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { stop(); }

    void start_at(TimePoint deadline);
    void start_after(Duration delay);
    // Periods are counted from the first deadline, so that lateness does not add up. If the loop
    // was late by several periods, the callback is called once for each of them.
    void start_every(Duration period);
    void stop();
    bool active() const { return m_index != NOT_QUEUED; }
    TimePoint deadline() const { return m_deadline; }

private:
    friend class EventLoop;
    static constexpr size_t NOT_QUEUED = ~size_t { 0 };
    static constexpr size_t NEXT_ROUND = NOT_QUEUED - 1;

    EventLoop& m_loop;
    std::function<void()> m_callback;
    TimePoint m_deadline {};
    Duration m_period { 0 };
    size_t m_index = NOT_QUEUED;
};

} // namespace vwb
