// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FakeI2cDev: plays the kernel's part for one adapter: writes down what is asked of it, answers
// what a test wants, and can keep a caller in a call until it is let go.
#pragma once

#include "devices/i2c/i2cdev_calls.h"

#include <functional>
#include <semaphore>

namespace vwb::test {

class FakeI2cDev final : public I2cDevCalls {
public:
    UniqueFd open(const std::string& path) override;
    std::vector<std::pair<std::string, std::string>> adapters() override { return names; }
    int functions(int fd, unsigned long& functions) override;
    int set_timeout(int fd, unsigned long tens_of_ms) override;
    int set_retries(int fd, unsigned long retries) override;
    int set_pec(int fd, bool on) override;
    int set_address(int fd, uint16_t address, bool ten_bit, bool force) override;
    int transfer(int fd, i2c_rdwr_ioctl_data& messages) override;
    int smbus(int fd, char read_write, uint8_t command, int size, i2c_smbus_data* data) override;
    bool has_smbus() const override { return libi2c; }

    unsigned long can = I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL | I2C_FUNC_10BIT_ADDR;
    std::vector<std::pair<std::string, std::string>> names;
    bool libi2c = true;
    int open_error = 0;
    int address_error = 0; // negative, of every address
    int transfer_answer = 1000; // or what transfer() answers
    int smbus_answer = 0;
    std::function<void(i2c_smbus_data&)> smbus_fill;
    // Each transfer waits here once.
    bool hangs = false;
    std::binary_semaphore entered { 0 };
    std::binary_semaphore let_go { 0 };
    std::string log; // "open /dev/i2c-1; address 48; rdwr W48 01 R48 2; smbus W 05 1; "
};

} // namespace vwb::test
