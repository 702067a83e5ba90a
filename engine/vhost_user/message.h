// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vhost-user messages as they are on the wire: header, ids, payloads, protocol features. All are in
// host byte order and copied, never cast into. Facts only: who may send what when is the session's,
// framing is Connection's. Shared by back-end and front-end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vwb {

struct MessageHeader {
    uint32_t request = 0;
    uint32_t flags = 0;
    uint32_t size = 0; // of the payload
};

inline constexpr uint32_t MESSAGE_VERSION_MASK = 0x3;
inline constexpr uint32_t MESSAGE_VERSION = 0x1;
inline constexpr uint32_t MESSAGE_REPLY = 0x4;
inline constexpr uint32_t MESSAGE_NEED_REPLY = 0x8;
// Exactly these: QEMU and virtio_uml take anything else for a protocol error.
inline constexpr uint32_t MESSAGE_REPLY_FLAGS = MESSAGE_VERSION | MESSAGE_REPLY;

// The largest payload that the protocol has is the shared memory configuration (2056 bytes).
inline constexpr uint32_t MAX_MESSAGE_PAYLOAD = 4096;
// vhost-user, Communication: VHOST_USER_MAX_FDS of the implementations in use.
inline constexpr size_t MAX_MESSAGE_FDS = 8;

// From front-end to back-end.
enum class FrontEndMessage : uint32_t {
    GetFeatures = 1,
    SetFeatures = 2,
    SetOwner = 3,
    ResetOwner = 4,
    SetMemTable = 5,
    SetLogBase = 6,
    SetLogFd = 7,
    SetVringNum = 8,
    SetVringAddr = 9,
    SetVringBase = 10,
    GetVringBase = 11,
    SetVringKick = 12,
    SetVringCall = 13,
    SetVringErr = 14,
    GetProtocolFeatures = 15,
    SetProtocolFeatures = 16,
    GetQueueNum = 17,
    SetVringEnable = 18,
    SendRarp = 19,
    NetSetMtu = 20,
    SetBackendReqFd = 21,
    IotlbMsg = 22,
    SetVringEndian = 23,
    GetConfig = 24,
    SetConfig = 25,
    CreateCryptoSession = 26,
    CloseCryptoSession = 27,
    PostcopyAdvise = 28,
    PostcopyListen = 29,
    PostcopyEnd = 30,
    GetInflightFd = 31,
    SetInflightFd = 32,
    GpuSetSocket = 33,
    ResetDevice = 34,
    VringKick = 35,
    GetMaxMemSlots = 36,
    AddMemReg = 37,
    RemMemReg = 38,
    SetStatus = 39,
    GetStatus = 40,
    GetSharedObject = 41,
    SetDeviceStateFd = 42,
    CheckDeviceState = 43,
    GetShmemConfig = 44,
    GetVringBaseSkipDrain = 45,
};

// From back-end to front-end, on the socket of SET_BACKEND_REQ_FD.
enum class BackEndMessage : uint32_t {
    IotlbMsg = 1,
    ConfigChangeMsg = 2,
    VringHostNotifierMsg = 3,
    VringCall = 4,
    VringErr = 5,
    SharedObjectAdd = 6,
    SharedObjectRemove = 7,
    SharedObjectLookup = 8,
    ShmemMap = 9,
    ShmemUnmap = 10,
};

// Bit numbers of GET/SET_PROTOCOL_FEATURES.
enum class ProtocolFeature : unsigned {
    Mq = 0,
    LogShmfd = 1,
    Rarp = 2,
    ReplyAck = 3,
    Mtu = 4,
    BackendReq = 5,
    CrossEndian = 6,
    CryptoSession = 7,
    Pagefault = 8,
    Config = 9,
    BackendSendFd = 10,
    HostNotifier = 11,
    InflightShmfd = 12,
    ResetDevice = 13,
    InbandNotifications = 14,
    ConfigureMemSlots = 15,
    Status = 16,
    XenMmap = 17,
    SharedObject = 18,
    DeviceState = 19,
    GetVringBaseInflight = 20,
    GpaAddresses = 21,
    Shmem = 22,
    GetVringBaseSkipDrain = 23,
};

constexpr uint64_t protocol_bit(ProtocolFeature feature)
{
    return uint64_t { 1 } << static_cast<unsigned>(feature);
}

// --- payloads; a plain number is a uint64_t ---

struct VringState {
    uint32_t index = 0;
    uint32_t num = 0;
};

// Addresses are of the front-end's address space (user addresses).
struct VringAddr {
    uint32_t index = 0;
    uint32_t flags = 0; // bit 0: log writes to the used ring
    uint64_t descriptor = 0;
    uint64_t used = 0; // before available, unlike everywhere else
    uint64_t available = 0;
    uint64_t log = 0; // virtio_uml: ~0
};

// The number of SET_VRING_KICK, _CALL and _ERR.
inline constexpr uint64_t VRING_INDEX_MASK = 0xff;
inline constexpr uint64_t VRING_NO_FD = 0x100;

struct MemoryRegionPayload {
    uint64_t guest_address = 0;
    uint64_t size = 0;
    uint64_t user_address = 0;
    uint64_t mmap_offset = 0;
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

static_assert(sizeof(MessageHeader) == 12 && sizeof(VringState) == 8 && sizeof(VringAddr) == 40);
static_assert(sizeof(MemoryRegionPayload) == 32 && sizeof(MemoryTablePayload) == 8);
static_assert(sizeof(SingleRegionPayload) == 40 && sizeof(ConfigPayload) == 12);
static_assert(sizeof(LogPayload) == 16 && sizeof(IotlbPayload) == 32);
static_assert(sizeof(InflightPayload) == 24);

} // namespace vwb
