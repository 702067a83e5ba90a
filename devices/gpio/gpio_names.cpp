// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_names.h"

#include <algorithm>
#include <map>

namespace vwb {

static Error bad_name(size_t line, const std::string& text)
{
    return { ErrorKind::Invalid, "name of line " + std::to_string(line) + " " + text };
}

static Result<void> check_name(size_t line, const std::string& name)
{
    if (name.size() > GpioNames::MAX_NAME_BYTES)
        return bad_name(line,
            "has " + std::to_string(name.size()) + " bytes; at most "
                + std::to_string(GpioNames::MAX_NAME_BYTES) + " are possible");
    // virtio 1.4, 5.18.6.1: names are 7-bit ASCII, and a zero ends a name.
    const bool text = std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
    if (!text)
        return bad_name(line, "has a character that is not printable 7-bit ASCII");
    return {};
}

GpioNames::GpioNames(std::vector<std::string> names, std::string block)
    : m_names(std::move(names))
    , m_block(std::move(block))
{
}

Result<GpioNames> GpioNames::create(std::vector<std::string> names)
{
    std::map<std::string_view, size_t> line_of;
    std::string block;
    for (size_t line = 0; line < names.size(); ++line) {
        const auto& name = names[line];
        VWB_TRY(check_name(line, name));
        block.append(name.c_str(), name.size() + 1);
        if (name.empty())
            continue;
        // virtio 1.4, 5.18.6.9: a name is unique within its device.
        const auto [other, added] = line_of.emplace(name, line);
        if (!added)
            return bad_name(line,
                "is '" + name + "', which is the name of line " + std::to_string(other->second));
    }
    // virtio 1.4, 5.18.6.9: gpio_names_size is 0 if there are no names.
    if (line_of.empty())
        block.clear();
    return GpioNames(std::move(names), std::move(block));
}

} // namespace vwb
