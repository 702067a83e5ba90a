// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vhost-user messages as they are on the wire: header, ids, protocol features. All are in host byte
// order and copied, never cast into. Facts only: who may send what when is the session's, framing
// is Connection's. Shared by back-end and front-end.
#pragma once

#include "engine/vhost_user/message_payload.h"

#include <cstddef>
#include <cstdint>

namespace vwb {

struct MessageHeader {
    uint32_t request = 0;
    uint32_t flags = 0;
    uint32_t size = 0; // of the payload
};

static_assert(sizeof(MessageHeader) == 12);

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

} // namespace vwb
