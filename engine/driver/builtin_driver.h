// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BuiltinDriver: our own guest side of a vhost-user device, without a kernel: it connects, sets
// features, memory and rings up, and moves requests as bytes. It serves demo, tests, benchmarks and
// foreign back-ends alike; what the bytes mean is its user's business.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/histogram.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vwb {

class DriverIommu;
class DriverSession;
class Frontend;

struct DriverOptions {
    // Device and ring bits wanted; only what is offered is accepted. The ring bits below and
    // VERSION_1 need not be named.
    uint64_t features = ~uint64_t { 0 };
    uint32_t queue_size = 64; // where rings are split: a power of two
    bool event_index = true;
    bool indirect = true;
    // Keeps the back-end's account of what is in flight, where it can: a new back-end goes on with
    // it after reconnect(), and nothing is made available twice.
    bool inflight = false;
    bool packed = false;
    bool in_order = false;
    // Kicks and calls as messages, where the back-end offers it; an IOMMU between device and
    // memory.
    bool inband = false;
    bool iommu = false;
    size_t memory = size_t { 16 } << 20; // bytes
    // Queues to set up; empty: all that the back-end has (one if it cannot tell).
    std::vector<unsigned> queues;
    Duration timeout = std::chrono::seconds(5); // of every wait and every reply
};

// A finished request.
struct Answer {
    uint32_t used_length = 0;
    // The whole writable part as the driver finds it, also behind the used length.
    std::vector<std::byte> bytes;
};

// What was counted for one queue since connect().
struct DriverCounters {
    uint64_t requests = 0; // submitted
    uint64_t kicks = 0;
    uint64_t kicks_suppressed = 0; // the device had asked not to be kicked
    uint64_t calls = 0;
    uint64_t calls_spurious = 0; // that found nothing used
};

// How a guest has moved with its memory.
struct MigrationReport {
    unsigned rounds = 0; // of copying while it ran
    uint64_t pages_copied = 0; // in all of them, the first copy of everything included
    uint64_t pages_at_the_end = 0; // of these, while nothing ran
    // Guest addresses of pages that were not the same at the end: the back-end wrote there and did
    // not say so. A guest would go on with wrong bytes.
    std::vector<uint64_t> missed;
};

// One thread at a time. Every wait sleeps and has a deadline; a lost connection is an
// Error of kind Closed.
class BuiltinDriver {
public:
    using Piece = std::vector<std::byte>;

    // What an answer's bytes hold where the device wrote nothing.
    static constexpr std::byte UNWRITTEN { 0xa5 };

    // Connects and sets everything up: ready for requests.
    static Result<std::unique_ptr<BuiltinDriver>> connect(
        const std::string& socket_path, const DriverOptions& options = {});
    static Result<std::unique_ptr<BuiltinDriver>> adopt(
        UniqueFd socket, const DriverOptions& options = {});
    ~BuiltinDriver();

    uint64_t offered() const; // device and ring bits, without those of vhost-user itself
    uint64_t features() const; // accepted ones of them
    Frontend& frontend();
    DriverMemory& memory();
    // Asserts that the queue was set up.
    DriverRing& ring(unsigned queue);
    const std::vector<unsigned>& queues() const;
    // Null pointer if there is none, or the back-end does not accept one.
    DriverIommu* iommu();

    Result<std::vector<std::byte>> read_config(uint32_t offset, uint32_t size);
    Result<void> write_config(uint32_t offset, std::span<const std::byte> bytes);

    // Records how long each request() takes, from before it is submitted to its answer. The
    // histogram outlives the driver; null pointer: none.
    void set_latency(Histogram* latency) { m_latency = latency; }

    // Submits and waits. Errors: Timeout (naming the queue), Closed, Limit if the ring is full.
    Result<Answer> request(
        unsigned queue, std::span<const std::byte> readable, uint32_t writable_size);
    // Answers a ticket for poll() and wait(). Many may be under way (parked buffers of an eventq).
    Result<uint64_t> submit(
        unsigned queue, std::span<const std::byte> readable, uint32_t writable_size);
    // Any scatter list: one descriptor per piece.
    Result<uint64_t> submit_segments(unsigned queue, const std::vector<Piece>& readable,
        const std::vector<uint32_t>& writable_sizes);
    // An answer is handed out once.
    Result<std::optional<Answer>> poll(unsigned queue, uint64_t ticket);
    Result<Answer> wait(unsigned queue, uint64_t ticket);
    Result<Answer> wait(unsigned queue, uint64_t ticket, Duration timeout);
    // Requests submitted whose answer was not handed out.
    size_t outstanding(unsigned queue) const;

    // RESET_DEVICE (SET_STATUS 0 where it is not offered) and the full set-up again. Requests under
    // way are forgotten.
    Result<void> reset_device();
    // ENABLE 0 and GET_VRING_BASE. Requests under way stay so until start_queues() goes on from
    // the bases.
    Result<void> stop_queues();
    Result<void> start_queues();
    // One queue alone, as a driver does with RING_RESET: stopped, emptied and started anew. Its
    // requests under way are forgotten. Errors: Unsupported if RING_RESET was not accepted.
    Result<void> reset_queue(unsigned queue);
    // A new connection to the same path (or over the socket given), with the same memory and rings.
    // Requests under way are made available again: the new back-end answers them.
    Result<void> reconnect();
    Result<void> reconnect(UniqueFd socket);
    // Has the back-end log all its writes from now on, while rings run; and no longer. Errors:
    // Unsupported.
    Result<void> start_logging();
    Result<void> stop_logging();
    // Guest addresses of the pages written since the last question, in order.
    std::vector<uint64_t> take_dirty_pages();

    // Stops the queues and goes on with another back-end, in the same memory, from where this one
    // has stopped: vring bases, and the state of the device where both can move it.
    Result<void> migrate(const std::string& socket_path);
    // The same as two hosts do it: into memory of its own, copied in rounds while load() runs
    // between them, by the back-end's dirty log; then what was written last, and the state, while
    // nothing runs. If the new back-end refuses, the old one goes on, and the error says why.
    Result<MigrationReport> migrate_memory(
        const std::string& socket_path, unsigned rounds, const std::function<void()>& load);

    // Closes the connection without a word, as a killed guest does.
    void disconnect();

    void kick(unsigned queue);
    // Waits until the device calls; Timeout names the queue.
    Result<void> wait_call(unsigned queue, Duration timeout);
    const DriverCounters& counters(unsigned queue) const;

private:
    explicit BuiltinDriver(std::unique_ptr<DriverSession> session);
    static Result<std::unique_ptr<BuiltinDriver>> begin(
        std::unique_ptr<Frontend> frontend, std::string path, const DriverOptions& options);

    std::unique_ptr<DriverSession> m_session;
    std::string m_path; // empty if the socket was given
    Histogram* m_latency = nullptr;
};

} // namespace vwb
