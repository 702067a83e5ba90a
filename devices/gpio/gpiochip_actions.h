// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpiochipActions: what observers can see of lines of a real chip. They move nothing: whoever is at
// the other end of a real line does that. Owned by the bank, on its loop.
#pragma once

#include "engine/base/verb_actions.h"

#include <cstdint>

namespace vwb {

class GpiochipBank;

class GpiochipActions final : public VerbActions<GpiochipActions> {
public:
    explicit GpiochipActions(const GpiochipBank& bank);

private:
    Result<Value> get(const Value& parameters);
    Result<Value> signals(const Value& parameters);
    Result<uint16_t> find(const std::string& signal) const;
    std::string name_of(uint16_t line) const;

    const GpiochipBank& m_bank;
};

} // namespace vwb
