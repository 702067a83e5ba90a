// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Replay: gives the requests of a captured run again, through the built-in driver, in the order in
// which they were taken, and compares the answers field by field. A request is given when all that
// had been answered before it was taken is answered again. Leaves out what observers injected.
#pragma once

#include "engine/capture/captured_run.h"
#include "engine/driver/builtin_driver.h"

namespace vwb {

class Replay {
public:
    // The driver is connected; all of it lives longer.
    Replay(BuiltinDriver& driver, const Schema& schema)
        : m_driver(driver)
        , m_schema(schema)
    {
    }

    // The requests of one device. Errors: Invalid if not all their bytes were recorded, with what
    // to do; those of the driver, Timeout for a request that gets no answer.
    Result<void> run(const CapturedRun& run, const std::string& device);

    bool same() const { return m_different == 0; }
    // {device, requests, same, different, waiting, injected, differences: [...]}
    Value report(const std::string& device) const;

private:
    struct Given {
        const CapturedRequest* request;
        unsigned queue;
        uint64_t ticket;
    };
    static constexpr size_t MAX_UNDER_WAY = 32; // of one queue
    static constexpr size_t MAX_DIFFERENCES = 20; // that are told

    Result<void> give(const CapturedRequest& request, unsigned queue);
    // Waits for the answers that the captured device had given by then.
    Result<void> settle(int64_t until_ns);
    Result<void> take_answer(const Given& given);
    void compare(const Given& given, const Answer& answer);

    BuiltinDriver& m_driver;
    const Schema& m_schema;
    std::vector<Given> m_under_way;
    Value m_differences = Value::list();
    uint64_t m_given = 0;
    uint64_t m_same = 0;
    uint64_t m_different = 0;
    uint64_t m_waiting = 0;
    uint64_t m_injected = 0;
};

} // namespace vwb
