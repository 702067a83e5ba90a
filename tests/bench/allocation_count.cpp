// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/bench/allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<uint64_t> count { 0 };

void* take(std::size_t size)
{
    count.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size > 0 ? size : 1))
        return memory;
    std::abort(); // a benchmark has nothing to fall back on
}

void* take(std::size_t size, std::align_val_t alignment)
{
    count.fetch_add(1, std::memory_order_relaxed);
    const auto step = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(step, (size + step - 1) / step * step))
        return memory;
    std::abort();
}

} // namespace

// The other forms of the standard library call these.
void* operator new(std::size_t size)
{
    return take(size);
}

void* operator new(std::size_t size, std::align_val_t alignment)
{
    return take(size, alignment);
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::align_val_t) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept
{
    std::free(memory);
}

uint64_t vwb::bench::allocation_count()
{
    return count.load(std::memory_order_relaxed);
}
