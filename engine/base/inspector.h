// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Inspector: how an object publishes its own state as a tree, without getters for observers. The
// control server serves any path of the tree. Collecting costs only when somebody asks.
#pragma once

#include "engine/base/value.h"

#include <string_view>

namespace vwb {

class Inspector {
public:
    void field(std::string_view name, Value value) { m_tree.set(name, std::move(value)); }
    // A number that people read in hexadecimal: published as "0x..." text.
    void hex(std::string_view name, uint64_t value);

    // child("queue0", [&](Inspector& inspector) { ... })
    template <typename Publish> void child(std::string_view name, Publish&& publish)
    {
        Inspector inner;
        publish(inner);
        m_tree.set(name, std::move(inner).tree());
    }

    Value tree() && { return std::move(m_tree); }

private:
    Value m_tree = Value::object();
};

std::string hex_text(uint64_t value);

} // namespace vwb
