// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DeviceHost: a device with its queues, features, config space, trace and problems: all that a
// session (vhost-user or another transport) and observers need of it. Lives on one loop and
// outlives its sessions.
#pragma once

#include "engine/device/device.h"
#include "engine/device/feature_dial.h"
#include "engine/device/features.h"
#include "engine/device/host_queue.h"

#include <memory>
#include <string>
#include <vector>

namespace vwb {

class XenMemory;

class DeviceHost final : private DeviceContext {
public:
    // index: number of the device on the bench. Loop and device live at least as long.
    DeviceHost(std::string name, uint16_t index, EventLoop& loop, std::unique_ptr<Device> device,
        size_t trace_capacity = DEFAULT_TRACE_CAPACITY);
    ~DeviceHost();

    const std::string& name() const { return m_name; }
    uint16_t index() const { return m_queue_context.device_index; }
    const DeviceTraits& traits() const { return m_device->traits(); }
    EventLoop& loop() override { return m_loop; }
    Device& device() { return *m_device; }
    TraceRing& trace() { return m_trace; }
    ProblemList& problems() { return m_problems; }

    // --- what a session calls ---

    // Device and ring bits; the transport adds its own.
    uint64_t offered_features() const override { return m_offered; }
    const FeatureRange& feature_range() const { return m_feature_range; }
    const FeatureDial& dial() const { return m_dial; }
    const FeatureDial& next_dial() const { return m_next_dial; }
    // Decides from the next negotiation on: apply_dial() is what a session begins with.
    void set_next_dial(const FeatureDial& dial) { m_next_dial = dial; }
    void apply_dial();
    uint64_t accepted_features() const { return m_accepted; }
    // As negotiated.
    RingFormat ring_format() const
    {
        return m_accepted & F_RING_PACKED ? RingFormat::Packed : RingFormat::Split;
    }
    // Bits that were not offered are reported as the driver's problem and left out.
    void accept_features(uint64_t features);

    // Errors: Invalid if offset + size does not lie within the config space; write_config also as
    // Device::write_config().
    Result<void> read_config(uint32_t offset, std::span<std::byte> out) const;
    Result<void> write_config(uint32_t offset, std::span<const std::byte> bytes);

    // As many as the dial lets be seen.
    size_t queue_count() const;
    uint32_t max_queue_size(size_t index) const;
    HostQueue& queue(size_t index) { return *m_queues[index]; }
    // Features are filled in here; the rest of the config is the session's.
    Result<void> start_queue(size_t index, VirtqueueConfig config);
    void set_memory(const std::shared_ptr<const GuestMemory>& memory);
    // Stops all queues; the device keeps its state (the peer went away or paused).
    void stop_queues();
    // Stops all queues and resets the device: virtio reset.
    void reset();

    // Whether save_state() has something to save.
    bool has_state() const { return m_device->save_state().has_value(); }
    // All that a host of such a device in another process needs to go on with the same rings; the
    // queues are stopped. Loaded before they start. Errors: Invalid, saying what does not fit; the
    // device is then reset.
    std::vector<std::byte> save_state() const;
    Result<void> load_state(std::span<const std::byte> bytes);

    // How long each queue looks for more before it sleeps, at most AdaptivePoll::LONGEST.
    void set_poll(Duration bound);
    // The session's; null pointer: none.
    void set_queue_events(QueueEvents* events) { m_queue_context.events = events; }

    // The session's; null pointer: nobody is there to share with.
    void set_sharing(Sharing* sharing) { m_sharing = sharing; }
    // What the session maps Xen's memory with; null pointer: the libraries of this machine. It
    // outlives the host.
    void set_xen_memory(XenMemory* xen) { m_xen = xen; }
    XenMemory* xen_memory() const { return m_xen; }

    // Null pointer: none. Chains that a gate has are its own until it gives them up.
    void set_gate(QueueGate* gate) { m_queue_context.set_gate(gate); }
    uint32_t next_request_number() { return m_queue_context.next_request++; }

    // Called when the config space changed by itself; the session tells the front-end.
    void set_config_listener(std::function<void()> listener);

    void report(Problem problem) override;
    // A session's stage or a message for the trace.
    void record(TraceKind kind, uint32_t a, uint32_t b, std::span<const std::byte> bytes = {});

    void inspect(Inspector& inspector) const;
    // As HostQueue::snapshot(). Errors: also NotFound if the driver sees no such queue.
    Result<Value> snapshot_queue(unsigned queue, const SnapshotWindow& window) const;

    static constexpr size_t DEFAULT_TRACE_CAPACITY = size_t { 1 } << 16;

private:
    void config_changed() override;
    void look_for_stalls();
    bool observed() const override { return m_trace.enabled(); }
    void signal_changed(uint32_t signal, double value) override;
    void catch_up(unsigned queue) override;
    Sharing& sharing() override;
    Result<void> load_parts(StateReader& state);

    std::string m_name;
    EventLoop& m_loop;
    std::unique_ptr<Device> m_device;
    TraceRing m_trace;
    ProblemList m_problems;
    HostQueueContext m_queue_context;
    std::vector<std::unique_ptr<HostQueue>> m_queues;
    Timer m_stall_timer; // runs while a queue is started
    FeatureRange m_feature_range;
    FeatureDial m_dial;
    FeatureDial m_next_dial;
    uint64_t m_offered;
    uint64_t m_accepted = 0;
    uint32_t m_config_generation = 0;
    std::function<void()> m_config_listener;
    Sharing* m_sharing = nullptr;
    XenMemory* m_xen = nullptr;
};

} // namespace vwb
