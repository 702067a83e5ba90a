// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// LogSetup: what a front-end has said about logging the writes to its memory, and so what each
// queue logs. Which rings there are is VringSetup's; marking pages is DirtyLog's.
#pragma once

#include "engine/device/device_host.h"
#include "engine/vhost_user/connection.h"
#include "engine/virtqueue/queue_log.h"

namespace vwb {

// Owner: MessageHandlers. Loop thread only. VringSetup hands changes on to the queues.
class LogSetup {
public:
    explicit LogSetup(DeviceHost& host)
        : m_host(host)
    {
    }

    // SET_LOG_BASE, which may come again with a larger log. memory: null pointer if there is none
    // yet. Errors: as DirtyLog::map().
    Result<void> set_base(const Message& message, const GuestMemory* memory);
    void set_notification(UniqueFd fd);
    // VHOST_F_LOG_ALL, about what is written through descriptors.
    void set_payload(bool logged) { m_payload = logged; }

    // Errors: Invalid if the used ring is to be logged outside the log.
    Result<void> check(const VringAddr& addr, uint64_t used_size) const;
    QueueLog queue_log(const VringAddr& addr, const GuestMemory& memory) const;
    // Tells once of writes that the log had no bit for.
    void report_missed();
    bool lost() const { return m_pages && m_pages->lost(); }
    void inspect(Inspector& inspector) const;

private:
    DeviceHost& m_host;
    std::shared_ptr<DirtyLog> m_pages;
    std::shared_ptr<const Notification> m_written;
    bool m_payload = false;
    uint64_t m_reported = 0; // of DirtyLog::out_of_range()
};

} // namespace vwb
