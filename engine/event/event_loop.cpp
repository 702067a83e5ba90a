// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/event/event_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace vwb {
namespace {

constexpr uint64_t WAKE_TOKEN = ~uint64_t { 0 };

uint64_t token_of(unsigned slot, uint32_t generation)
{
    return uint64_t { generation } << 32 | slot;
}

} // namespace

Watch::Watch(Watch&& other) noexcept
    : m_loop(std::exchange(other.m_loop, nullptr))
    , m_slot(other.m_slot)
{
}

Watch& Watch::operator=(Watch&& other) noexcept
{
    if (this != &other) {
        reset();
        m_loop = std::exchange(other.m_loop, nullptr);
        m_slot = other.m_slot;
    }
    return *this;
}

void Watch::reset()
{
    if (EventLoop* loop = std::exchange(m_loop, nullptr))
        loop->unwatch(m_slot);
}

void Watch::set_events(uint32_t events)
{
    VWB_ASSERT(m_loop);
    m_loop->set_watch_events(m_slot, events);
}

Deferred::Deferred(EventLoop& loop, std::function<void()> call)
    : m_loop(loop)
    , m_call(std::move(call))
{
}

Deferred::~Deferred()
{
    if (m_pending) {
        std::erase(m_loop.m_deferred, this);
        std::ranges::replace(m_loop.m_deferred_now, this, nullptr);
    }
}

void Deferred::schedule()
{
    if (!m_pending) {
        m_pending = true;
        m_loop.m_deferred.push_back(this);
    }
}

Result<std::unique_ptr<EventLoop>> EventLoop::create(Clock& clock)
{
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll)
        return Error::from_errno("epoll_create1", errno);
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake)
        return Error::from_errno("eventfd", errno);
    // Edge-triggered and never read: each write is one more edge.
    epoll_event event {};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = WAKE_TOKEN;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
        return Error::from_errno("epoll_ctl", errno);
    return std::unique_ptr<EventLoop>(new EventLoop(clock, std::move(epoll), std::move(wake)));
}

EventLoop::EventLoop(Clock& clock, UniqueFd epoll, UniqueFd wake)
    : m_clock(clock)
    , m_epoll(std::move(epoll))
    , m_wake(std::move(wake))
    , m_thread(std::this_thread::get_id())
{
    m_waker_key = m_clock.add_waker([this] { this->wake(); });
    // Room for what a device has, so that no request takes memory, the first one included.
    constexpr size_t usual = 32;
    for (auto* list : { &m_timers, &m_timers_next })
        list->reserve(usual);
    for (auto* list : { &m_deferred, &m_deferred_now })
        list->reserve(usual);
}

EventLoop::~EventLoop()
{
    m_clock.remove_waker(m_waker_key);
    close();
}

void EventLoop::close()
{
    std::vector<UniqueFunction<void()>> dropped; // destroyed after the lock is given back
    const std::lock_guard lock(m_mutex);
    m_closed = true;
    dropped.swap(m_posted);
}

