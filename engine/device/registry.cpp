// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/registry.h"

#include <algorithm>

namespace vwb {

const DeviceType* Registry::find(std::string_view name) const
{
    const auto found = std::ranges::find(m_types, name, &DeviceType::name);
    return found == m_types.end() ? nullptr : &*found;
}

} // namespace vwb
