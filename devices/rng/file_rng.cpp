// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/file_rng.h"

#include "devices/rng/guest_span.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

namespace vwb {
namespace {

// One report for each question: a level that nobody asks about must not keep the loop busy.
constexpr uint32_t READABLE_ONCE = EPOLLIN | EPOLLONESHOT;

} // namespace

Result<std::unique_ptr<FileRng>> FileRng::create(
    EventLoop& loop, std::string path, FilePump::AtEnd at_end)
{
    std::unique_ptr<FileRng> rng(new FileRng(loop, std::move(path), at_end));
    VWB_TRY(rng->open());
    return rng;
}

FileRng::FileRng(EventLoop& loop, std::string path, FilePump::AtEnd at_end)
    : m_loop(loop)
    , m_path(std::move(path))
    , m_at_end(at_end)
{
}

void FileRng::set_listener(std::function<void()> listener)
{
    m_listener = std::move(listener);
}

Result<void> FileRng::open()
{
    UniqueFd file(::open(m_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat status { };
    if (!file || ::fstat(file.get(), &status) != 0)
        return Error::from_errno(m_path, errno);
    if (S_ISDIR(status.st_mode))
        return Error(ErrorKind::Invalid, m_path + ": is a directory");
    m_seekable = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode);
    if (m_seekable)
        return start_pump(std::move(file));

    auto watch = m_loop.watch(file.get(), READABLE_ONCE, [this](uint32_t) {
        if (m_listener)
            m_listener();
    });
    if (!watch)
        return start_pump(std::move(file)); // a device without poll: /dev/hwrng, /dev/zero
    m_file = std::move(file);
    m_watch = std::move(watch).value();
    return {};
}

Result<void> FileRng::start_pump(UniqueFd file)
{
    // Rewinding files have no place of their own: only their bytes matter.
    if (m_seekable && m_at_end == FilePump::AtEnd::Stop
        && ::lseek(file.get(), static_cast<off_t>(m_position), SEEK_SET) < 0)
        return Error::from_errno(m_path, errno);
    if (::fcntl(file.get(), F_SETFL, 0) != 0)
        return Error::from_errno(m_path, errno);
    const auto at_end = m_seekable ? m_at_end : FilePump::AtEnd::Stop;
    auto pump = FilePump::start(std::move(file), at_end);
    if (!pump)
        return std::move(pump).error().within(m_path);
    m_pump = std::move(pump).value();
    auto watch = m_loop.watch(m_pump->fd(), READABLE_ONCE, [this](uint32_t) {
        if (m_listener)
            m_listener();
    });
    if (!watch) {
        close();
        return std::move(watch).error().within(m_path);
    }
    m_watch = std::move(watch).value();
    return {};
}

void FileRng::close()
{
    m_watch.reset();
    m_pump.reset();
    m_file.reset();
}

Result<size_t> FileRng::fill(std::span<std::byte> out)
{
    if (fd() < 0)
        VWB_TRY(open());
    const ssize_t count = fill_guest_span(
        out, [this](std::span<std::byte> span) { return ::read(fd(), span.data(), span.size()); });
    if (count > 0) {
        m_position += static_cast<uint64_t>(count);
        return static_cast<size_t>(count);
    }
    if (count == 0)
        return end_of_file();
    if (errno == EAGAIN) {
        m_watch.set_events(READABLE_ONCE);
        return size_t { 0 };
    }
    Error error = Error::from_errno(m_path, errno);
    close();
    return error;
}

Error FileRng::end_of_file()
{
    if (!m_pump)
        return { ErrorKind::Io, m_path + ": end of file, nobody writes to it" };
    const int why = m_pump->why_ended();
    close();
    if (why != 0)
        return Error::from_errno(m_path, why);
    const bool empty = m_seekable && m_at_end == FilePump::AtEnd::Rewind;
    return { ErrorKind::Io, m_path + (empty ? ": the file is empty" : ": end of file") };
}

void FileRng::inspect(Inspector& inspector) const
{
    inspector.field("kind", "file");
    inspector.field("path", m_path);
    inspector.field("open", fd() >= 0);
    inspector.field("read_by", m_pump ? "thread" : "loop");
    if (m_seekable)
        inspector.field("at_end", m_at_end == FilePump::AtEnd::Rewind ? "rewind" : "stop");
}

static Result<std::unique_ptr<RngSource>> create_file_rng(EventLoop& loop, ConfigReader& parameters)
{
    const auto path = VWB_TRY(parameters.string("path"));
    auto word = parameters.word_or("at_end", "rewind", { "rewind", "stop" });
    if (!word)
        return std::move(word).error();
    const auto at_end = *word == "stop" ? FilePump::AtEnd::Stop : FilePump::AtEnd::Rewind;
    auto rng = FileRng::create(loop, path, at_end);
    if (!rng)
        return parameters.error("path", rng.error().message());
    return std::unique_ptr<RngSource>(std::move(rng).value());
}

// "hwrng" is /dev/hwrng. A file that is none would be read from its beginning again and again.
static Result<std::unique_ptr<RngSource>> create_hwrng(EventLoop& loop, ConfigReader& parameters)
{
    const auto name = VWB_TRY(parameters.string_or("name", "hwrng"));
    const std::string path = name.starts_with("/") ? name : "/dev/" + name;
    const auto error = [&](const std::string& text) {
        return parameters.has("name")
            ? parameters.error("name", text)
            : Error(ErrorKind::Unavailable, text + "; cure: name = \"random\" or another device");
    };
    struct stat status { };
    if (::stat(path.c_str(), &status) != 0)
        return error(Error::from_errno(path, errno).message());
    if (!S_ISCHR(status.st_mode))
        return error(path + " is no character device; hardware = \"file\" takes other files");
    auto rng = FileRng::create(loop, path, FilePump::AtEnd::Stop);
    if (!rng)
        return error(rng.error().message());
    return std::unique_ptr<RngSource>(std::move(rng).value());
}

RngSourceKind hwrng_kind()
{
    return { .name = "hwrng",
        .help = "the hardware generator of this machine, or another character device",
        .example = "name = \"random\" # /dev/random; default: hwrng\n",
        .create = create_hwrng };
}

RngSourceKind file_rng_kind()
{
    return { .name = "file",
        .help = "bytes of a file, a device or a FIFO",
        .example = "path = \"/dev/hwrng\"\nat_end = \"rewind\" # or \"stop\", for regular files\n",
        .create = create_file_rng };
}

} // namespace vwb
