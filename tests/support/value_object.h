// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// object({{name, value}, ...}): a Value as tests write it.
#pragma once

#include "engine/base/value.h"

#include <initializer_list>

namespace vwb::test {

inline Value object(std::initializer_list<Value::Member> members)
{
    return Value(Value::Object(members));
}

} // namespace vwb::test
