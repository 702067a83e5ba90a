// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// RngDevice: the entropy device (virtio 1.4, 5.4): fills buffers from a source, in order, never
// with nothing, within a rate limit. Whoever cannot be served now is parked; nothing here blocks.
// What observers can do with it is RngActions'.
#pragma once

#include "devices/rng/rng_actions.h"
#include "devices/rng/rng_hardware.h"
#include "devices/rng/rng_health.h"
#include "devices/rng/rng_quota.h"
#include "devices/rng/rng_statistics.h"
#include "engine/device/device.h"
#include "engine/device/request_queue.h"

#include <memory>

namespace vwb {

struct RngCounters {
    uint64_t requests = 0; // taken from the queue
    uint64_t completed = 0; // with at least one byte
    uint64_t bytes = 0;
    uint64_t failures = 0; // of the source
};

class RngDevice final : public Device {
public:
    RngDevice(EventLoop& loop, std::unique_ptr<RngSource> source, RngRate rate);

    const DeviceTraits& traits() const override;
    void attach(DeviceContext& context) override;
    void queue_stopped(unsigned queue) override;
    void handle(unsigned queue, Request request) override;
    void batch_done(unsigned queue) override;
    void fail(unsigned queue, Request request) override;
    void reset() override;
    // Nothing of its own; that there is one lets parked requests move along.
    std::optional<std::vector<std::byte>> save_state() const override;
    Result<void> load_state(std::span<const std::byte> bytes) override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override { return &m_actions; }

    RngSource& source() { return *m_source; }
    const RngCounters& counters() const { return m_counters; }
    size_t pending() const { return m_pending.size(); }
    const RngRate& rate() const { return m_quota.rate(); }
    // Takes effect at once, for parked requests too.
    void set_rate(RngRate rate);
    // Faults on demand: no byte at all, or at most so many in one answer (0: as many as fit).
    bool starved() const { return m_starved; }
    void set_starved(bool starved);
    uint32_t longest_answer() const { return m_longest_answer; }
    void set_longest_answer(uint32_t bytes) { m_longest_answer = bytes; }
    const RngHealth& health() const { return m_health; }
    const RngStatistics& statistics() const { return m_statistics; }

    // A longer buffer is filled so far, which virtio allows: one guest's wish for gigabytes must
    // not keep the loop.
    static constexpr uint32_t MAX_BYTES_PER_REQUEST = 64 * 1024;
    // After so many bytes the loop looks at its other descriptors first.
    static constexpr uint32_t MAX_BYTES_PER_TURN = 256 * 1024;
    static constexpr Duration FIRST_RETRY = std::chrono::milliseconds(50);
    static constexpr Duration LAST_RETRY = std::chrono::seconds(5);

private:
    // What keeps the oldest parked request waiting.
    enum class Wait { Nothing, Starved, Turn, Quota, Source, Retry };

    static const char* to_string(Wait wait);

    bool try_serve(Request& request);
    uint32_t allowance(uint32_t wanted);
    uint32_t fill(ChainWriter& writer, uint32_t goal);
    void serve_parked();
    void note_wait();
    void stop_waiting();
    void on_source_failure(const Error& error);
    void check_health(std::span<const std::byte> bytes);
    void report_shape(const Request& request);

    std::unique_ptr<RngSource> m_source;
    EventLoop& m_loop;
    DeviceContext* m_context = nullptr;
    RngQuota m_quota;
    RequestQueue m_pending;
    Wait m_wait = Wait::Nothing;
    Timer m_timer; // for Wait::Quota and Wait::Retry
    Deferred m_next_turn;
    uint32_t m_turn_bytes = 0;
    Duration m_retry_delay = FIRST_RETRY;
    bool m_starved = false;
    uint32_t m_longest_answer = 0;
    RngHealth m_health;
    RngStatistics m_statistics;
    RngCounters m_counters;
    RngActions m_actions;
};

} // namespace vwb
