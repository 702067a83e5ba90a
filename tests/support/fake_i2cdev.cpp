// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/fake_i2cdev.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>

namespace vwb::test {
namespace {

std::string hex(unsigned value)
{
    char text[16];
    std::snprintf(text, sizeof text, "%02x", value);
    return text;
}

} // namespace

UniqueFd FakeI2cDev::open(const std::string& path)
{
    log += "open " + path + "; ";
    if (open_error == 0)
        return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    errno = open_error;
    return {};
}

int FakeI2cDev::functions(int, unsigned long& functions)
{
    functions = can;
    return can == 0 ? -ENOTTY : 0;
}

int FakeI2cDev::set_timeout(int, unsigned long tens_of_ms)
{
    log += "timeout " + std::to_string(tens_of_ms) + "; ";
    return 0;
}

int FakeI2cDev::set_retries(int, unsigned long retries)
{
    log += "retries " + std::to_string(retries) + "; ";
    return 0;
}

int FakeI2cDev::set_pec(int, bool on)
{
    log += on ? "pec; " : "no pec; ";
    return 0;
}

int FakeI2cDev::set_address(int, uint16_t address, bool ten_bit, bool force)
{
    log += std::string(force ? "force " : "address ") + hex(address) + (ten_bit ? " ten; " : "; ");
    return address_error;
}

int FakeI2cDev::transfer(int, i2c_rdwr_ioctl_data& data)
{
    log += "rdwr";
    uint8_t next = 0x10;
    for (uint32_t i = 0; i < data.nmsgs; ++i) {
        auto& message = data.msgs[i];
        const bool reads = (message.flags & I2C_M_RD) != 0;
        log += (reads ? " R" : " W") + hex(message.addr);
        log += (message.flags & I2C_M_TEN) != 0 ? "ten" : "";
        for (uint16_t byte = 0; byte < message.len; ++byte) {
            if (reads)
                message.buf[byte] = next++;
            else
                log += " " + hex(message.buf[byte]);
        }
        if (reads)
            log += " " + std::to_string(message.len);
    }
    log += "; ";
    if (hangs) {
        entered.release();
        let_go.acquire();
    }
    return transfer_answer < 0 ? transfer_answer
                               : std::min(transfer_answer, static_cast<int>(data.nmsgs));
}

int FakeI2cDev::smbus(int, char read_write, uint8_t command, int size, i2c_smbus_data* data)
{
    log += std::string("smbus ") + (read_write == I2C_SMBUS_READ ? "R " : "W ") + hex(command) + " "
        + std::to_string(size) + "; ";
    if (smbus_fill)
        smbus_fill(*data);
    return smbus_answer;
}

} // namespace vwb::test
