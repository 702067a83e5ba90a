// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RngActions: what observers can ask of an entropy device: its counters, its rate limit, and what
// its source offers. Part of RngDevice.
#pragma once

#include "engine/base/actions.h"

namespace vwb {

class RngDevice;

class RngActions final : public Actions {
public:
    explicit RngActions(RngDevice& device)
        : m_device(device)
    {
    }

    std::vector<ActionInfo> action_list() const override;
    Result<Value> call_action(std::string_view name, const Value& parameters) override;

private:
    Value signals() const;
    Result<Value> get(const std::string& signal) const;
    Result<Value> rate(const Value& parameters);
    Result<Value> starve(const Value& parameters);
    Result<Value> shorten(const Value& parameters);

    RngDevice& m_device;
};

} // namespace vwb
