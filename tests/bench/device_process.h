// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The device side of the benchmark: one device behind the real listener and session, as a bench
// runs it, whose trace can be switched on and off.
#pragma once

namespace vwb::bench {

// main() of the process: CONTROL_FD DEVICE SOCKET_PATH. Commands: 'T' a trace reader is attached,
// 't' it is detached.
int run_device_process(int control, const char* device, const char* socket_path);

} // namespace vwb::bench
