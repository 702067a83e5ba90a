// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The messages of a front-end that migrates its guest.
#include "engine/vhost_user/frontend.h"
#include "engine/vhost_user/message_names.h"

namespace vwb {

Result<void> Frontend::set_log_base(int fd, uint64_t offset, uint64_t size)
{
    constexpr auto id = FrontEndMessage::SetLogBase;
    const LogPayload payload { size, offset };
    const auto reply = VWB_TRY(exchange(id, MESSAGE_VERSION, bytes_of(payload), { &fd, 1 }));
    // Back-ends agree on a reply, and on nothing that is in it: libvhost-user sends the payload
    // back, DPDK nothing.
    const uint64_t verdict
        = reply.payload.size() == sizeof(uint64_t) ? reply.read<uint64_t>() : uint64_t { 0 };
    if (verdict != 0 && verdict != size)
        return Error(ErrorKind::Protocol,
            message_text(id) + ": the back-end refused it (verdict " + std::to_string(verdict)
                + ")");
    return {};
}

Result<void> Frontend::set_log_fd(int fd)
{
    return tell(FrontEndMessage::SetLogFd, {}, { &fd, 1 });
}

} // namespace vwb
