// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cDevBus: transfers on one open /dev/i2c-N, each a blocking call or two: I2C_RDWR where the
// adapter is a real one, SMBus calls where it is not. Used by one thread; knows no loop.
#pragma once

#include "devices/i2c/i2c_hardware.h"
#include "devices/i2c/i2cdev_calls.h"

#include <optional>

namespace vwb {

struct I2cDevOptions {
    std::string path {}; // "/dev/i2c-1"
    bool force = false; // also chips that a driver of this machine has
    bool pec = false; // see SmbusCall
    // Both are of the adapter and thus seen by all its users; none: left as they are.
    std::optional<Duration> timeout {};
    std::optional<unsigned> retries {};
};

class I2cDevBus {
public:
    // What the kernel's I2C_RDWR takes.
    static constexpr size_t MAX_MESSAGES = I2C_RDWR_IOCTL_MAX_MSGS;
    static constexpr uint32_t MAX_MESSAGE_BYTES = 8192;

    // Errors: Unavailable or Io, naming the path and the cure.
    static Result<I2cDevBus> open(std::shared_ptr<I2cDevCalls> calls, const I2cDevOptions& options);

    unsigned long functions() const { return m_functions; }
    bool plain() const { return (m_functions & I2C_FUNC_I2C) != 0; }
    bool ten_bit() const { return plain() && (m_functions & I2C_FUNC_10BIT_ADDR) != 0; }

    // Blocks. Fills in the result.
    void run(I2cTransfer& transfer);

private:
    I2cDevBus(std::shared_ptr<I2cDevCalls> calls, UniqueFd fd, const I2cDevOptions& options)
        : m_calls(std::move(calls))
        , m_fd(std::move(fd))
        , m_options(options)
    {
    }

    Result<void> set_up();
    bool select(I2cTransfer& transfer, I2cAddress address);
    void run_plain(I2cTransfer& transfer);
    void run_smbus(I2cTransfer& transfer);
    void finish(I2cTransfer& transfer, int done);

    std::shared_ptr<I2cDevCalls> m_calls;
    UniqueFd m_fd;
    I2cDevOptions m_options;
    unsigned long m_functions = 0;
    std::vector<i2c_msg> m_messages; // used again and again
};

} // namespace vwb
