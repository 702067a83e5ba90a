// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Two made-up device types with every kind of schema field, and the trace events of their requests:
// for tests of what observers see, without any device.
//
//   lamp0: GET and SET on "requestq", EVENT (parked) on "eventq"; status, enumerations
//   disk0: IO on "ioq"; flags, signed, text, bytes, and a status at the end of the answer
#pragma once

#include "engine/trace/trace_event.h"
#include "engine/trace/trace_record.h"

#include <initializer_list>
#include <vector>

namespace vwb::test {

using Octets = std::vector<uint8_t>;

extern const Schema LAMP_SCHEMA;
extern const Schema DISK_SCHEMA;

ObservedDevice lamp0(); // index 0
ObservedDevice disk0(); // index 1

// --- readable and writable parts ---
Octets lamp_get(uint16_t lamp);
Octets lamp_set(uint16_t lamp, uint32_t value);
Octets lamp_answer(uint8_t status, uint8_t value);
Octets lamp_event(uint16_t lamp);
Octets disk_io(uint32_t flags, int32_t delta, uint64_t sector, const char* tag);

// --- trace events; used lengths and sizes are those of the parts unless a field is changed later
// ---
TraceEvent served(uint32_t request, uint8_t queue, const Octets& readable, const Octets& written,
    int64_t time_ns = 0, uint32_t latency_ns = 0);
TraceEvent popped(uint32_t request, uint8_t queue, const Octets& readable, uint32_t writable_bytes,
    int64_t time_ns = 0);
TraceEvent completed(uint32_t request, uint8_t queue, const Octets& written, int64_t time_ns = 0);
TraceEvent plain(TraceKind kind, uint32_t a, uint32_t b = 0, uint8_t queue = 0);

} // namespace vwb::test