bool EventLoop::in_loop_thread() const
{
    return m_thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void EventLoop::move_to_this_thread()
{
    m_thread.store(std::this_thread::get_id(), std::memory_order_relaxed);
    // Release: whoever sees this sees the thread, too.
    m_entered.store(true, std::memory_order_release);
}

Result<Watch> EventLoop::watch(int fd, uint32_t events, std::function<void(uint32_t)> callback)
{
    VWB_ASSERT(in_loop_thread());
    if (m_free_slots.empty()) {
        m_free_slots.push_back(static_cast<unsigned>(m_slots.size()));
        m_slots.emplace_back();
    }
    const unsigned index = m_free_slots.back();
    Slot& slot = m_slots[index];
    epoll_event event {};
    event.events = events;
    event.data.u64 = token_of(index, slot.generation);
    if (::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return Error::from_errno("cannot wait for descriptor " + std::to_string(fd), errno);
    m_free_slots.pop_back();
    slot.fd = fd;
    slot.callback = std::make_shared<std::function<void(uint32_t)>>(std::move(callback));
    return Watch(*this, index);
}

void EventLoop::unwatch(unsigned index)
{
    VWB_ASSERT(in_loop_thread());
    Slot& slot = m_slots[index];
    ::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, slot.fd, nullptr);
    slot.fd = -1;
    ++slot.generation; // events of this round that are still to come for it are now stale
    slot.callback.reset();
    m_free_slots.push_back(index);
}

void EventLoop::set_watch_events(unsigned index, uint32_t events)
{
    const Slot& slot = m_slots[index];
    epoll_event event {};
    event.events = events;
    event.data.u64 = token_of(index, slot.generation);
    VWB_ASSERT(::epoll_ctl(m_epoll.get(), EPOLL_CTL_MOD, slot.fd, &event) == 0);
}

void EventLoop::dispatch(uint64_t token, uint32_t events)
{
    const Slot& slot = m_slots[token & 0xffffffff];
    if (slot.generation != token >> 32 || !slot.callback)
        return;
    // A callback may remove its own watch, so it is kept alive while it runs.
    const auto callback = slot.callback;
    (*callback)(events);
}

void EventLoop::wake()
{
    const uint64_t one = 1;
    // Can only fail when the counter is full, and then the loop is awake.
    [[maybe_unused]] const ssize_t written = ::write(m_wake.get(), &one, sizeof one);
}

void EventLoop::post(UniqueFunction<void()> work)
{
    const std::lock_guard lock(m_mutex);
    if (m_closed)
        return;
    m_posted.push_back(std::move(work));
    m_has_posted.store(true, std::memory_order_release);
    wake();
}

void EventLoop::stop()
{
    m_stop.store(true);
    wake();
}

namespace {

// Tells the waiting thread that the work was run, or (by being destroyed) that it never will be.
struct Completion {
    std::mutex mutex;
    std::condition_variable changed;
    bool finished = false;
    bool done = false;
};

class CompletionGuard {
public:
    explicit CompletionGuard(std::shared_ptr<Completion> completion)
        : m_completion(std::move(completion))
    {
    }
    CompletionGuard(CompletionGuard&&) noexcept = default;
    CompletionGuard& operator=(CompletionGuard&&) = delete;
    ~CompletionGuard()
    {
        if (!m_completion)
            return;
        const std::lock_guard lock(m_completion->mutex);
        m_completion->finished = true;
        m_completion->changed.notify_one();
    }
    void done() { m_completion->done = true; }

private:
    std::shared_ptr<Completion> m_completion;
};

} // namespace

bool EventLoop::run_and_wait(UniqueFunction<void()> work)
{
    VWB_ASSERT(!m_entered.load(std::memory_order_acquire) || !in_loop_thread());
    auto completion = std::make_shared<Completion>();
    post([guard = CompletionGuard(completion), inner = std::move(work)]() mutable {
        inner();
        guard.done();
    });
    std::unique_lock lock(completion->mutex);
    completion->changed.wait(lock, [&completion] { return completion->finished; });
    return completion->done;
}

bool EventLoop::run_posted()
{
    if (!m_has_posted.load(std::memory_order_acquire))
        return false;
    std::vector<UniqueFunction<void()>> batch;
    {
        const std::lock_guard lock(m_mutex);
        batch.swap(m_posted);
        m_has_posted.store(false, std::memory_order_relaxed);
    }
    for (auto& work : batch) {
        work();
        work = {}; // whoever waits for it need not wait for the rest of the batch
    }
    return !batch.empty();
}

bool EventLoop::run_deferred()
{
    if (m_deferred.empty())
        return false;
    // What is scheduled from here on belongs to the next round.
    m_deferred_now.swap(m_deferred);
    for (size_t i = 0; i < m_deferred_now.size(); ++i) {
        if (Deferred* deferred = m_deferred_now[i]) {
            deferred->m_pending = false;
            m_deferred_now[i] = nullptr;
            deferred->m_call();
        }
    }
    m_deferred_now.clear();
    return true;
}

bool EventLoop::run_timers()
{
    if (m_timers.empty())
        return false;
    const TimePoint now = m_clock.now();
    bool any = false;
    m_timers_until = now;
    while (!m_timers.empty() && m_timers[0]->m_deadline <= now) {
        Timer& timer = *m_timers[0];
        remove_timer(timer);
        if (timer.m_period.count() > 0) {
            timer.m_deadline += timer.m_period;
            insert_timer(timer);
        }
        const auto callback = timer.m_callback; // it may destroy its timer
        callback();
        any = true;
    }
    m_timers_until.reset();
    for (Timer* timer : m_timers_next)
        insert_timer(*timer);
    m_timers_next.clear();
    return any;
}

int EventLoop::wait(Duration max_wait)
{
    Duration timeout = max_wait;
    if (!m_deferred.empty() || m_has_posted.load(std::memory_order_acquire) || m_stop.load()) {
        timeout = Duration(0);
    } else if (!m_timers.empty()
        && (m_clock.is_real() || m_timers[0]->m_deadline <= m_clock.now())) {
        const Duration until = std::max(m_timers[0]->m_deadline - m_clock.now(), Duration(0));
        timeout = timeout < Duration(0) ? until : std::min(timeout, until);
    }
    // Nobody waits, and there is no descriptor that could have something to say.
    if (timeout == Duration(0) && m_free_slots.size() == m_slots.size())
        return 0;
    timespec limit {};
    limit.tv_sec = timeout.count() / 1'000'000'000;
    limit.tv_nsec = timeout.count() % 1'000'000'000;
    std::array<epoll_event, EVENTS_PER_ROUND> events;
    const int count = ::epoll_pwait2(m_epoll.get(), events.data(), EVENTS_PER_ROUND,
        timeout < Duration(0) ? nullptr : &limit, nullptr);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.data.u64 != WAKE_TOKEN)
            dispatch(event.data.u64, event.events);
    }
    return count;
}

