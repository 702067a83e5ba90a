// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/message_names.h"

#include <array>

namespace vwb {
namespace {

constexpr std::array FRONT_END_NAMES = { "GET_FEATURES", "SET_FEATURES", "SET_OWNER", "RESET_OWNER",
    "SET_MEM_TABLE", "SET_LOG_BASE", "SET_LOG_FD", "SET_VRING_NUM", "SET_VRING_ADDR",
    "SET_VRING_BASE", "GET_VRING_BASE", "SET_VRING_KICK", "SET_VRING_CALL", "SET_VRING_ERR",
    "GET_PROTOCOL_FEATURES", "SET_PROTOCOL_FEATURES", "GET_QUEUE_NUM", "SET_VRING_ENABLE",
    "SEND_RARP", "NET_SET_MTU", "SET_BACKEND_REQ_FD", "IOTLB_MSG", "SET_VRING_ENDIAN", "GET_CONFIG",
    "SET_CONFIG", "CREATE_CRYPTO_SESSION", "CLOSE_CRYPTO_SESSION", "POSTCOPY_ADVISE",
    "POSTCOPY_LISTEN", "POSTCOPY_END", "GET_INFLIGHT_FD", "SET_INFLIGHT_FD", "GPU_SET_SOCKET",
    "RESET_DEVICE", "VRING_KICK", "GET_MAX_MEM_SLOTS", "ADD_MEM_REG", "REM_MEM_REG", "SET_STATUS",
    "GET_STATUS", "GET_SHARED_OBJECT", "SET_DEVICE_STATE_FD", "CHECK_DEVICE_STATE",
    "GET_SHMEM_CONFIG", "GET_VRING_BASE_SKIP_DRAIN" };
static_assert(
    FRONT_END_NAMES.size() == static_cast<size_t>(FrontEndMessage::GetVringBaseSkipDrain));

constexpr std::array BACK_END_NAMES = { "IOTLB_MSG", "CONFIG_CHANGE_MSG", "VRING_HOST_NOTIFIER_MSG",
    "VRING_CALL", "VRING_ERR", "SHARED_OBJECT_ADD", "SHARED_OBJECT_REMOVE", "SHARED_OBJECT_LOOKUP",
    "SHMEM_MAP", "SHMEM_UNMAP" };
static_assert(BACK_END_NAMES.size() == static_cast<size_t>(BackEndMessage::ShmemUnmap));

constexpr std::array FEATURE_NAMES = { "MQ", "LOG_SHMFD", "RARP", "REPLY_ACK", "MTU", "BACKEND_REQ",
    "CROSS_ENDIAN", "CRYPTO_SESSION", "PAGEFAULT", "CONFIG", "BACKEND_SEND_FD", "HOST_NOTIFIER",
    "INFLIGHT_SHMFD", "RESET_DEVICE", "INBAND_NOTIFICATIONS", "CONFIGURE_MEM_SLOTS", "STATUS",
    "XEN_MMAP", "SHARED_OBJECT", "DEVICE_STATE", "GET_VRING_BASE_INFLIGHT", "GPA_ADDRESSES",
    "SHMEM", "GET_VRING_BASE_SKIP_DRAIN" };
static_assert(
    FEATURE_NAMES.size() == static_cast<size_t>(ProtocolFeature::GetVringBaseSkipDrain) + 1);

// Message ids count from 1.
template <size_t N> const char* name_at(const std::array<const char*, N>& names, uint32_t id)
{
    return id >= 1 && id <= N ? names[id - 1] : nullptr;
}

} // namespace

const char* message_name(FrontEndMessage id)
{
    return name_at(FRONT_END_NAMES, static_cast<uint32_t>(id));
}

const char* message_name(BackEndMessage id)
{
    return name_at(BACK_END_NAMES, static_cast<uint32_t>(id));
}

std::string message_text(FrontEndMessage id)
{
    const char* name = message_name(id);
    return name ? name : "message " + std::to_string(static_cast<uint32_t>(id));
}

std::string protocol_feature_name(unsigned bit)
{
    return bit < FEATURE_NAMES.size() ? FEATURE_NAMES[bit] : "bit " + std::to_string(bit);
}

Value protocol_feature_names(uint64_t features)
{
    Value names = Value::list();
    for (unsigned bit = 0; bit < 64; ++bit) {
        if (features >> bit & 1)
            names.append(protocol_feature_name(bit));
    }
    return names;
}

} // namespace vwb
