// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/device.h"

#include <algorithm>

namespace vwb {

void Device::read_config(uint32_t, std::span<std::byte> out) const
{
    VWB_ASSERT(traits().config_size == 0); // a device with a config space overrides this
    std::ranges::fill(out, std::byte { 0 });
}

Result<void> Device::write_config(uint32_t offset, std::span<const std::byte> bytes)
{
    return Error(ErrorKind::Invalid,
        "config space is read-only (" + std::to_string(bytes.size()) + " bytes written at offset "
            + std::to_string(offset) + ")");
}

Result<void> Device::load_state(std::span<const std::byte>)
{
    return Error(ErrorKind::Unsupported, "the device has no state that could be loaded");
}

} // namespace vwb
