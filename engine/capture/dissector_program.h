// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The part of the Wireshark dissector that is the same for all devices, in Lua: it makes fields of
// the tables "kinds" and "types" before it and reads packets by them. Lua 5.2 to 5.4.
#pragma once

namespace vwb {

extern const char* const DISSECTOR_PROGRAM;

} // namespace vwb
