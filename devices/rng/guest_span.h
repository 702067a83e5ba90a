// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// System calls that fill guest memory directly, and the one thing they do not do for us: a page
// that the front-end has truncated away makes them fail with EFAULT instead of raising the SIGBUS
// by which the mapping is found to be lost (see engine/memory/mapping_guard.h).
#pragma once

#include <cerrno>
#include <cstddef>
#include <span>

namespace vwb {

// Writes to each page, so that a lost mapping is found out and replaced by zero pages.
inline void touch_pages(std::span<std::byte> bytes)
{
    constexpr size_t smallest_page = 4096;
    volatile std::byte* data = bytes.data();
    for (size_t offset = 0; offset < bytes.size(); offset += smallest_page)
        data[offset] = std::byte { 0 };
    data[bytes.size() - 1] = std::byte { 0 };
}

// call(span) is read(2) or the like, answering -1 with errno. Interrupted calls are made again; so
// is, once, a call that met a lost page.
template <typename Call> auto fill_guest_span(std::span<std::byte> out, Call&& call)
{
    bool touched = false;
    for (;;) {
        const auto count = call(out);
        if (count >= 0 || (errno != EINTR && errno != EFAULT))
            return count;
        if (errno == EFAULT) {
            if (touched)
                return count;
            touch_pages(out);
            touched = true;
        }
    }
}

} // namespace vwb
