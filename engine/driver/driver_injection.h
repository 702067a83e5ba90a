// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverInjection: one request given to a device as a guest would, over its socket, rightly or
// wrongly: the built-in driver for as long as that takes. Blocks; any thread.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vwb {

// What a guest can do wrong with a chain. Names: breakage_names().
enum class Breakage : uint8_t {
    WritableFirst, // a writable descriptor before the readable ones
    Loop, // the last descriptor leads to the first; of a packed ring: on, round all of it
    NextOutOfRange, // the first one leads behind the table; to where nothing is available
    AddressOutside, // a buffer where there is no memory
    LengthBeyond, // a buffer that reaches beyond the memory
    UnknownFlags, // a reserved flag is set
    EmptyChain, // a buffer of no bytes
    HeadOutOfRange, // the chain is said to be one (of a packed ring: an id) that cannot be
};

std::string breakage_names();
// Errors: Invalid, with the nearest.
Result<Breakage> parse_breakage(const std::string& name);

struct DriverInjection {
    unsigned queue = 0;
    std::vector<std::byte> readable;
    uint32_t writable_bytes = 0;
    std::optional<Breakage> breakage;
    bool packed = false;
    Duration timeout = std::chrono::seconds(3);
};

struct DriverInjectionOutcome {
    uint32_t used_length = 0;
    std::vector<std::byte> writable; // as the driver finds it
    std::string note; // what became of a broken one
};

// Errors: as BuiltinDriver; NotFound for a queue that the device does not have; Unsupported if
// it does not offer packed rings.
Result<DriverInjectionOutcome> inject_as_guest(
    const std::string& socket_path, const DriverInjection& injection);

} // namespace vwb
