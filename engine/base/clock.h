// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Clock: where every device, timer and sleep gets its time. MonotonicClock is the host's;
// ManualClock stands still until a test (or guest time travel) moves it. No wall-clock time here.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <vector>

namespace vwb {

using Duration = std::chrono::nanoseconds;
// Nanoseconds since an arbitrary start; CLOCK_MONOTONIC for the real clock.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Clock {
public:
    virtual ~Clock() = default;

    virtual TimePoint now() const = 0;

    // True if waiting for a deadline is waiting for the host's clock.
    virtual bool is_real() const = 0;

    // Registers a waker that is called (on any thread) whenever a clock that is not real was moved.
    // Returns a key for remove_waker(). A real clock never calls it.
    virtual unsigned add_waker(std::function<void()> waker) = 0;
    virtual void remove_waker(unsigned key) = 0;
};

class MonotonicClock final : public Clock {
public:
    TimePoint now() const override
    {
        return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
    }
    bool is_real() const override { return true; }
    unsigned add_waker(std::function<void()>) override { return 0; }
    void remove_waker(unsigned) override { }
};

// Moved by its owner only. now() and advance() may be called from any thread.
class ManualClock final : public Clock {
public:
    TimePoint now() const override { return TimePoint(Duration(m_now.load())); }
    bool is_real() const override { return false; }
    unsigned add_waker(std::function<void()> waker) override;
    void remove_waker(unsigned key) override;

    void advance(Duration step);

private:
    struct Waker {
        unsigned key;
        std::function<void()> call;
    };

    std::atomic<int64_t> m_now { 0 };
    std::mutex m_mutex; // guards the wakers
    unsigned m_next_key = 1;
    std::vector<Waker> m_wakers;
};

} // namespace vwb
