// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_queue.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace vwb {
namespace {

// An empty counter (EAGAIN) is as good as one that was read.
void drain(int eventfd)
{
    uint64_t count;
    const ssize_t size = ::read(eventfd, &count, sizeof(count));
    VWB_ASSERT(size == sizeof(count) || errno == EAGAIN);
}

} // namespace

Result<std::unique_ptr<DriverQueue>> DriverQueue::create(
    unsigned index, DriverMemory& memory, DriverSlab& slab, const DriverRingOptions& options)
{
    auto queue = std::unique_ptr<DriverQueue>(
        new DriverQueue(index, slab, make_driver_ring(memory, options)));
    for (UniqueFd* fd : { &queue->m_kick, &queue->m_call, &queue->m_err }) {
        fd->reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!*fd)
            return Error::from_errno("eventfd of queue " + std::to_string(index), errno);
    }
    queue->m_ring->disable_calls();
    return queue;
}

DriverQueue::~DriverQueue()
{
    unwatch();
}

Result<uint64_t> DriverQueue::submit(
    const std::vector<Piece>& readable, const std::vector<uint32_t>& writable_sizes)
{
    const uint64_t ticket = m_next_ticket;
    Pending pending;
    auto made = fill(pending, readable, writable_sizes);
    if (made)
        made = make_available(pending, ticket);
    if (!made) {
        release(pending);
        return std::move(made).error().within("queue " + std::to_string(m_index));
    }
    ++m_next_ticket;
    ++m_counters.requests;
    m_requests.emplace(ticket, std::move(pending));
    if (m_ring->publish())
        kick();
    else
        ++m_counters.kicks_suppressed;
    return ticket;
}

Result<void> DriverQueue::fill(Pending& pending, const std::vector<Piece>& readable,
    const std::vector<uint32_t>& writable_sizes)
{
    for (const Piece& piece : readable) {
        const auto buffer = VWB_TRY(m_slab.take(static_cast<uint32_t>(piece.size())));
        std::copy(piece.begin(), piece.end(), buffer.data);
        pending.readable.push_back(buffer);
    }
    for (const uint32_t size : writable_sizes) {
        const auto buffer = VWB_TRY(m_slab.take(size));
        std::fill_n(buffer.data, size, BuiltinDriver::UNWRITTEN);
        pending.writable.push_back(buffer);
    }
    return {};
}

Result<void> DriverQueue::make_available(const Pending& pending, uint64_t ticket)
{
    const auto segments = [](const std::vector<GuestBuffer>& buffers) {
        std::vector<DriverSegment> out;
        for (const GuestBuffer& buffer : buffers)
            out.push_back(buffer.segment());
        return out;
    };
    const auto readable = segments(pending.readable);
    const auto writable = segments(pending.writable);
    auto head = m_ring->add(readable, writable, ticket);
    if (!head && head.error().kind() == ErrorKind::Limit && collect() > 0)
        head = m_ring->add(readable, writable, ticket);
    if (!head)
        return std::move(head).error();
    return {};
}

size_t DriverQueue::collect()
{
    size_t count = 0;
    while (const auto used = m_ring->pop_used()) {
        const auto found = m_requests.find(used->token);
        VWB_ASSERT(found != m_requests.end());
        finish(found->second, used->length);
        ++count;
    }
    return count;
}

void DriverQueue::finish(Pending& pending, uint32_t used_length)
{
    Answer answer;
    answer.used_length = used_length;
    for (const GuestBuffer& buffer : pending.writable)
        answer.bytes.insert(answer.bytes.end(), buffer.data, buffer.data + buffer.size);
    release(pending);
    pending.answer = std::move(answer);
}

void DriverQueue::release(Pending& pending)
{
    for (auto* buffers : { &pending.readable, &pending.writable }) {
        for (const GuestBuffer& buffer : *buffers)
            m_slab.give_back(buffer);
        buffers->clear();
    }
}

Result<std::optional<Answer>> DriverQueue::take_answer(uint64_t ticket)
{
    const auto found = m_requests.find(ticket);
    if (found == m_requests.end())
        return Error(ErrorKind::NotFound,
            "queue " + std::to_string(m_index) + ": there is no request " + std::to_string(ticket)
                + " under way");
    std::optional<Answer> answer = std::move(found->second.answer);
    if (answer)
        m_requests.erase(found);
    return answer;
}

void DriverQueue::kick()
{
    ++m_counters.kicks;
    kick_after_start();
}

void DriverQueue::kick_after_start()
{
    if (m_kick_message) {
        m_kick_message();
        return;
    }
    // A full counter (EAGAIN) is a kick that the device has not taken yet: as good as ours.
    const uint64_t one = 1;
    const ssize_t written = ::write(m_kick.get(), &one, sizeof(one));
    VWB_ASSERT(written == sizeof(one) || errno == EAGAIN);
}

Result<void> DriverQueue::watch(EventLoop& loop)
{
    unwatch();
    loop.move_to_this_thread();
    m_loop = &loop;
    m_call_watch = VWB_TRY(loop.watch(m_call.get(), EPOLLIN, [this](uint32_t) {
        drain(m_call.get());
        note_call();
    }));
    m_err_watch = VWB_TRY(loop.watch(m_err.get(), EPOLLIN, [this](uint32_t) {
        drain(m_err.get());
        m_ring_error = true;
    }));
    return {};
}

void DriverQueue::note_call()
{
    ++m_counters.calls;
    m_called = true;
}

void DriverQueue::unwatch()
{
    if (m_loop)
        m_loop->move_to_this_thread();
    m_call_watch.reset();
    m_err_watch.reset();
    m_loop = nullptr;
}

void DriverQueue::reset()
{
    for (auto& [ticket, pending] : m_requests)
        release(pending);
    m_requests.clear();
    m_ring->reset();
    m_ring->disable_calls();
    drain(m_call.get());
    drain(m_err.get());
    m_called = false;
    m_ring_error = false;
}

} // namespace vwb
