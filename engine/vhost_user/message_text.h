// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a vhost-user message says, as named fields for people: of the messages whose content is a
// number, a ring's state or address, memory regions, or a piece of config space. For observers
// only; nothing acts on it.
#pragma once

#include "engine/base/value.h"
#include "engine/vhost_user/message.h"

#include <cstddef>
#include <span>

namespace vwb {

// An object of named fields; {bytes} as hexadecimal text, cut after 32, for what has no form that
// is known or does not have its size; null if there are no bytes.
Value describe_payload(FrontEndMessage id, std::span<const std::byte> payload);

} // namespace vwb
