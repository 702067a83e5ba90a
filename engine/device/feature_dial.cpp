// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/feature_dial.h"

#include "engine/base/config.h"

#include <optional>

namespace vwb {
namespace {

constexpr unsigned BITS = 64;

std::optional<unsigned> find_bit(const std::string& name, const FeatureNamer& name_of)
{
    for (unsigned bit = 0; bit < BITS; ++bit) {
        if (name_of(bit) == name || "bit " + std::to_string(bit) == name)
            return bit;
    }
    return {};
}

std::vector<std::string> names_in(uint64_t mask, const FeatureNamer& name_of)
{
    std::vector<std::string> names;
    for (unsigned bit = 0; bit < BITS; ++bit) {
        if (mask >> bit & 1)
            names.push_back(name_of(bit));
    }
    return names;
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text.empty() ? "none" : text;
}

} // namespace

Result<uint64_t> parse_feature_bits(const std::vector<std::string>& names, uint64_t mask,
    const char* what, const FeatureNamer& name_of)
{
    uint64_t bits = 0;
    for (const auto& name : names) {
        const auto known = names_in(mask, name_of);
        const auto bit = find_bit(name, name_of);
        if (!bit) {
            const auto near = nearest_word(name, known);
            return Error(ErrorKind::NotFound,
                "no feature '" + name.substr(0, 100) + "'"
                    + (near.empty() ? "" : "; did you mean '" + near + "'?"));
        }
        if (!(mask >> *bit & 1))
            return Error(ErrorKind::Invalid,
                name + " cannot be " + what + " here; what can: " + joined(known));
        bits |= uint64_t { 1 } << *bit;
    }
    return bits;
}

} // namespace vwb
