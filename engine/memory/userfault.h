// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Userfault: a userfaultfd of this process: whoever holds its descriptor is told of accesses to
// pages that are not there yet, and fills them (vhost-user, postcopy). Closing the last descriptor
// ends all of it. Which memory is watched, and who fills it, is its user's business.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <cstddef>
#include <span>

namespace vwb {

class Userfault {
public:
    // Errors: Unavailable if the kernel has none, or not for this user; says what would help.
    static Result<Userfault> open();

    // Registers all pages that hold some of the bytes. Who touches one that is missing sleeps until
    // it is filled. Errors: as the kernel says, e.g. for a kind of memory that cannot be filled.
    Result<void> watch(std::span<std::byte> bytes) const;
    int fd() const { return m_fd.get(); }

private:
    explicit Userfault(UniqueFd fd)
        : m_fd(std::move(fd))
    {
    }

    UniqueFd m_fd;
};

} // namespace vwb
