// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cDevCalls: what is asked of the kernel about one /dev/i2c-N, so that tests can play its part.
// Calls block as long as the kernel likes and come on one thread at a time.
#pragma once

#include "engine/base/unique_fd.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <linux/i2c-dev.h>
#include <linux/i2c.h>

namespace vwb {

class I2cDevCalls {
public:
    virtual ~I2cDevCalls() = default;

    // A descriptor, or none with errno.
    virtual UniqueFd open(const std::string& path) = 0;
    // Names of all adapters, in no order: {"i2c-1", "SMBus I801 adapter at efa0"}.
    virtual std::vector<std::pair<std::string, std::string>> adapters() = 0;

    // Each answers 0 or more, or -errno.
    virtual int functions(int fd, unsigned long& functions) = 0;
    virtual int set_timeout(int fd, unsigned long tens_of_ms) = 0;
    virtual int set_retries(int fd, unsigned long retries) = 0;
    virtual int set_pec(int fd, bool on) = 0;
    // EBUSY if a driver of this machine has the chip and it is not forced.
    virtual int set_address(int fd, uint16_t address, bool ten_bit, bool force) = 0;
    // How many messages were carried out.
    virtual int transfer(int fd, i2c_rdwr_ioctl_data& messages) = 0;
    virtual int smbus(int fd, char read_write, uint8_t command, int size, i2c_smbus_data* data) = 0;
    // SMBus calls can be made: built with libi2c.
    virtual bool has_smbus() const = 0;
};

// The real ones.
std::shared_ptr<I2cDevCalls> system_i2cdev_calls();

} // namespace vwb
