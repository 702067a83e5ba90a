// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What exports and comparisons know of a type of device beside its wire schema. main() says which
// types there are.
#pragma once

#include "engine/capture/captured_run.h"
#include "engine/capture/two_wire.h"

#include <map>
#include <string>

namespace vwb {

struct TypeKnowledge {
    TwoWireView two_wire = nullptr; // requests as I2C transfers; null pointer: there is no such bus
    RunVariations variations {};
};

using KnownTypes = std::map<std::string, TypeKnowledge>; // by type: "gpio"

// They refer to the types, which live longer.
TwoWireFinder two_wire_of(const KnownTypes& types);
VariationFinder variations_of(const KnownTypes& types);

} // namespace vwb
