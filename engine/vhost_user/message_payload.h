// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Payloads of vhost-user messages as they are on the wire, in host byte order; a plain number is a
// uint64_t. Facts only; which message has which is the message table's.
#pragma once

#include <cstdint>

namespace vwb {

struct VringState {
    uint32_t index = 0;
    uint32_t num = 0;
};

// Addresses are of the front-end's address space (user addresses).
struct VringAddr {
    uint32_t index = 0;
    uint32_t flags = 0;
    uint64_t descriptor = 0;
    uint64_t used = 0; // before available, unlike everywhere else
    uint64_t available = 0;
    uint64_t log = 0; // guest physical address of the used ring; virtio_uml: ~0
};
inline constexpr uint32_t VRING_F_LOG = 1; // of the flags: log writes to the used ring

// The number of SET_VRING_KICK, _CALL and _ERR.
inline constexpr uint64_t VRING_INDEX_MASK = 0xff;
inline constexpr uint64_t VRING_NO_FD = 0x100;

struct MemoryRegionPayload {
    uint64_t guest_address = 0;
    uint64_t size = 0;
    uint64_t user_address = 0;
    uint64_t mmap_offset = 0;
};

// With XEN_MMAP each region has these behind it (see xen_mapping.h).
struct XenRegionPayload {
    MemoryRegionPayload region;
    uint32_t flags = 0;
    uint32_t domain = 0;
};

// SET_MEM_TABLE: followed by as many MemoryRegionPayload; virtio_uml sends more bytes than those.
struct MemoryTablePayload {
    uint32_t region_count = 0;
    uint32_t padding = 0;
};

// ADD_MEM_REG, REM_MEM_REG.
struct SingleRegionPayload {
    uint64_t padding = 0;
    MemoryRegionPayload region;
};

struct XenSingleRegionPayload {
    uint64_t padding = 0;
    XenRegionPayload region;
};

// GET_CONFIG, SET_CONFIG: followed by size bytes.
struct ConfigPayload {
    uint32_t offset = 0;
    uint32_t size = 0;
    uint32_t flags = 0;
};
inline constexpr uint32_t CONFIG_WRITE_OF_DRIVER = 0; // values, not bits
inline constexpr uint32_t CONFIG_WRITE_FOR_MIGRATION = 1;
inline constexpr uint32_t MAX_CONFIG_BYTES = 256; // QEMU's VHOST_USER_MAX_CONFIG_SIZE

// SET_LOG_BASE
struct LogPayload {
    uint64_t size = 0;
    uint64_t offset = 0;
};

// IOTLB_MSG, both directions.
inline constexpr uint8_t IOTLB_READ = 1; // bits of the permission
inline constexpr uint8_t IOTLB_WRITE = 2;
inline constexpr uint8_t IOTLB_MISS = 1; // types
inline constexpr uint8_t IOTLB_UPDATE = 2;
inline constexpr uint8_t IOTLB_INVALIDATE = 3;
inline constexpr uint8_t IOTLB_ACCESS_FAIL = 4;
struct IotlbPayload {
    uint64_t iova = 0;
    uint64_t size = 0;
    uint64_t user_address = 0;
    uint8_t permission = 0;
    uint8_t type = 0;
    uint8_t padding[6] = {};
};

// GET_INFLIGHT_FD, SET_INFLIGHT_FD
struct InflightPayload {
    uint64_t mmap_size = 0;
    uint64_t mmap_offset = 0;
    uint16_t queue_count = 0;
    uint16_t queue_size = 0;
    uint32_t padding = 0;
};

// SET_DEVICE_STATE_FD
struct DeviceStatePayload {
    uint32_t direction = 0;
    uint32_t phase = 0;
};
inline constexpr uint32_t DEVICE_STATE_SAVE = 0;
inline constexpr uint32_t DEVICE_STATE_LOAD = 1;
inline constexpr uint32_t DEVICE_STATE_PHASE_STOPPED = 0;
// The answer: bits 0..7 an error, bit 8 that no descriptor comes with it.
inline constexpr uint64_t DEVICE_STATE_NO_FD = 0x100;

// SHARED_OBJECT_*, GET_SHARED_OBJECT
struct SharedObjectPayload {
    uint8_t uuid[16] = {};
};

// SHMEM_MAP, SHMEM_UNMAP
struct ShmemMapPayload {
    uint8_t region = 0;
    uint8_t padding[7] = {};
    uint64_t fd_offset = 0;
    uint64_t offset = 0; // in the shared memory region
    uint64_t size = 0;
    uint64_t flags = 0; // 0: read-only, 1: writable
};

// GET_SHMEM_CONFIG
struct ShmemConfigPayload {
    uint32_t region_count = 0;
    uint32_t padding = 0;
    uint64_t sizes[256] = {}; // by region; 0: there is none
};

static_assert(sizeof(VringState) == 8 && sizeof(VringAddr) == 40);
static_assert(sizeof(MemoryRegionPayload) == 32 && sizeof(MemoryTablePayload) == 8);
static_assert(sizeof(XenRegionPayload) == 40 && sizeof(XenSingleRegionPayload) == 48);
static_assert(sizeof(SingleRegionPayload) == 40 && sizeof(ConfigPayload) == 12);
static_assert(sizeof(LogPayload) == 16 && sizeof(IotlbPayload) == 32);
static_assert(sizeof(InflightPayload) == 24);
static_assert(sizeof(DeviceStatePayload) == 8 && sizeof(SharedObjectPayload) == 16);
static_assert(sizeof(ShmemMapPayload) == 40 && sizeof(ShmemConfigPayload) == 2056);

} // namespace vwb
