// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SmbusCall: a transfer as one call of SMBus, for adapters that can do no other. It only translates
// bytes: what cannot be said in SMBus is refused with a reason, never done in two steps.
#pragma once

#include "devices/i2c/i2c_hardware.h"

#include <linux/i2c.h>

namespace vwb {

class SmbusCall {
public:
    // functions: what the adapter can (I2C_FUNC_...). pec: each exchange ends with a PEC byte,
    // which the kernel makes and checks on the wire. Errors: Unsupported, saying what cannot be
    // done; Invalid for a wrong PEC.
    static Result<SmbusCall> create(const I2cTransfer& transfer, unsigned long functions, bool pec);

    char read_write() const { return m_read_write; }
    uint8_t command() const { return m_command; }
    int size() const { return m_size; } // I2C_SMBUS_...
    i2c_smbus_data* data() { return &m_data; }

    // Puts what was read where the transfer wants it.
    void take_answer(I2cTransfer& transfer) const;

private:
    using Bytes = std::vector<uint8_t>;

    SmbusCall() = default;
    bool write(const Bytes& bytes, unsigned long functions, bool pec);
    bool read(const Bytes& written, uint32_t size, unsigned long functions, bool pec);
    bool use(char read_write, int size, uint8_t command);
    Bytes answer() const;

    char m_read_write = I2C_SMBUS_WRITE;
    uint8_t m_command = 0;
    int m_size = 0;
    bool m_pec = false;
    i2c_smbus_data m_data {};
};

// CRC-8 of SMBus over one byte more.
uint8_t smbus_pec(uint8_t sum, uint8_t byte);

} // namespace vwb
