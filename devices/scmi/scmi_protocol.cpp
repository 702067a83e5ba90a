// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_protocol.h"

#include <algorithm>

namespace vwb {

ScmiStatus scmi_status(const Error& error)
{
    switch (error.kind()) {
    case ErrorKind::Invalid:
        return ScmiStatus::InvalidParameters;
    case ErrorKind::NotFound:
        return ScmiStatus::NotFound;
    case ErrorKind::Limit:
        return ScmiStatus::OutOfRange;
    case ErrorKind::Unsupported:
        return ScmiStatus::NotSupported;
    case ErrorKind::Timeout:
        return ScmiStatus::Busy;
    default:
        return ScmiStatus::HardwareError;
    }
}

const ScmiMessage* find_scmi_message(std::span<const ScmiMessage> messages, uint8_t id)
{
    const auto found = std::ranges::find(messages, id, &ScmiMessage::id);
    return found == messages.end() ? nullptr : &*found;
}

bool has_scmi_events(const ScmiProtocol& protocol)
{
    return std::ranges::any_of(protocol.messages(), &ScmiMessage::notifies);
}

} // namespace vwb
