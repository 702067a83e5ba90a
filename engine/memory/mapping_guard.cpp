// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/memory/mapping_guard.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vwb {
namespace {

// 8 devices of 32 regions (MAX_MEM_SLOTS) and as many again while tables are replaced.
constexpr size_t MAX_GUARDS = 1024;

// Read by the signal handler: plain atomics, no lock. A place is taken while size is not 0.
struct Guard {
    std::atomic<uintptr_t> start { 0 };
    std::atomic<size_t> size { 0 };
    std::atomic<bool> lost { false };
};

std::array<Guard, MAX_GUARDS> guards;
std::mutex guards_mutex; // for taking and giving back places, not for the handler
std::atomic<int> lost_event { -1 }; // made with the handler, open as long as the process lives

static_assert(std::atomic<uintptr_t>::is_always_lock_free);

void die_of(int signal)
{
    struct sigaction action { };
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
    // The faulting instruction runs again and ends the process as it should.
}

void handle_bus_error(int signal, siginfo_t* info, void*)
{
    const int saved_errno = errno;
    const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    for (Guard& guard : guards) {
        const size_t size = guard.size.load(std::memory_order_acquire);
        const uintptr_t start = guard.start.load(std::memory_order_relaxed);
        if (size == 0 || address < start || address - start >= size)
            continue;
        guard.lost.store(true, std::memory_order_release);
        // SAFETY: the range is a mapping of ours (its owner unguards before it unmaps), so that
        // MAP_FIXED replaces nothing else. mmap is a bare system call here.
        void* replaced = ::mmap(reinterpret_cast<void*>(start), size, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        if (replaced == MAP_FAILED)
            die_of(signal);
        const uint64_t one = 1;
        // Can only fail when the counter is full, and then its readers have had edges enough.
        [[maybe_unused]] const ssize_t written
            = ::write(lost_event.load(std::memory_order_relaxed), &one, sizeof one);
        errno = saved_errno;
        return;
    }
    die_of(signal);
}

void install_handler()
{
    lost_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action { };
    action.sa_sigaction = handle_bus_error;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, nullptr);
}

void ensure_handler()
{
    static std::once_flag installed;
    std::call_once(installed, install_handler);
}

} // namespace

UniqueFd lost_mapping_event()
{
    ensure_handler();
    return UniqueFd(::fcntl(lost_event, F_DUPFD_CLOEXEC, 0));
}

int guard_mapping(void* address, size_t size)
{
    ensure_handler();
    const std::lock_guard lock(guards_mutex);
    for (size_t i = 0; i < guards.size(); ++i) {
        Guard& guard = guards[i];
        if (guard.size.load(std::memory_order_relaxed) != 0)
            continue;
        guard.start.store(reinterpret_cast<uintptr_t>(address), std::memory_order_relaxed);
        guard.lost.store(false, std::memory_order_relaxed);
        guard.size.store(size, std::memory_order_release);
        return static_cast<int>(i);
    }
    return -1;
}

void unguard_mapping(int guard)
{
    if (guard >= 0)
        guards[static_cast<size_t>(guard)].size.store(0, std::memory_order_release);
}

bool mapping_lost(int guard)
{
    return guard >= 0 && guards[static_cast<size_t>(guard)].lost.load(std::memory_order_acquire);
}

} // namespace vwb
