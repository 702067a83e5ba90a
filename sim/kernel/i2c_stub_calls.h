// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cStubCalls: what is asked of the kernel about its module i2c-stub, so that tests can play its
// part: loading it, and the registers of its chips through its adapter.
#pragma once

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

#include <cstdint>
#include <memory>
#include <string>

namespace vwb {

class I2cStubCalls {
public:
    virtual ~I2cStubCalls() = default;

    // The chips of the module if it is loaded ("80,81,0,..."), or NotFound.
    virtual Result<std::string> loaded_chips() = 0;
    // path: of the .ko file. These two answer 0 or -errno.
    virtual int load(const std::string& path, const std::string& parameters) = 0;
    virtual int unload() = 0;
    // Through modprobe, which knows where modules are and says itself what is wrong: false.
    virtual bool probe(const std::string& parameters) = 0;

    // "/dev/i2c-3", or empty if it has no node.
    virtual std::string adapter() = 0;
    // A descriptor, or none with errno.
    virtual UniqueFd open(const std::string& path) = 0;
    // A register of 16 bits, read or written; also if a driver of this machine has the chip. 0 or
    // -errno.
    virtual int access(int fd, uint16_t address, bool read, uint8_t index, uint16_t& value) = 0;
};

// The real ones.
std::shared_ptr<I2cStubCalls> system_i2c_stub_calls();

} // namespace vwb
