// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cDevice: the virtio I2C adapter (virtio 1.4, 5.16) on any hardware behind the port. Requests
// joined by FAIL_NEXT are one group: it waits until its last request is there and is carried out as
// one transfer; groups go to the bus one after the other. Lives on its host's loop.
#pragma once

#include "devices/i2c/i2c_hardware.h"
#include "devices/i2c/i2c_request.h"
#include "engine/device/device.h"

#include <bitset>
#include <deque>
#include <memory>

namespace vwb {

// The 7-bit addresses that a guest may use; 10-bit ones only if all may be used.
struct I2cAllowList {
    bool all = true;
    std::bitset<I2C_MAX_ADDRESS + 1> addresses;

    bool allows(I2cAddress address) const;
};

class I2cDevice final : public Device, private I2cListener {
public:
    // How long an open group may wait for its next request; then what is there is carried out.
    static constexpr Duration GROUP_TIMEOUT = std::chrono::seconds(1);
    // Bytes of all messages of one group.
    static constexpr uint32_t MAX_GROUP_BYTES = 1u << 20;

    I2cDevice(EventLoop& loop, std::unique_ptr<I2cAdapter> adapter, I2cAllowList allowed = {});
    ~I2cDevice() override;

    const DeviceTraits& traits() const override;
    void attach(DeviceContext& context) override;
    void features_accepted(uint64_t features) override;
    void queue_stopped(unsigned queue) override;
    void handle(unsigned queue, Request request) override;
    void fail(unsigned queue, Request request) override;
    void reset() override;
    // All there is to say is that nothing is left: requests that wait are given back, and what
    // chips hold is the hardware's.
    std::optional<std::vector<std::byte>> save_state() const override;
    Result<void> load_state(std::span<const std::byte> bytes) override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override { return m_adapter->actions(); }

private:
    struct Counters {
        uint64_t requests = 0;
        uint64_t failed = 0; // answered with ERR
        uint64_t groups = 0;
        uint64_t transfers = 0; // groups that reached the bus
        uint64_t refused = 0; // requests that must not reach it
    };

    void judge(I2cRequest& request);
    void report_zero_length();
    void close_group();
    void group_timed_out();
    void run();
    size_t front_group() const;
    void start(size_t count);
    void finish(size_t done, const I2cTransfer& transfer);
    void transfer_done(std::unique_ptr<I2cTransfer> transfer) override;
    void report_failure(const I2cTransfer& transfer);

    std::unique_ptr<I2cAdapter> m_adapter;
    I2cAllowList m_allowed;
    DeviceContext* m_context = nullptr;
    bool m_zero_length = true; // accepted
    bool m_reported_refusal = false;

    std::deque<I2cRequest> m_requests; // in order; those of complete groups first
    std::deque<size_t> m_groups; // sizes of complete groups, in order
    size_t m_open = 0; // requests of the group that is not complete
    uint32_t m_open_bytes = 0;
    Timer m_group_timer;

    std::unique_ptr<I2cTransfer> m_spare; // while none is under way
    bool m_busy = false;
    bool m_running = false; // run() is on the stack
    Counters m_counters;
    std::string m_last_failure;
};

} // namespace vwb
