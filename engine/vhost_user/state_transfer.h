// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// StateTransfer: the bytes of a device's state on their way to or from a front-end (vhost-user,
// Migrating back-end state), over a pipe and without ever blocking. What they mean is DeviceHost's.
#pragma once

#include "engine/base/unique_fd.h"
#include "engine/event/event_loop.h"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace vwb {

// Owner: MessageHandlers. Loop thread only.
class StateTransfer {
public:
    enum class Direction { Save, Load };

    // bytes: what is saved; empty for a load. Errors: Invalid if the descriptor is of a file that
    // cannot be waited for.
    static Result<std::unique_ptr<StateTransfer>> start(
        EventLoop& loop, UniqueFd fd, Direction direction, std::vector<std::byte> bytes = {});
    StateTransfer(const StateTransfer&) = delete;
    StateTransfer& operator=(const StateTransfer&) = delete;

    Direction direction() const { return m_direction; }
    // What is due without waiting; then whether all of it came through. Errors: Protocol if the
    // other end is not finished; Io; Limit for a state that is no state any more.
    Result<void> finish();
    std::span<const std::byte> bytes() const { return m_bytes; }

    static constexpr size_t MAX_BYTES = size_t { 16 } << 20;

private:
    StateTransfer(UniqueFd fd, Direction direction, std::vector<std::byte> bytes);
    void go_on();
    void write_some();
    void read_some();
    void end(Result<void> outcome);

    UniqueFd m_fd; // closed at the end: that is what tells the other one
    Watch m_watch;
    Direction m_direction;
    std::vector<std::byte> m_bytes;
    size_t m_written = 0;
    Result<void> m_outcome;
};

} // namespace vwb
