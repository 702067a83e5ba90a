// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// CaptureHeader: what a capture says of itself: which bench and devices, in which state, and which
// clock. As data and as the JSON of the first block; nothing of the events.
#pragma once

#include "engine/base/result.h"
#include "engine/base/value.h"
#include "engine/trace/trace_record.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

// How much of requests is recorded: what tells which they are, the first TraceEvent::BYTES of both
// parts together, or up to MAX_TRACED_PART of each.
enum class PayloadMode : uint8_t { Off, Headers, Full };

inline constexpr const char* PAYLOAD_MODE_NAMES[] { "off", "headers", "full" };
Result<PayloadMode> payload_mode_of(std::string_view name);

struct CapturedSignal {
    std::string name;
    double value = 0; // when the recording began
    bool operator==(const CapturedSignal&) const = default;
};

struct CapturedDevice {
    std::string name;
    std::string type;
    uint16_t index = 0; // as in TraceEvent::device
    uint32_t device_id = 0;
    std::string hardware;
    std::string schema_id; // of what decoded it when it was recorded
    std::vector<CapturedSignal> signals {};
    std::vector<ValueNames> value_names {}; // as far as there are
    Value features {}; // as device.features answers
    Value faults {}; // that were armed, with their seeds: as fault.list answers
    Value hardware_state {}; // seeds and settings, as the device shows them
    bool operator==(const CapturedDevice&) const = default;
};

struct CaptureHeader {
    std::string program; // "vhost-workbench 0.1.0"
    std::string bench;
    std::string filter; // that chose the events
    PayloadMode payload = PayloadMode::Headers;
    // The same moment on the clock of the devices and on the wall.
    int64_t clock_ns = 0;
    int64_t wall_ns = 0; // since 1970
    std::vector<CapturedDevice> devices;
    bool operator==(const CaptureHeader&) const = default;

    // Null pointer if there is none of that index.
    const CapturedDevice* find(uint16_t index) const;
};

Value to_value(const CaptureHeader& header);
// Errors: Invalid, naming the member.
Result<CaptureHeader> capture_header_of(const Value& value);

// Changes with everything that decides how bytes are decoded.
std::string schema_id(const Schema& schema);

} // namespace vwb
