// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// MethodTable: the methods of the control protocol with what rpc.discover says of them. Checks
// names and types of parameters before a method sees them; what methods do is in methods_*.cpp.
#pragma once

#include "engine/base/actions.h"
#include "engine/control/rpc_session.h"

#include <functional>
#include <string>
#include <vector>

namespace vwb {

struct RpcMethod {
    // Parameter types: those of actions, and "object", "list", "any".
    ActionInfo info;
    std::string result; // what it answers
    std::vector<ErrorKind> errors {}; // beside Invalid, which every method may answer
    std::function<void(RpcCall)> handler {};
};

class MethodTable {
public:
    void add(RpcMethod method) { m_methods.push_back(std::move(method)); }

    // Parameters by position are given their names; wrong ones are answered here.
    void handle(RpcCall call) const;

    const std::vector<RpcMethod>& methods() const { return m_methods; }
    Value describe() const;

private:
    std::vector<RpcMethod> m_methods;
};

// {name, help, parameters: [{name, type, required, help}]}
Value describe_action(const ActionInfo& action);

} // namespace vwb
