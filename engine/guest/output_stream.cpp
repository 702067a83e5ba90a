// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/output_stream.h"

#include <algorithm>
#include <cerrno>

#include <limits.h>
#include <unistd.h>

namespace vwb {

void OutputStream::add(std::string_view bytes)
{
    if (m_ended) {
        return;
    }
    m_pending.erase(0, m_done);
    m_done = 0;
    m_pending.append(bytes);
}

int OutputStream::write_some()
{
    // A pipe that polls writable takes PIPE_BUF bytes without blocking, and more only perhaps.
    const auto size = std::min<size_t>(pending(), PIPE_BUF);
    const auto written = write(m_fd, m_pending.data() + m_done, size);
    if (written >= 0) {
        m_done += static_cast<size_t>(written);
        return 0;
    }
    const int why = errno;
    if (why == EINTR || why == EAGAIN) {
        return 0;
    }
    m_ended = true;
    m_pending.clear();
    m_done = 0;
    return why;
}

} // namespace vwb
