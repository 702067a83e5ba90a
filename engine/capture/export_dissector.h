// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A Wireshark dissector in Lua for the packets that PcapngExport writes: what it knows of devices
// is made from their wire schemas, so that a field added there can be filtered for here. It is
// text: nothing of it runs in this program.
#pragma once

#include "engine/device/schema.h"

#include <span>
#include <string>

namespace vwb {

struct DissectedType {
    uint32_t device_id;
    const Schema* schema; // fields are called "virtio<device>.<field>"
};

std::string dissector_text(std::span<const DissectedType> types);

} // namespace vwb
