// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cDevThread: the thread that an adapter's blocking calls are made on. It shares nothing with the
// loop but two places for one transfer each and two descriptors, so that it may hang in the kernel
// and nobody has to wait for it: it ends when it comes back and finds that it is no longer wanted.
#pragma once

#include "devices/i2c/i2cdev_bus.h"

#include <atomic>

namespace vwb {

class I2cDevThread {
public:
    static Result<std::unique_ptr<I2cDevThread>> start(I2cDevBus bus);
    ~I2cDevThread();
    I2cDevThread(const I2cDevThread&) = delete;
    I2cDevThread& operator=(const I2cDevThread&) = delete;

    // Readable when the transfer is done.
    int fd() const;
    // One at a time: the next one after take().
    void run(std::unique_ptr<I2cTransfer> transfer);
    // The transfer that is done, or none.
    std::unique_ptr<I2cTransfer> take();

    struct Shared;

private:
    explicit I2cDevThread(std::shared_ptr<Shared> shared)
        : m_shared(std::move(shared))
    {
    }

    std::shared_ptr<Shared> m_shared;
};

} // namespace vwb
