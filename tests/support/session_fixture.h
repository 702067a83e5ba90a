// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SessionFixture: an EchoDevice behind a vhost-user socket pair, with a raw front-end, guest memory
// and driver rings on the other side, all on one thread. Time stands still.
#pragma once

#include "engine/driver/driver_memory.h"
#include "engine/driver/driver_ring.h"
#include "engine/vhost_user/listener.h"
#include "tests/support/echo_device.h"
#include "tests/support/raw_front_end.h"

#include <gtest/gtest.h>

namespace vwb::test {

// One ring of the front-end with the descriptors that belong to it.
struct TestRing {
    std::unique_ptr<DriverRing> ring;
    UniqueFd kick;
    UniqueFd call;
    uint32_t base = 0;
};

class SessionFixture : public testing::Test {
protected:
    static constexpr uint32_t NEED_REPLY = MESSAGE_VERSION | MESSAGE_NEED_REPLY;
    static constexpr uint64_t FEATURES = F_VERSION_1 | F_INDIRECT_DESC | F_EVENT_IDX;

    explicit SessionFixture(std::unique_ptr<EchoDevice> device = std::make_unique<EchoDevice>());
    ~SessionFixture() override;

    // A new front-end on a new pair; the old one, if any, is closed and its session ends.
    void connect();
    void settle();
    // Sends, runs the loop, and takes the reply that has come, if any.
    std::optional<Message> call(FrontEndMessage id, const Bytes& payload = {},
        std::initializer_list<int> fds = {}, uint32_t flags = MESSAGE_VERSION);
    // The number of the reply; fails the test if there is none.
    uint64_t number(FrontEndMessage id, const Bytes& payload = {},
        std::initializer_list<int> fds = {}, uint32_t flags = NEED_REPLY);
    // Accepts bit 30 and the protocol features given.
    void negotiate(uint64_t protocol_features, uint64_t features = FEATURES);
    void negotiate() { negotiate(OFFERED_PROTOCOL_FEATURES, m_features); }
    // Packed rings of that size from now on; before start().
    void use_packed_rings(uint32_t size);

    // SET_MEM_TABLE with the one region of the guest.
    uint64_t share_memory();
    Bytes memory_table() const;
    // The messages up to SET_VRING_KICK, in QEMU's order; enable() is one more.
    void set_up_ring(uint32_t index);
    void enable(uint32_t index, uint32_t on = 1);
    VringAddr address_of_ring(uint32_t index) const;
    // Everything, so that requests can be made.
    void start();

    // One request on a ring: writes, makes available, kicks, and answers the used text.
    std::string request(uint32_t ring, const std::string& text);
    void submit(uint32_t ring, const std::string& text);
    std::optional<std::string> used(uint32_t ring);
    void kick(uint32_t ring);
    uint64_t calls(uint32_t ring); // since the last question; asks for the next one

    const std::vector<Problem>& problems() { return m_host->problems().problems(); }
    // "rule rule ..." of all problems.
    std::string rules();
    Value inspect() const;
    HostQueue& queue(size_t index) { return m_host->queue(index); }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    EchoDevice* m_device = nullptr;
    std::unique_ptr<DeviceHost> m_host;
    std::unique_ptr<Listener> m_listener;
    RawFrontEnd m_peer;
    std::unique_ptr<DriverMemory> m_memory;
    std::vector<TestRing> m_rings;
    std::vector<GuestBuffer> m_buffers; // by token
    uint64_t m_features = FEATURES; // that negotiate() accepts
};

} // namespace vwb::test
