// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SharedObjects: which back-end of a VMM has exported which object (vhost-user, SHARED_OBJECT), by
// the front-ends that talk to them. The files stay with the back-ends: they are asked for them.
#pragma once

#include "engine/device/sharing.h"

#include <map>

namespace vwb {

class Frontend;

// One thread, that of all its front-ends; outlives them.
class SharedObjects {
public:
    // False if somebody has exported it already, there is no room, or the UUID is 0.
    bool add(const Uuid& uuid, Frontend& owner)
    {
        return uuid != Uuid {} && m_owners.size() < MAX_OBJECTS
            && m_owners.try_emplace(uuid, &owner).second;
    }
    // False unless this one has exported it.
    bool remove(const Uuid& uuid, const Frontend& owner)
    {
        return find(uuid) == &owner && m_owners.erase(uuid) > 0;
    }
    Frontend* find(const Uuid& uuid) const
    {
        const auto found = m_owners.find(uuid);
        return found == m_owners.end() ? nullptr : found->second;
    }
    // Its back-end has gone.
    void forget(const Frontend& owner)
    {
        std::erase_if(m_owners, [&owner](const auto& entry) { return entry.second == &owner; });
    }
    size_t size() const { return m_owners.size(); }

    static constexpr size_t MAX_OBJECTS = 4096;

private:
    std::map<Uuid, Frontend*> m_owners;
};

} // namespace vwb
