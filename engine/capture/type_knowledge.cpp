// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/type_knowledge.h"

namespace vwb {

TwoWireFinder two_wire_of(const KnownTypes& types)
{
    return [&types](const std::string& type) -> TwoWireView {
        const auto known = types.find(type);
        return known == types.end() ? nullptr : known->second.two_wire;
    };
}

VariationFinder variations_of(const KnownTypes& types)
{
    return [&types](const std::string& type) {
        const auto known = types.find(type);
        return known == types.end() ? RunVariations() : known->second.variations;
    };
}

} // namespace vwb
