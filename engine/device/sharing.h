// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Sharing: what a device shares with its front-end beside guest memory: buffers that other devices
// find by a UUID (vhost-user, SHARED_OBJECT), and files that appear in the shared memory regions of
// its driver (virtio 1.4, 2.10; vhost-user, SHMEM). What the bytes are is the device's business,
// how the front-end is told the session's.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/base/unique_function.h"

#include <array>
#include <cstdint>
#include <string>

namespace vwb {

// As bytes in the order in which it is written: virtio resources and vhost-user have the same.
struct Uuid {
    std::array<uint8_t, 16> bytes {};

    auto operator<=>(const Uuid&) const = default;
};
std::string to_string(const Uuid& uuid); // "12345678-9abc-..."

// A piece of one of the driver's shared memory regions; all in bytes, all multiples of the page.
struct SharedPiece {
    uint8_t region = 0;
    uint64_t offset = 0;
    uint64_t size = 0;
};

enum class SharedAccess { ReadOnly, ReadWrite };

// Loop thread only. Nothing waits: an answer comes on the same loop, later or at once. Whatever was
// asked for, the answer is called exactly once, also if the session ends first. Errors: Unavailable
// if there is no session, or the front-end cannot do it; Invalid for what can be refused here;
// Protocol if the front-end has refused it; Closed if it has gone.
class Sharing {
public:
    using Done = UniqueFunction<void(Result<void>)>;
    using Found = UniqueFunction<void(Result<UniqueFd>)>;

    // Others find the file under this name until it is withdrawn, or the session ends.
    virtual void export_object(const Uuid& uuid, UniqueFd file, Done done) = 0;
    virtual void withdraw_object(const Uuid& uuid, Done done) = 0;
    // What another device has exported.
    virtual void look_up_object(const Uuid& uuid, Found found) = 0;

    // The driver sees the file from that offset on in the piece, until it is unmapped or the device
    // is reset. The piece overlaps none that is mapped; unmap() takes one as it was mapped.
    virtual void map(const SharedPiece& piece, UniqueFd file, uint64_t file_offset,
        SharedAccess access, Done done)
        = 0;
    virtual void unmap(const SharedPiece& piece, Done done) = 0;

protected:
    ~Sharing() = default;
};

// While there is no session: answers Unavailable.
Sharing& no_sharing();

} // namespace vwb
