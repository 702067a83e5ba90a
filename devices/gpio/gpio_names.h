// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioNames: the names of all lines as the block of bytes that GET_LINE_NAMES answers (virtio 1.4,
// 5.18.6.1). Checked once when the device is made, constant from then on.
#pragma once

#include "engine/base/result.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace vwb {

class GpioNames {
public:
    static constexpr size_t MAX_NAME_BYTES = 255;

    // One name per line, empty for a line that has none. Errors: Invalid for a name that is not
    // unique, too long, or not 7-bit text.
    static Result<GpioNames> create(std::vector<std::string> names);

    // A zero-terminated name for each line; empty if no line has a name.
    std::span<const std::byte> block() const { return std::as_bytes(std::span(m_block)); }
    const std::string& name(size_t line) const { return m_names[line]; }

private:
    GpioNames(std::vector<std::string> names, std::string block);

    std::vector<std::string> m_names;
    std::string m_block;
};

} // namespace vwb
