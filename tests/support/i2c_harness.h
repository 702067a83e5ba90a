// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cHarness: an I2C device on an adapter that a test plays by hand, driven through guest rings.
// FakeI2cAdapter records what reaches the bus and fails when told to.
#pragma once

#include "devices/i2c/i2c_device.h"
#include "devices/i2c/i2c_wire.h"
#include "tests/support/device_harness.h"

namespace vwb::test {

class FakeI2cAdapter final : public I2cAdapter {
public:
    void set_listener(I2cListener* news) override { listener = news; }
    bool ten_bit() const override { return ten_bits; }
    void execute(std::unique_ptr<I2cTransfer> transfer) override;
    void cancel() override;
    void inspect(Inspector& inspector) const override { inspector.field("kind", "fake"); }

    // Ends the transfer that is held.
    void finish();

    I2cListener* listener = nullptr;
    std::string bus; // "S 48W 01 02 S 48R 2 P ": S a START, P the STOP
    std::unique_ptr<I2cTransfer> held;
    uint8_t next_byte = 0x10; // what reads give, one more each
    bool ten_bits = true;
    bool hold = false; // keeps transfers until finish()
    size_t fail_at = ~size_t { 0 }; // message of a transfer that fails
    I2cOutcome outcome = I2cOutcome::AddressNak;
};

class I2cHarness {
public:
    using Bytes = DeviceHarness::Bytes;

    explicit I2cHarness(const HarnessOptions& options = {}, I2cAllowList allowed = {});

    FakeI2cAdapter& adapter() { return *m_adapter; }
    DeviceHarness& guest() { return *m_guest; }
    DeviceHost& host() { return m_guest->host(); }
    std::string rules() { return m_guest->rules(); }

    // The readable part of a request for a 7-bit address.
    static Bytes header(uint16_t address, uint32_t flags, const Bytes& data = {});
    uint64_t write(uint16_t address, const Bytes& data, uint32_t flags = 0);
    uint64_t read(uint16_t address, uint32_t size, uint32_t flags = 0);
    // Status of an answered request, or -1. The used length must be that of the writable part.
    int status(uint64_t ticket);
    // Data of an answered read that went well.
    Bytes data(uint64_t ticket);
    std::string bus() { return m_adapter->bus; }
    Value inspect();

private:
    FakeI2cAdapter* m_adapter;
    std::unique_ptr<DeviceHarness> m_guest;
};

inline constexpr uint32_t FAIL_NEXT = VIRTIO_I2C_FLAGS_FAIL_NEXT;
inline constexpr uint32_t M_RD = VIRTIO_I2C_FLAGS_M_RD;

// What tests of the device compare with, by short names.
namespace i2c {

inline constexpr int OK = VIRTIO_I2C_MSG_OK;
inline constexpr int ERR = VIRTIO_I2C_MSG_ERR;
inline constexpr int WAITING = -1;

} // namespace i2c

} // namespace vwb::test
