// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// TwoWireTransfer: a request as what it does on an I2C bus, for formats that know such a bus. Which
// requests are transfers, and what is in them, is for the type of device to say.
#pragma once

#include "engine/trace/trace_record.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace vwb {

struct TwoWireTransfer {
    uint8_t address = 0; // seven bits
    bool read = false;
    bool acknowledged = true;
    bool stop = true; // false: a repeated start follows
    std::span<const std::byte> data {}; // as far as it was recorded
    uint32_t size = 0; // of all data
};

// Nothing for a record that is no transfer; borrows from it.
using TwoWireView = std::optional<TwoWireTransfer> (*)(const TraceRecord&);

// The view of a type of device, or null pointer.
using TwoWireFinder = std::function<TwoWireView(const std::string& type)>;

} // namespace vwb
