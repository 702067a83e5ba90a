// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ArenaMapping: an array of the harness as guest memory, so that no run maps anything and a
// sanitizer sees who reads behind its end.
#pragma once

#include "engine/memory/memory_mapping.h"

namespace vwb::fuzz {

class ArenaMapping final : public MemoryMapping {
public:
    explicit ArenaMapping(std::byte* data)
        : m_data(data)
    {
    }
    std::byte* data() const override { return m_data; }
    bool lost() const override { return false; }

private:
    std::byte* m_data;
};

} // namespace vwb::fuzz
