// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Entropy device on the wire (virtio 1.4, 5.4): one queue of device-writable buffers, no feature
// bits, no config space. Constants only.
#pragma once

#include <cstdint>

namespace vwb {

// virtio 1.4, 5.4.1 and 5.4.2.
inline constexpr uint32_t VIRTIO_ID_ENTROPY = 4;
inline constexpr unsigned RNG_REQUESTQ = 0;

} // namespace vwb
