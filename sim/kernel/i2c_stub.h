// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The hardware kind "i2c-stub" of the I2C device: chips that this machine's kernel simulates, used
// as those of any SMBus-only adapter are, and with registers that observers read and set.
#pragma once

#include "devices/i2c/i2cdev_hardware.h"
#include "sim/kernel/i2c_stub_module.h"

namespace vwb {

// As make_i2cdev_hardware().
using MakeI2cAdapter = std::function<Result<std::unique_ptr<I2cAdapter>>(
    EventLoop& loop, const std::string& path, bool force)>;

// Tests play the kernel's part.
I2cAdapterKind i2c_stub_kind(std::shared_ptr<I2cStubCalls> calls = system_i2c_stub_calls(),
    MakeI2cAdapter make_adapter = make_i2cdev_hardware);

} // namespace vwb
