// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CRC-32 as Ethernet, zlib and PNG have it (reflected polynomial 0xedb88320), eight bytes a step:
// it finds damage in capture files. No defence against somebody who means harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vwb {

// Of several parts in a row: the result of one is the start of the next.
uint32_t crc32(std::span<const std::byte> bytes, uint32_t start = 0);

} // namespace vwb
