// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// ScmiDriver: an SCMI driver on the built-in driver: commands in and out, each answer checked for
// header, status and used length. What the values should be is its user's business.
#pragma once

#include "devices/scmi/scmi_wire.h"
#include "engine/driver/builtin_driver.h"
#include "engine/driver/driver_load.h"

#include <initializer_list>
#include <string>
#include <vector>

namespace vwb {

class ScmiDriver {
public:
    using Words = std::vector<uint32_t>;

    // complaint: where a wrong answer is described.
    ScmiDriver(BuiltinDriver& driver, LoadCounters& counters, std::string& complaint)
        : m_driver(driver)
        , m_counters(counters)
        , m_complaint(complaint)
    {
    }

    // The return values behind the status, of a command that must succeed. Complains if not.
    Result<Words> command(
        uint8_t protocol, uint8_t message, std::initializer_list<uint32_t> parameters);
    // Complains if the return values are others.
    Result<void> expect(uint8_t protocol, uint8_t message,
        std::initializer_list<uint32_t> parameters, const Words& expected);
    // count times the same command at once, all with these return values.
    Result<void> expect_many(uint8_t protocol, uint8_t message,
        std::initializer_list<uint32_t> parameters, const Words& expected, size_t count);

    // Queues a buffer for a notification; its ticket.
    Result<uint64_t> park();
    // Waits for the buffer and complains if it is not this notification. Its payload.
    Result<Words> expect_event(uint64_t ticket, uint8_t protocol, uint8_t message);

    void complain(std::string text);

private:
    std::vector<std::byte> request_of(
        uint8_t protocol, uint8_t message, std::initializer_list<uint32_t> parameters);
    Words check(const Answer& answer, uint32_t header);

    BuiltinDriver& m_driver;
    LoadCounters& m_counters;
    std::string& m_complaint;
    uint32_t m_token = 0;
};

} // namespace vwb
