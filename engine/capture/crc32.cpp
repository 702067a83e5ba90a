// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/crc32.h"

#include "engine/base/endian.h"

#include <array>
#include <cstring>

namespace vwb {
namespace {

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// Table n: what a byte does to the remainder when n more bytes follow it in the same step.
constexpr Tables make_tables()
{
    Tables tables {};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit)
            value = value & 1 ? value >> 1 ^ 0xedb88320U : value >> 1;
        tables[0][byte] = value;
    }
    for (size_t n = 1; n < tables.size(); ++n) {
        for (size_t byte = 0; byte < 256; ++byte) {
            const uint32_t before = tables[n - 1][byte];
            tables[n][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

constexpr Tables TABLES = make_tables();

} // namespace

uint32_t crc32(std::span<const std::byte> bytes, uint32_t start)
{
    uint32_t crc = ~start;
    while (bytes.size() >= 8) {
        uint64_t word;
        std::memcpy(&word, bytes.data(), sizeof word);
        word = little_endian(word) ^ crc;
        crc = 0;
        for (size_t i = 0; i < 8; ++i)
            crc ^= TABLES[7 - i][word >> 8 * i & 0xff];
        bytes = bytes.subspan(8);
    }
    for (const std::byte byte : bytes)
        crc = crc >> 8 ^ TABLES[0][(crc ^ std::to_integer<uint32_t>(byte)) & 0xff];
    return ~crc;
}

} // namespace vwb
