// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Feature bits of the engine: those that rings and transport have, for every device type alike.
#pragma once

#include <cstdint>

namespace vwb {

constexpr uint64_t feature_bit(unsigned bit)
{
    return uint64_t { 1 } << bit;
}

// virtio 1.4, 6 (names verbatim, without VIRTIO_F_).
inline constexpr uint64_t F_INDIRECT_DESC = feature_bit(28);
inline constexpr uint64_t F_EVENT_IDX = feature_bit(29);
inline constexpr uint64_t F_VERSION_1 = feature_bit(32);
inline constexpr uint64_t F_ACCESS_PLATFORM = feature_bit(33);
inline constexpr uint64_t F_RING_PACKED = feature_bit(34);
inline constexpr uint64_t F_IN_ORDER = feature_bit(35);
inline constexpr uint64_t F_RING_RESET = feature_bit(40);
// vhost-user only, never seen by a driver.
inline constexpr uint64_t VHOST_F_LOG_ALL = feature_bit(26);
inline constexpr uint64_t VHOST_USER_F_PROTOCOL_FEATURES = feature_bit(30);
// What a session offers beside device and ring bits, and keeps from the device.
inline constexpr uint64_t SESSION_FEATURES = VHOST_F_LOG_ALL | VHOST_USER_F_PROTOCOL_FEATURES;

// What every device of ours offers beside its own bits. RING_RESET is what a front-end makes of
// stopping one ring and starting it anew. NOTIFICATION_DATA (38) is not offered: a kick descriptor
// carries no data, and a VRING_KICK message no more than the ring's number.
inline constexpr uint64_t RING_FEATURES
    = F_INDIRECT_DESC | F_EVENT_IDX | F_VERSION_1 | F_RING_PACKED | F_RING_RESET;
// What a device offers besides whose queues park no requests. Parked ones come back out of order,
// and virtio 1.4, 6 (IN_ORDER) wants all buffers used in the order of being made available.
inline constexpr uint64_t ORDERLY_RING_FEATURES = F_IN_ORDER;
// What it offers when its feature dial says so.
inline constexpr uint64_t OPTIONAL_RING_FEATURES = F_ACCESS_PLATFORM;

} // namespace vwb
