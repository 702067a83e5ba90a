// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SessionStage: how far a front-end has come, for observers and the trace (TraceKind::State). It is
// derived from what was set up; nothing depends on it.
#pragma once

#include <cstdint>

namespace vwb {

enum class SessionStage : uint32_t {
    Listening, // no front-end
    Connected,
    Features, // virtio features are accepted
    Memory, // there is a memory table
    Running, // at least one ring is started and enabled
    Stopped, // rings were started, none runs now
    Ended, // an adopted connection is over, and nothing listens for another
};

constexpr const char* to_string(SessionStage stage)
{
    switch (stage) {
    case SessionStage::Listening:
        return "listening";
    case SessionStage::Connected:
        return "connected";
    case SessionStage::Features:
        return "features";
    case SessionStage::Memory:
        return "memory";
    case SessionStage::Running:
        return "running";
    case SessionStage::Stopped:
        return "stopped";
    case SessionStage::Ended:
        return "ended";
    }
    return "unknown";
}

} // namespace vwb
