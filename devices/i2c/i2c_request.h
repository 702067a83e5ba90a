// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2cRequest: one request of the driver, parsed and judged, waiting for its turn on the bus. It
// knows its wire format and how to be answered, and nothing of groups.
#pragma once

#include "devices/i2c/i2c_hardware.h"
#include "devices/i2c/i2c_rules.h"
#include "devices/i2c/i2c_wire.h"
#include "engine/device/request.h"

#include <optional>

namespace vwb {

class I2cRequest {
public:
    // As long as a message of Linux may be (its length has 16 bits).
    static constexpr uint32_t MAX_MESSAGE_BYTES = 0xffff;

    // What is wrong with a request.
    struct Fault {
        I2cRule rule;
        std::string message;
    };

    // Reads the header once.
    explicit I2cRequest(Request request);

    const std::optional<Fault>& fault() const { return m_fault; }
    // It must not reach the bus: counts as failed in its turn.
    void refuse() { m_refused = true; }
    bool refused() const { return m_refused || m_fault; }
    bool ends_group() const { return m_ends_group; }
    I2cAddress address() const { return m_address; }
    uint32_t size() const { return m_size; }

    // Appends the message, with its data if it is a write.
    void add_to(I2cTransfer& transfer) const;

    // Each consumes the request.
    void succeed(std::span<const std::byte> data) &&;
    void fail() && { answer_error(std::move(m_request)); }
    void give_back() && { std::move(m_request).give_back(); }

    // ERR in the last writable byte, zeros before it.
    static void answer_error(Request request);

private:
    std::optional<Fault> judge(const virtio_i2c_out_hdr& header);

    Request m_request;
    I2cAddress m_address;
    I2cDirection m_direction = I2cDirection::Write;
    uint32_t m_size = 0;
    bool m_ends_group = true;
    bool m_refused = false;
    std::optional<Fault> m_fault;
};

} // namespace vwb
