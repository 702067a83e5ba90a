// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/block_sink.h"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vwb {
namespace {

// Kept free below the limit, so that a full file still gets its last block.
constexpr uint64_t ROOM_FOR_THE_END = 1024;
constexpr int POLL_MS = 20;

class FileSink final : public BlockSink {
public:
    FileSink(UniqueFd fd, std::string path, uint64_t limit)
        : m_fd(std::move(fd))
        , m_path(std::move(path))
        , m_limit(limit)
    {
    }

    Result<void> begin(std::span<const std::byte> bytes) override { return write(bytes); }
    Result<void> write(std::span<const std::byte> block) override
    {
        if (m_limit != 0 && size() + block.size() + ROOM_FOR_THE_END > m_limit)
            return Error(ErrorKind::Limit,
                m_path + ": the limit of " + std::to_string(m_limit) + " bytes is reached");
        return put(block);
    }
    Result<void> finish(std::span<const std::byte> block) override
    {
        auto done = put(block);
        m_fd.reset();
        return done;
    }
    uint64_t size() const override { return m_size.load(std::memory_order_relaxed); }

private:
    Result<void> put(std::span<const std::byte> bytes)
    {
        size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t count = ::write(m_fd.get(), bytes.data() + done, bytes.size() - done);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0)
                return fail(done, errno);
            done += static_cast<size_t>(count);
        }
        m_size.fetch_add(bytes.size(), std::memory_order_relaxed);
        return {};
    }
    // What is there of a block that could not be finished is taken away again.
    Error fail(size_t done, int reason)
    {
        if (done > 0 && ::ftruncate(m_fd.get(), static_cast<off_t>(size())) == 0)
            ::lseek(m_fd.get(), static_cast<off_t>(size()), SEEK_SET);
        return Error::from_errno(m_path, reason);
    }

    UniqueFd m_fd;
    const std::string m_path;
    const uint64_t m_limit;
    std::atomic<uint64_t> m_size { 0 };
};

class PipeSink final : public BlockSink {
public:
    explicit PipeSink(UniqueFd fd)
        : m_fd(std::move(fd))
    {
    }

    Result<void> begin(std::span<const std::byte> bytes) override { return write(bytes); }
    Result<void> write(std::span<const std::byte> block) override
    {
        size_t done = 0;
        while (done < block.size()) {
            const ssize_t count = ::write(m_fd.get(), block.data() + done, block.size() - done);
            if (count > 0)
                done += static_cast<size_t>(count);
            else if (count < 0 && errno == EAGAIN)
                VWB_TRY(wait_for_room());
            else if (count < 0 && errno != EINTR)
                return Error(ErrorKind::Closed, "the reader went away");
        }
        m_size.fetch_add(block.size(), std::memory_order_relaxed);
        return {};
    }
    Result<void> finish(std::span<const std::byte> block) override
    {
        auto done = write(block);
        m_fd.reset();
        return done;
    }
    void give_up() override { m_give_up.store(true); }
    uint64_t size() const override { return m_size.load(std::memory_order_relaxed); }

private:
    Result<void> wait_for_room()
    {
        pollfd writable { m_fd.get(), POLLOUT, 0 };
        const int ready = ::poll(&writable, 1, POLL_MS);
        if (ready == 0 && m_give_up.load())
            return Error(ErrorKind::Closed, "the reader does not read");
        return {};
    }

    UniqueFd m_fd;
    std::atomic<bool> m_give_up { false };
    std::atomic<uint64_t> m_size { 0 };
};

Result<std::unique_ptr<BlockSink>> open_fifo(const std::string& path)
{
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return Error::from_errno(path + ": cannot open the FIFO for writing", errno);
    struct stat status { };
    if (::fstat(fd.get(), &status) != 0 || !S_ISFIFO(status.st_mode)
        || status.st_uid != ::geteuid())
        return Error(ErrorKind::Invalid, path + ": is not a FIFO of this user");
    ::fcntl(fd.get(), F_SETPIPE_SZ, 1 << 20); // as large as one may have without privilege
    return std::unique_ptr<BlockSink>(std::make_unique<PipeSink>(std::move(fd)));
}

} // namespace

Result<std::unique_ptr<BlockSink>> open_block_sink(const std::string& path, uint64_t limit)
{
    struct stat status { };
    if (::lstat(path.c_str(), &status) == 0) {
        if (S_ISFIFO(status.st_mode))
            return open_fifo(path);
        return Error(ErrorKind::Invalid,
            path + ": exists already; captures overwrite nothing, so remove it or name another");
    }
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        return Error::from_errno(path + ": cannot create the capture file", errno);
    return std::unique_ptr<BlockSink>(std::make_unique<FileSink>(std::move(fd), path, limit));
}

Result<void> MemorySink::begin(std::span<const std::byte> bytes)
{
    const std::lock_guard lock(m_mutex);
    m_begin.assign(bytes.begin(), bytes.end());
    m_size.store(bytes.size(), std::memory_order_relaxed);
    return {};
}

Result<void> MemorySink::write(std::span<const std::byte> block)
{
    const std::lock_guard lock(m_mutex);
    m_blocks.emplace_back(block.begin(), block.end());
    uint64_t kept = m_size.load(std::memory_order_relaxed) + block.size();
    while (kept > m_limit && m_blocks.size() > 1) {
        kept -= m_blocks.front().size();
        m_blocks.pop_front();
    }
    m_size.store(kept, std::memory_order_relaxed);
    return {};
}

Result<void> MemorySink::copy_to(BlockSink& sink) const
{
    const std::lock_guard lock(m_mutex);
    VWB_TRY(sink.begin(m_begin));
    for (const auto& block : m_blocks)
        VWB_TRY(sink.write(block));
    return {};
}

} // namespace vwb
