// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cStubModule: the kernel's simulated SMBus chips (module i2c-stub), loaded for as long as this
// lives. A kernel has the module once, so one that is loaded already is left alone, and said so.
// Registers are 16 bits wide, and bytes are their lower halves. Needs root.
#pragma once

#include "sim/kernel/i2c_stub_calls.h"

#include <vector>

namespace vwb {

struct I2cStubOptions {
    std::vector<uint16_t> addresses {};
    std::string module {}; // path of i2c-stub.ko; empty: modprobe finds it
};

class I2cStubModule {
public:
    static constexpr size_t MAX_CHIPS = 10; // the module's own bound

    // Errors: Unavailable, naming the cure.
    static Result<std::unique_ptr<I2cStubModule>> load(
        std::shared_ptr<I2cStubCalls> calls, const I2cStubOptions& options);
    ~I2cStubModule();
    I2cStubModule(const I2cStubModule&) = delete;
    I2cStubModule& operator=(const I2cStubModule&) = delete;

    // "/dev/i2c-3". No descriptor of it may outlive this.
    const std::string& path() const { return m_path; }

    Result<uint16_t> read(uint16_t address, uint8_t index) const;
    Result<void> write(uint16_t address, uint8_t index, uint16_t value);

private:
    explicit I2cStubModule(std::shared_ptr<I2cStubCalls> calls)
        : m_calls(std::move(calls))
    {
    }

    Result<void> find_adapter();

    std::shared_ptr<I2cStubCalls> m_calls;
    std::string m_path;
    UniqueFd m_fd;
};

} // namespace vwb
