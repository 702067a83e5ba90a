// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/file_pump.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <pthread.h>

namespace vwb {
namespace {

// All that the thread has; it owns it alone but for the number.
struct PumpThread {
    UniqueFd file;
    UniqueFd pipe;
    FilePump::AtEnd at_end;
    std::shared_ptr<std::atomic<int>> why_ended;
    std::array<char, 16 * 1024> buffer {};

    void run();
    bool write_all(std::span<const char> bytes) const;
};

bool PumpThread::write_all(std::span<const char> bytes) const
{
    while (!bytes.empty()) {
        const ssize_t count = ::write(pipe.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false; // EPIPE: nobody reads any more
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return true;
}

void PumpThread::run()
{
    bool any_in_this_pass = false;
    for (;;) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            why_ended->store(errno, std::memory_order_release);
            break;
        }
        if (count == 0) {
            if (at_end == FilePump::AtEnd::Stop || !any_in_this_pass
                || ::lseek(file.get(), 0, SEEK_SET) != 0)
                break;
            any_in_this_pass = false;
            continue;
        }
        any_in_this_pass = true;
        if (!write_all(std::span(buffer).first(static_cast<size_t>(count))))
            break;
    }
    ::explicit_bzero(buffer.data(), buffer.size());
}

void* run_pump(void* argument)
{
    const std::unique_ptr<PumpThread> thread(static_cast<PumpThread*>(argument));
    thread->run();
    return nullptr;
}

// Detached, with all signals blocked: they are for the threads that wait for them, and a pipe
// without a reader must end this thread, not the process.
int start_detached(std::unique_ptr<PumpThread> thread)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t id;
    const int error = pthread_create(&id, &attributes, run_pump, thread.get());
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    if (error == 0)
        thread.release(); // run_pump() owns it
    return error;
}

} // namespace

Result<FilePump> FilePump::start(UniqueFd file, AtEnd at_end)
{
    std::array<int, 2> ends {};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return Error::from_errno("pipe", errno);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    if (::fcntl(reader.get(), F_SETFL, O_NONBLOCK) != 0)
        return Error::from_errno("pipe", errno);
    auto why_ended = std::make_shared<std::atomic<int>>(0);
    auto thread = std::make_unique<PumpThread>();
    thread->file = std::move(file);
    thread->pipe = std::move(writer);
    thread->at_end = at_end;
    thread->why_ended = why_ended;
    if (const int error = start_detached(std::move(thread)); error != 0)
        return Error::from_errno("thread for reading", error);
    return FilePump(std::move(reader), std::move(why_ended));
}

} // namespace vwb
