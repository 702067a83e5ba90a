// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// VerbActions: actions that are member functions of one class, described, checked and called from
// one table of them, which its constructor fills in.
#pragma once

#include "engine/base/actions.h"

#include <utility>

namespace vwb {

// "there is no action 'gat'; did you mean 'get'?"
Error unknown_action(std::string_view name, const std::vector<ActionInfo>& known);

template <typename Self> class VerbActions : public Actions {
public:
    std::vector<ActionInfo> action_list() const final
    {
        std::vector<ActionInfo> list;
        for (const auto& entry : m_entries)
            list.push_back(entry.info);
        return list;
    }
    Result<Value> call_action(std::string_view name, const Value& parameters) final
    {
        for (const auto& entry : m_entries) {
            if (entry.info.name != name)
                continue;
            VWB_TRY(check_parameters(entry.info, parameters));
            return (static_cast<Self&>(*this).*entry.verb)(parameters);
        }
        return unknown_action(name, action_list());
    }

protected:
    using Verb = Result<Value> (Self::*)(const Value&); // called with checked parameters

    void add(const char* name, const char* help, Verb verb, std::vector<ActionParameter> parameters)
    {
        m_entries.push_back({ { name, help, std::move(parameters) }, verb });
    }

private:
    struct Entry {
        ActionInfo info;
        Verb verb;
    };
    std::vector<Entry> m_entries;
};

} // namespace vwb
