// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverLog: the front-end's side of dirty logging: the bitmap that a back-end marks pages in, and
// what it has marked. When pages are logged is DriverSession's business.
#pragma once

#include "engine/driver/driver_memory.h"
#include "engine/memory/memory_mapping.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace vwb {

// One thread; the back-end marks meanwhile.
class DriverLog {
public:
    // A bit for every page up to the end of the memory.
    static Result<std::unique_ptr<DriverLog>> create(const DriverMemory& memory);

    int fd() const { return m_fd.get(); }
    uint64_t size() const { return m_size; }
    // Guest addresses of the pages marked since the last question, in order.
    std::vector<uint64_t> take();

private:
    DriverLog(UniqueFd fd, std::unique_ptr<FileMapping> mapping, uint64_t size)
        : m_fd(std::move(fd))
        , m_mapping(std::move(mapping))
        , m_size(size)
    {
    }

    UniqueFd m_fd;
    std::unique_ptr<FileMapping> m_mapping;
    uint64_t m_size;
};

} // namespace vwb
