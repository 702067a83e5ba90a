// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The names of messages and protocol features as the vhost-user document spells them, for trace,
// log and observers. Nothing on the way of a message depends on them.
#pragma once

#include "engine/base/value.h"
#include "engine/vhost_user/message.h"

#include <string>

namespace vwb {

// Without the prefixes VHOST_USER_ and VHOST_USER_BACKEND_; null pointer if there is no such id.
const char* message_name(FrontEndMessage id);
const char* message_name(BackEndMessage id);

// "SET_VRING_NUM", or "message 99".
std::string message_text(FrontEndMessage id);

// Without VHOST_USER_PROTOCOL_F_; "bit 40" if it has no name.
std::string protocol_feature_name(unsigned bit);
// Names of all set bits.
Value protocol_feature_names(uint64_t features);

} // namespace vwb