bool EventLoop::run_once(Duration max_wait)
{
    move_to_this_thread();
    bool any = wait(max_wait) > 0;
    any |= run_posted();
    any |= run_timers();
    any |= run_deferred();
    return any;
}

void EventLoop::run()
{
    move_to_this_thread(); // also if it was stopped before its first round
    // What was done before stop() is seen by who goes on behind run().
    while (!m_stop.load(std::memory_order_acquire))
        run_once(Duration(-1));
    close();
}

void EventLoop::place_timer(size_t index, Timer* timer)
{
    m_timers[index] = timer;
    timer->m_index = index;
}

void EventLoop::sift_up(size_t index)
{
    Timer* timer = m_timers[index];
    while (index > 0 && timer->m_deadline < m_timers[(index - 1) / 2]->m_deadline) {
        place_timer(index, m_timers[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    place_timer(index, timer);
}

void EventLoop::sift_down(size_t index)
{
    Timer* timer = m_timers[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= m_timers.size())
            break;
        if (child + 1 < m_timers.size()
            && m_timers[child + 1]->m_deadline < m_timers[child]->m_deadline)
            ++child;
        if (timer->m_deadline <= m_timers[child]->m_deadline)
            break;
        place_timer(index, m_timers[child]);
        index = child;
    }
    place_timer(index, timer);
}

void EventLoop::start_timer(Timer& timer)
{
    if (!m_timers_until || timer.m_deadline > *m_timers_until) {
        insert_timer(timer);
        return;
    }
    timer.m_index = Timer::NEXT_ROUND;
    m_timers_next.push_back(&timer);
}

void EventLoop::stop_timer(Timer& timer)
{
    if (timer.m_index != Timer::NEXT_ROUND) {
        remove_timer(timer);
        return;
    }
    timer.m_index = Timer::NOT_QUEUED;
    std::erase(m_timers_next, &timer);
}

void EventLoop::insert_timer(Timer& timer)
{
    m_timers.push_back(&timer);
    sift_up(m_timers.size() - 1);
}

void EventLoop::remove_timer(Timer& timer)
{
    const size_t index = std::exchange(timer.m_index, Timer::NOT_QUEUED);
    Timer* last = m_timers.back();
    m_timers.pop_back();
    if (last != &timer) {
        place_timer(index, last);
        sift_up(index);
        sift_down(last->m_index);
    }
}

Timer::Timer(EventLoop& loop, std::function<void()> callback)
    : m_loop(loop)
    , m_callback(std::move(callback))
{
}

void Timer::start_at(TimePoint deadline)
{
    stop();
    m_period = Duration(0);
    m_deadline = deadline;
    m_loop.start_timer(*this);
}

void Timer::start_after(Duration delay)
{
    start_at(m_loop.clock().now() + delay);
}

void Timer::start_every(Duration period)
{
    VWB_ASSERT(period.count() > 0);
    start_at(m_loop.clock().now() + period);
    m_period = period;
}

void Timer::stop()
{
    if (active())
        m_loop.stop_timer(*this);
}

} // namespace vwb
