// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cDevAdapter: a real adapter of this machine, /dev/i2c-N. Transfers run on a thread of its own,
// and one that does not come back in time is given up: the thread may hang, the loop does not.
#pragma once

#include "devices/i2c/i2cdev_bus.h"
#include "engine/event/worker.h"

namespace vwb {

class I2cDevAdapter final : public I2cAdapter {
public:
    // give_up: how long a transfer may take before it is a time-out, whatever the kernel does.
    static Result<std::unique_ptr<I2cDevAdapter>> create(EventLoop& loop,
        std::shared_ptr<I2cDevCalls> calls, const I2cDevOptions& options, Duration give_up);

    void set_listener(I2cListener* listener) override { m_listener = listener; }
    bool ten_bit() const override { return m_ten_bit; }
    void execute(std::unique_ptr<I2cTransfer> transfer) override;
    void cancel() override;
    void inspect(Inspector& inspector) const override;

private:
    I2cDevAdapter(EventLoop& loop, I2cDevBus bus, const std::string& path, Duration give_up);

    void start(std::unique_ptr<I2cTransfer> transfer);
    void came_back(std::unique_ptr<I2cTransfer> transfer);
    void gave_up();
    void tell(std::unique_ptr<I2cTransfer> transfer);

    const std::string m_path;
    const Duration m_give_up;
    const unsigned long m_functions;
    const bool m_ten_bit;
    I2cListener* m_listener = nullptr;

    std::shared_ptr<I2cDevBus> m_bus; // the thread's alone
    Worker m_worker;
    Timer m_timer; // gives up
    // What somebody waits for: with the thread, or waiting for it to come back from another one.
    bool m_under_way = false;
    std::unique_ptr<I2cTransfer> m_waiting;
    I2cTransfer::Message m_first; // of the transfer that is under way
    uint64_t m_given_up = 0;
};

// hardware = "i2c-dev". Tests play the kernel's part.
I2cAdapterKind i2cdev_kind(std::shared_ptr<I2cDevCalls> calls = system_i2cdev_calls());

} // namespace vwb
