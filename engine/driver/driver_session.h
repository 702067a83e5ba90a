// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DriverSession: the life of the built-in driver on its connections: negotiation, memory, rings up
// and down, from one connection to the next, and waiting for calls. Requests are DriverQueue's.
#pragma once

#include "engine/driver/driver_iommu.h"
#include "engine/driver/driver_log.h"
#include "engine/driver/driver_queue.h"
#include "engine/driver/memory_transfer.h"
#include "engine/vhost_user/frontend.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vwb {

//   begin() -> running --stop()--> stopped --start()--> running --continue_on()--> running
class DriverSession {
public:
    explicit DriverSession(const DriverOptions& options)
        : m_options(options)
    {
    }

    // The first connection.
    Result<void> begin(std::unique_ptr<Frontend> frontend);
    // Stops the queues if the old connection still lets us, and gives it up...
    void leave();
    // ...and goes on, on a new one, with all chains in flight made available again.
    Result<void> continue_on(std::unique_ptr<Frontend> frontend);
    // Goes on, on another back-end, from the bases and the device state of this one: a migration.
    Result<void> migrate_to(std::unique_ptr<Frontend> frontend);
    // The same with memory of its own there (see BuiltinDriver::migrate_memory()).
    Result<MigrationReport> migrate_memory_to(
        std::unique_ptr<Frontend> frontend, unsigned rounds, const std::function<void()>& load);
    Result<void> reset_device();
    Result<void> stop();
    Result<void> start();
    Result<void> reset_queue(unsigned index);

    // Has all writes of the back-end logged from now on, or no longer. Errors: Unsupported.
    Result<void> set_logging(bool logging);
    // Null pointer as long as nothing was logged.
    DriverLog* log() { return m_log.get(); }
    DriverIommu* iommu() { return m_iommu.get(); }
    // Answers what the back-end has asked of the IOMMU.
    Result<void> serve_iommu();

    // Until the device calls. Errors: Timeout, Closed, or Protocol for a broken ring.
    Result<void> wait_for_call(DriverQueue& queue, Duration timeout, TimePoint deadline);

    const DriverOptions& options() const { return m_options; }
    Frontend& frontend() { return *m_frontend; }
    DriverMemory& memory() { return *m_memory; }
    const std::vector<unsigned>& indices() const { return m_indices; }
    DriverQueue& queue(unsigned index);
    uint64_t offered() const { return m_offered; }
    uint64_t accepted() const { return m_accepted; }

private:
    enum class Status { Fresh, Kept };

    Result<void> negotiate_protocol();
    Result<void> negotiate_again();
    void disconnect();
    Result<void> accept_features(Status status);
    Result<void> set_status(uint64_t status);
    Result<void> make_queues();
    void assign_fresh_bases();
    Result<void> hand_over_memory();
    Result<void> serve_iommu(const IotlbPayload& request);
    Result<void> set_notifications(DriverQueue& queue);
    Result<void> track_inflight();
    Result<void> start_queue(DriverQueue& queue, uint32_t base);
    VringAddr address_of(DriverQueue& queue) const;
    uint64_t session_features() const;
    Result<uint32_t> stop_queue(unsigned index);
    void copy_written(MemoryTransfer& transfer);
    std::vector<GuestBuffer> driver_parts(DriverQueue& queue) const;
    Result<void> load_state_into(
        std::unique_ptr<Frontend> frontend, const std::optional<std::vector<std::byte>>& state);
    Result<void> take_over(const std::optional<std::vector<std::byte>>& state);
    // vhost-user's bit 30, which is always accepted where it is offered.
    bool has_protocol_features() const;

    DriverOptions m_options;
    std::unique_ptr<Frontend> m_frontend;
    std::unique_ptr<DriverMemory> m_memory;
    std::unique_ptr<DriverSlab> m_slab;
    std::vector<unsigned> m_indices;
    std::vector<std::unique_ptr<DriverQueue>> m_queues; // as m_indices
    std::vector<uint32_t> m_bases; // where they start next
    uint64_t m_offered = 0;
    uint64_t m_accepted = 0;
    std::optional<Frontend::InflightMemory> m_inflight;
    bool m_running = false;
    std::unique_ptr<DriverIommu> m_iommu;
    std::unique_ptr<DriverLog> m_log;
    bool m_logging = false;
};

} // namespace vwb
