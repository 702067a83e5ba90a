// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cDriver: an I2C driver on the built-in driver: transfers in and out as Linux queues them, each
// answer checked for status and used length. What the bytes should be is its user's business.
#pragma once

#include "devices/i2c/i2c_wire.h"
#include "engine/driver/builtin_driver.h"
#include "engine/driver/driver_load.h"

#include <string>
#include <vector>

namespace vwb {

class I2cDriver {
public:
    using Bytes = std::vector<uint8_t>;

    struct Message {
        uint16_t address; // 7 bits
        Bytes write; // empty with a read size of 0: a zero-length request
        uint32_t read = 0; // bytes
        bool reads() const { return read > 0; }
    };
    using Transfer = std::vector<Message>;
    using Tickets = std::vector<uint64_t>;

    // complaint: where a wrong answer is described.
    I2cDriver(BuiltinDriver& driver, LoadCounters& counters, std::string& complaint)
        : m_driver(driver)
        , m_counters(counters)
        , m_complaint(complaint)
    {
    }

    // Messages but the last have FAIL_NEXT.
    Result<Tickets> submit(const Transfer& transfer);
    // What was read by all messages together. From the failing-th message on they must have failed.
    Result<Bytes> wait(const Transfer& transfer, const Tickets& tickets, size_t failing);
    Result<Bytes> run(const Transfer& transfer, size_t failing = ALL);
    // Complains if it reads anything else.
    Result<void> expect(const Transfer& transfer, const Bytes& bytes);
    // Submits the address alone and tells whether a chip answered.
    Result<bool> probe(uint16_t address);

    void complain(std::string text);

    static constexpr size_t ALL = ~size_t { 0 };

private:
    BuiltinDriver& m_driver;
    LoadCounters& m_counters;
    std::string& m_complaint;
};

} // namespace vwb
