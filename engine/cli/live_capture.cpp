// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/live_capture.h"

#include "engine/base/paths.h"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vwb {
namespace {

constexpr int POLL_MS = 100;
// A bench that was told to end but does not.
constexpr unsigned MAX_POLLS_AFTER_END = 20;

} // namespace

Result<std::unique_ptr<LiveCapture>> LiveCapture::start(
    const std::string& control, Value parameters, std::function<bool()> wants_end)
{
    std::unique_ptr<LiveCapture> live(new LiveCapture(std::move(wants_end)));
    VWB_TRY(live->make_fifo());
    live->m_client = VWB_TRY(ControlClient::connect(control));
    parameters.set("path", live->m_path);
    VWB_TRY(live->m_client->call("capture.start", std::move(parameters)));
    live->m_reader = VWB_TRY(CaptureReader::create(
        "live capture", [self = live.get()](std::span<std::byte> out) { return self->read(out); }));
    return live;
}

LiveCapture::~LiveCapture()
{
    if (!m_path.empty())
        ::unlink(m_path.c_str());
}

Result<void> LiveCapture::make_fifo()
{
    const std::string directory = runtime_directory();
    VWB_TRY(ensure_private_directory(directory));
    m_path = directory + "/capture-" + std::to_string(::getpid()) + ".fifo";
    ::unlink(m_path.c_str()); // of a process that had our number and was killed
    if (::mkfifo(m_path.c_str(), 0600) != 0)
        return Error::from_errno(m_path + ": cannot make a FIFO", errno);
    m_fifo.reset(::open(m_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!m_fifo)
        return Error::from_errno(m_path, errno);
    return {};
}

Result<size_t> LiveCapture::read(std::span<std::byte> out)
{
    for (;;) {
        const ssize_t count = ::read(m_fifo.get(), out.data(), out.size());
        if (count >= 0)
            return static_cast<size_t>(count);
        if (errno != EAGAIN && errno != EINTR)
            return Error::from_errno("read", errno);
        if (m_client && m_wants_end())
            m_client.reset(); // what is on its way still comes, and then the end
        else if (!m_client && ++m_polls_after_end > MAX_POLLS_AFTER_END)
            return size_t { 0 };
        pollfd readable { m_fifo.get(), POLLIN, 0 };
        ::poll(&readable, 1, POLL_MS);
    }
}

} // namespace vwb
