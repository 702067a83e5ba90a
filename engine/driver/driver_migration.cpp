// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What a driver's session does when its guest moves to another back-end (vhost-user, Migration):
// the part of both VMMs, the one that it leaves and the one that it comes to.
#include "engine/driver/driver_session.h"

namespace vwb {

Result<void> DriverSession::migrate_to(std::unique_ptr<Frontend> frontend)
{
    VWB_TRY(stop());
    std::optional<std::vector<std::byte>> state;
    if (m_frontend->negotiated(ProtocolFeature::DeviceState))
        state = VWB_TRY(m_frontend->save_device_state());
    disconnect();
    m_frontend = std::move(frontend);
    VWB_TRY(take_over(state));
    VWB_TRY(hand_over_memory());
    VWB_TRY(track_inflight());
    return start();
}

Result<void> DriverSession::take_over(const std::optional<std::vector<std::byte>>& state)
{
    VWB_TRY(negotiate_again());
    if (!state)
        return {};
    if (!m_frontend->negotiated(ProtocolFeature::DeviceState))
        return Error(ErrorKind::Unsupported, "the new back-end cannot load the device's state");
    return m_frontend->load_device_state(*state);
}

// The driver writes there at any time: what it has added, and whether it wants to be called.
std::vector<GuestBuffer> DriverSession::driver_parts(DriverQueue& queue) const
{
    const DriverRing& ring = queue.ring();
    const RingPartLayouts layouts = ring_parts(ring.format(), ring.size());
    const RingParts parts = ring.raw();
    return { { 0, parts.descriptors, static_cast<uint32_t>(layouts.descriptors.size) },
        { 0, parts.driver, static_cast<uint32_t>(layouts.driver.size) } };
}

void DriverSession::copy_written(MemoryTransfer& transfer)
{
    for (auto& queue : m_queues) {
        for (const GuestBuffer& part : driver_parts(*queue))
            m_memory->note_written(part);
    }
    // Both are cleared before anything is copied.
    const auto by_guest = m_memory->take_written();
    const auto by_device = m_log->take();
    transfer.copy(by_guest);
    transfer.copy(by_device);
}

Result<MigrationReport> DriverSession::migrate_memory_to(
    std::unique_ptr<Frontend> frontend, unsigned rounds, const std::function<void()>& load)
{
    MigrationReport report;
    VWB_TRY(set_logging(true));
    const auto transfer = VWB_TRY(MemoryTransfer::create(*m_memory));
    m_memory->set_tracking(true);
    transfer->copy_all();
    for (; report.rounds < rounds; ++report.rounds) {
        load();
        copy_written(*transfer);
    }
    load();
    VWB_TRY(stop());
    const uint64_t before = transfer->pages_copied();
    copy_written(*transfer);
    m_memory->set_tracking(false);
    report.pages_copied = transfer->pages_copied();
    report.pages_at_the_end = report.pages_copied - before;
    std::optional<std::vector<std::byte>> state;
    if (m_frontend->negotiated(ProtocolFeature::DeviceState))
        state = VWB_TRY(m_frontend->save_device_state());
    report.missed = transfer->different_pages();
    VWB_TRY(load_state_into(std::move(frontend), state));
    VWB_TRY(m_memory->move_to(transfer->take_file()));
    VWB_TRY(hand_over_memory());
    VWB_TRY(track_inflight());
    VWB_TRY(start());
    return report;
}

// vhost-user, Migrating back-end state: when the destination fails, the source goes on.
Result<void> DriverSession::load_state_into(
    std::unique_ptr<Frontend> frontend, const std::optional<std::vector<std::byte>>& state)
{
    for (auto& queue : m_queues)
        queue->unwatch();
    m_logging = false;
    const uint64_t offered = m_offered;
    auto source = std::exchange(m_frontend, std::move(frontend));
    auto taken = take_over(state);
    if (taken)
        return {};
    m_frontend = std::move(source);
    m_offered = offered;
    VWB_TRY(set_logging(false));
    VWB_TRY(start());
    return taken;
}

} // namespace vwb
