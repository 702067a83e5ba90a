// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Memory table: from the memory messages of a front-end (SET_MEM_TABLE, ADD_MEM_REG, REM_MEM_REG)
// to the next GuestMemory. Whether rings can live in it is VringSetup's question.
#pragma once

#include "engine/memory/guest_memory.h"
#include "engine/vhost_user/connection.h"

namespace vwb {

// CONFIGURE_MEM_SLOTS: enough for the memory devices of QEMU.
inline constexpr size_t MAX_MEM_SLOTS = 32;

using SharedMemory = std::shared_ptr<const GuestMemory>;

// All take the descriptors of the message. Errors name what was found and what was expected.
Result<SharedMemory> read_memory_table(Message& message);
// now: the present table, or null pointer.
Result<SharedMemory> add_memory_region(const SharedMemory& now, Message& message);
// Chains that use the region keep it mapped until they are done.
Result<SharedMemory> remove_memory_region(const SharedMemory& now, const Message& message);

} // namespace vwb
