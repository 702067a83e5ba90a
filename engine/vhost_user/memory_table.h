// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Memory table: from the memory messages of a front-end (SET_MEM_TABLE, ADD_MEM_REG, REM_MEM_REG)
// to the next GuestMemory. Whether rings can live in it is VringSetup's question.
#pragma once

#include "engine/memory/guest_memory.h"
#include "engine/memory/xen_memory.h"
#include "engine/vhost_user/connection.h"

namespace vwb {

// CONFIGURE_MEM_SLOTS: enough for the memory devices of QEMU.
inline constexpr size_t MAX_MEM_SLOTS = 32;

using SharedMemory = std::shared_ptr<const GuestMemory>;

// All take the descriptors of the message. Errors name what was found and what was expected.
// xen: maps the regions of a front-end that has accepted XEN_MMAP; null pointer: it has not. One
// that has and nevertheless sends ordinary regions (QEMU accepts bits that it does not know) is
// taken at its word.
Result<SharedMemory> read_memory_table(Message& message, XenMemory* xen);
// now: the present table, or null pointer.
Result<SharedMemory> add_memory_region(const SharedMemory& now, Message& message, XenMemory* xen);
// Chains that use the region keep it mapped until they are done.
Result<SharedMemory> remove_memory_region(const SharedMemory& now, const Message& message);

} // namespace vwb
