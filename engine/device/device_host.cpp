// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/device/device_host.h"

#include <algorithm>
#include <cmath>

namespace vwb {

static uint64_t usual_features(const DeviceTraits& traits)
{
    const bool parks = std::ranges::any_of(traits.queues, &QueueTraits::parks_requests);
    return traits.features | RING_FEATURES | (parks ? 0 : ORDERLY_RING_FEATURES);
}

DeviceHost::DeviceHost(std::string name, uint16_t index, EventLoop& loop,
    std::unique_ptr<Device> device, size_t trace_capacity)
    : m_name(std::move(name))
    , m_loop(loop)
    , m_device(std::move(device))
    , m_trace(trace_capacity)
    , m_problems(loop.clock())
    , m_queue_context { loop, *m_device, m_trace, m_problems, index }
    , m_stall_timer(loop, [this] { look_for_stalls(); })
    , m_feature_range { usual_features(m_device->traits()), OPTIONAL_RING_FEATURES }
    , m_offered(m_feature_range.usual)
{
    for (size_t i = 0; i < traits().queues.size(); ++i)
        m_queues.push_back(std::make_unique<HostQueue>(m_queue_context, static_cast<unsigned>(i)));
    m_device->attach(*this);
}

DeviceHost::~DeviceHost()
{
    stop_queues();
}

void DeviceHost::apply_dial()
{
    m_dial = m_next_dial;
    m_offered = m_feature_range.turned(m_dial.offer, m_dial.withhold);
}

size_t DeviceHost::queue_count() const
{
    return m_dial.queues == 0 ? m_queues.size() : std::min<size_t>(m_dial.queues, m_queues.size());
}

uint32_t DeviceHost::max_queue_size(size_t index) const
{
    const uint32_t size = traits().queues[index].max_size;
    return m_dial.queue_size == 0 ? size : std::min(m_dial.queue_size, size);
}

void DeviceHost::accept_features(uint64_t features)
{
    const uint64_t foreign = features & ~m_offered;
    if (foreign != 0) {
        // virtio 1.4, 2.2.1: the driver must not accept a feature that was not offered.
        report({ Side::Driver, Severity::Error, "features.not-offered", "virtio 1.4, 2.2.1",
            "accepted features that were not offered: "
                + to_text(feature_names(*traits().schema, foreign)) });
    }
    if (!(features & F_VERSION_1)) {
        // virtio 1.4, 6.1: an offered VERSION_1 must be accepted.
        report({ Side::Driver, Severity::Warning, "features.version-1", "virtio 1.4, 6.1",
            "VERSION_1 was offered and not accepted" });
    }
    m_accepted = features & m_offered;
    m_device->features_accepted(m_accepted);
}

static Error outside_config(uint32_t offset, size_t size, uint32_t config_size)
{
    return { ErrorKind::Invalid,
        "config space access of " + std::to_string(size) + " bytes at offset "
            + std::to_string(offset) + "; the config space has " + std::to_string(config_size)
            + " bytes" };
}

static bool in_config(uint32_t offset, size_t size, uint32_t config_size)
{
    return size <= config_size && offset <= config_size - size;
}

Result<void> DeviceHost::read_config(uint32_t offset, std::span<std::byte> out) const
{
    if (!in_config(offset, out.size(), traits().config_size))
        return outside_config(offset, out.size(), traits().config_size);
    m_device->read_config(offset, out);
    return {};
}

Result<void> DeviceHost::write_config(uint32_t offset, std::span<const std::byte> bytes)
{
    if (!in_config(offset, bytes.size(), traits().config_size))
        return outside_config(offset, bytes.size(), traits().config_size);
    return m_device->write_config(offset, bytes);
}

Result<void> DeviceHost::start_queue(size_t index, VirtqueueConfig config)
{
    const uint32_t limit = max_queue_size(index);
    if (config.size > limit)
        return Error(ErrorKind::Invalid,
            "queue size " + std::to_string(config.size) + " of " + traits().queues[index].name
                + " is larger than the offered " + std::to_string(limit));
    config.max_segments = m_dial.segments;
    config.format = ring_format();
    config.event_index = (m_accepted & F_EVENT_IDX) != 0;
    config.indirect = (m_accepted & F_INDIRECT_DESC) != 0;
    config.in_order = (m_accepted & F_IN_ORDER) != 0;
    VWB_TRY(m_queues[index]->start(config));
    if (!m_stall_timer.active())
        m_stall_timer.start_every(StallWatch::PERIOD);
    return {};
}

void DeviceHost::look_for_stalls()
{
    bool any = false;
    for (auto& queue : m_queues) {
        queue->look_for_stall();
        any |= queue->started();
    }
    if (!any)
        m_stall_timer.stop();
}

void DeviceHost::set_poll(Duration bound)
{
    for (auto& queue : m_queues)
        queue->set_poll(bound);
}

void DeviceHost::set_memory(const std::shared_ptr<const GuestMemory>& memory)
{
    for (auto& queue : m_queues)
        queue->set_memory(memory);
}

void DeviceHost::stop_queues()
{
    for (auto& queue : m_queues)
        queue->stop();
}

void DeviceHost::reset()
{
    for (auto& queue : m_queues) {
        queue->stop();
        queue->set_enabled(false);
        queue->forget_carried();
    }
    m_accepted = 0;
    m_device->reset();
}

void DeviceHost::set_config_listener(std::function<void()> listener)
{
    m_config_listener = std::move(listener);
}

void DeviceHost::config_changed()
{
    ++m_config_generation;
    if (m_config_listener)
        m_config_listener();
}

void DeviceHost::report(Problem problem)
{
    m_problems.report(std::move(problem));
}

void DeviceHost::record(TraceKind kind, uint32_t a, uint32_t b, std::span<const std::byte> bytes)
{
    if (!m_trace.enabled())
        return;
    TraceEvent event {};
    event.time_ns = m_loop.clock().now().time_since_epoch().count();
    event.a = a;
    event.b = b;
    event.device = index();
    event.kind = kind;
    const size_t count = std::min(bytes.size(), TraceEvent::BYTES);
    std::copy_n(bytes.begin(), count, event.bytes.begin());
    event.bytes_size = static_cast<uint8_t>(count);
    m_trace.record(event);
}

void DeviceHost::signal_changed(uint32_t signal, double value)
{
    if (!m_trace.enabled())
        return;
    const bool fits = value >= 0 && value <= UINT32_MAX && value == std::floor(value);
    if (fits)
        record(TraceKind::Signal, signal, static_cast<uint32_t>(value));
    else
        record(TraceKind::Signal, signal, 0, std::as_bytes(std::span(&value, 1)));
}

void DeviceHost::catch_up(unsigned queue)
{
    m_queues[queue]->catch_up();
}

Sharing& DeviceHost::sharing()
{
    return m_sharing ? *m_sharing : no_sharing();
}

void DeviceHost::inspect(Inspector& inspector) const
{
    const Schema& schema = *traits().schema;
    inspector.field("type", schema.device);
    inspector.field("device_id", traits().device_id);
    inspector.child("features", [&](Inspector& inner) {
        inner.hex("offered", m_offered);
        inner.hex("accepted", m_accepted);
        inner.field("offered_names", feature_names(schema, m_offered));
        inner.field("accepted_names", feature_names(schema, m_accepted));
    });
    inspector.child("queues", [&](Inspector& inner) {
        for (size_t i = 0; i < m_queues.size(); ++i)
            inner.child(
                traits().queues[i].name, [&](Inspector& queue) { m_queues[i]->inspect(queue); });
    });
    if (traits().config_size > 0) {
        std::vector<std::byte> config(traits().config_size);
        m_device->read_config(0, config);
        Value fields = decode_fields(schema.config, config);
        fields.set("generation", m_config_generation);
        inspector.field("config", std::move(fields));
    }
    inspector.child("device", [&](Inspector& inner) { m_device->inspect(inner); });
    inspector.child("problems", [&](Inspector& inner) { m_problems.inspect(inner); });
    inspector.field("trace_events", m_trace.head());
}

} // namespace vwb
