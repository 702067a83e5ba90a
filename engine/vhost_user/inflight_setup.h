// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// InflightSetup: the memory in which a front-end keeps our accounts of chains in flight over our
// death (vhost-user, Inflight I/O tracking), and so the log that each queue gets. What is in a log
// is InflightLog's.
#pragma once

#include "engine/base/unique_fd.h"
#include "engine/device/device_host.h"
#include "engine/memory/memory_mapping.h"
#include "engine/vhost_user/connection.h"
#include "engine/virtqueue/inflight_log.h"

#include <memory>

namespace vwb {

// Owner: MessageHandlers. Loop thread only.
class InflightSetup {
public:
    explicit InflightSetup(DeviceHost& host)
        : m_host(host)
    {
    }

    struct Offer {
        InflightPayload payload;
        UniqueFd fd;
    };
    // GET_INFLIGHT_FD: fresh memory for the queues asked for; it is in use when it comes back by
    // SET_INFLIGHT_FD. Errors: Invalid for numbers that the device does not have; Io.
    Result<Offer> make(const Message& message) const;
    // SET_INFLIGHT_FD. Errors: Invalid for memory that is too small or not in its file.
    Result<void> set(const Message& message);
    // All rings are gone: nothing is in flight any more.
    void clear();

    // The log of a queue, or a null pointer: it has none.
    std::shared_ptr<InflightLog> log_of(uint32_t index, RingFormat format, uint32_t size) const;
    bool lost() const { return m_mapping && m_mapping->lost(); }
    void inspect(Inspector& inspector) const;

private:
    Result<void> check(const InflightPayload& payload) const;

    DeviceHost& m_host;
    std::shared_ptr<FileMapping> m_mapping;
    InflightPayload m_payload; // of m_mapping
};

} // namespace vwb
