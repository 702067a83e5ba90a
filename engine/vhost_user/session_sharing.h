// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SessionSharing: what a device shares with its front-end over one session (vhost-user,
// SHARED_OBJECT and SHMEM): the account of what is exported and mapped, what of it can be refused
// without asking, and the messages. When we may speak at all is the session's business.
#pragma once

#include "engine/device/device_host.h"
#include "engine/vhost_user/backend_channel.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace vwb {

// Owner: MessageHandlers. Loop thread only.
class SessionSharing final : public Sharing {
public:
    // What a message needs now: its protocol feature, and a channel that may be spoken on. Errors:
    // Unavailable.
    struct Way {
        BackendChannel* channel;
        BackendChannel::Acknowledge acknowledge;
    };
    using FindWay = std::function<Result<Way>(ProtocolFeature feature)>;

    SessionSharing(DeviceHost& host, FindWay find_way);

    void export_object(const Uuid& uuid, UniqueFd file, Done done) override;
    void withdraw_object(const Uuid& uuid, Done done) override;
    void look_up_object(const Uuid& uuid, Found found) override;
    void map(const SharedPiece& piece, UniqueFd file, uint64_t file_offset, SharedAccess access,
        Done done) override;
    void unmap(const SharedPiece& piece, Done done) override;

    // The front-end asks for what we export: a copy, or none if there is no such object.
    UniqueFd object(const Uuid& uuid) const;
    // vhost-user, SHMEM: a device reset takes away all mappings.
    void forget_mappings() { m_state->pieces.clear(); }
    void inspect(Inspector& inspector) const;

    // Each holds a descriptor.
    static constexpr size_t MAX_OBJECTS = 1024;
    static constexpr size_t MAX_MAPPINGS = 1024;
    static constexpr uint64_t PAGE = 4096;

private:
    // Answers may come when the session has gone.
    struct State {
        std::map<Uuid, UniqueFd> objects;
        std::vector<SharedPiece> pieces;
    };

    Result<void> check_export(const Uuid& uuid, const UniqueFd& file) const;
    Result<void> check_piece(const SharedPiece& piece) const;
    Result<void> check_free(const SharedPiece& piece) const;

    DeviceHost& m_host;
    FindWay m_find_way;
    std::shared_ptr<State> m_state = std::make_shared<State>();
};

} // namespace vwb
