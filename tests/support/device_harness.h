// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DeviceHarness: a device on a DeviceHost with guest rings and memory, without sockets or threads.
// Time stands still unless a test moves it. The guest side is the built-in driver's ring.
#pragma once

#include "engine/device/device_host.h"
#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vwb::test {

struct HarnessOptions {
    uint64_t features = ~uint64_t { 0 }; // masked by what is offered
    uint32_t queue_size = 64;
    bool event_index = true;
    bool indirect = true;
    bool in_order = false;
    RingFormat format = RingFormat::Split;
};

struct HarnessAnswer {
    uint32_t used_length = 0;
    std::vector<uint8_t> bytes; // the whole writable part; 0xa5 where nothing was written
};

class DeviceHarness {
public:
    using Bytes = std::vector<uint8_t>;

    explicit DeviceHarness(std::unique_ptr<Device> device, const HarnessOptions& options = {});
    // For devices whose hardware needs the loop to be made.
    using MakeDevice = std::function<std::unique_ptr<Device>(EventLoop&)>;
    explicit DeviceHarness(const MakeDevice& make, const HarnessOptions& options = {});
    ~DeviceHarness();

    ManualClock& clock() { return m_clock; }
    EventLoop& loop() { return *m_loop; }
    DeviceHost& host() { return *m_host; }
    DriverRing& ring(unsigned queue) { return *m_rings[queue]; }
    DriverMemory& memory() { return *m_memory; }

    // Submits, kicks, and runs the loop until nothing is left to do.
    uint64_t submit(unsigned queue, const Bytes& readable, uint32_t writable_size);
    // One descriptor per piece.
    uint64_t submit_pieces(
        unsigned queue, const std::vector<Bytes>& readable, const std::vector<uint32_t>& writable);
    // Without a kick: the device does not know yet.
    uint64_t make_available(
        unsigned queue, const std::vector<Bytes>& readable, const std::vector<uint32_t>& writable);
    // The answer, or none as long as the device keeps the request. Handed out once.
    std::optional<HarnessAnswer> answer(uint64_t ticket);
    // submit() and answer(); fails the test if there is no answer.
    HarnessAnswer request(unsigned queue, const Bytes& readable, uint32_t writable_size);

    void kick(unsigned queue);
    // Runs the loop until idle.
    void settle();
    // Moves the clock and settles.
    void advance(Duration step);

    // All queues as a driver that goes away and comes back on the same rings / on new ones.
    void stop_queues();
    void start_queues();
    void renew_rings();

    const std::vector<Problem>& problems() { return m_host->problems().problems(); }
    // "rule rule ..." of all problems in order of their first occurrence.
    std::string rules();

private:
    struct Pending {
        unsigned queue;
        std::vector<GuestBuffer> writable;
        std::optional<uint32_t> used_length;
    };

    void set_up(const HarnessOptions& options);
    void make_rings();
    void collect(unsigned queue);

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<DeviceHost> m_host;
    std::unique_ptr<DriverMemory> m_memory;
    std::shared_ptr<const GuestMemory> m_guest_memory;
    std::vector<std::unique_ptr<DriverRing>> m_rings;
    std::vector<uint32_t> m_bases;
    std::map<uint64_t, Pending> m_pending;
    HarnessOptions m_options;
    uint64_t m_features = 0; // accepted
    uint64_t m_next_ticket = 1;
};

// Little-endian bytes of integers: bytes(le16{5}, le32{7}).
template <typename... Integers> std::vector<uint8_t> wire(Integers... integers)
{
    std::vector<uint8_t> out((sizeof integers + ... + 0));
    uint8_t* end = out.data();
    ((std::memcpy(end, &integers, sizeof integers), end += sizeof integers), ...);
    return out;
}

} // namespace vwb::test
