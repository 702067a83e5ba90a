// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FileRng: bytes of a file, a device node or a FIFO. What epoll can wait for is read on the loop,
// straight into guest memory; anything else goes through a FilePump. A file that failed is opened
// again by the next try; a FIFO whose writers went away waits for new ones.
#pragma once

#include "devices/rng/file_pump.h"
#include "devices/rng/rng_hardware.h"

#include <optional>

namespace vwb {

class FileRng final : public RngSource {
public:
    // at_end is for regular files and block devices. Errors: the file cannot be opened or is
    // nothing to read from (a directory).
    static Result<std::unique_ptr<FileRng>> create(
        EventLoop& loop, std::string path, FilePump::AtEnd at_end);

    void set_listener(std::function<void()> listener) override;
    Result<size_t> fill(std::span<std::byte> out) override;
    void inspect(Inspector& inspector) const override;

private:
    FileRng(EventLoop& loop, std::string path, FilePump::AtEnd at_end);

    Result<void> open();
    Result<void> start_pump(UniqueFd file);
    void close();
    int fd() const { return m_pump ? m_pump->fd() : m_file.get(); }
    Error end_of_file();

    EventLoop& m_loop;
    const std::string m_path;
    const FilePump::AtEnd m_at_end;
    std::function<void()> m_listener;
    UniqueFd m_file; // read on the loop, or
    std::optional<FilePump> m_pump; // through a thread
    Watch m_watch; // after the descriptors, so that it goes before them
    uint64_t m_position = 0; // bytes given out, for going on after a failure
    bool m_seekable = false;
};

// hardware = "file"
RngSourceKind file_rng_kind();
// hardware = "hwrng": a character device of the machine by its name
RngSourceKind hwrng_kind();

} // namespace vwb
