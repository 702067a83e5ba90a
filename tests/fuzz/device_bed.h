// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DeviceBed: what harnesses of devices share: a device without rings or host, given requests,
// stops, resets, config accesses, states and time as the input says. It checks each answer: one for
// each request, no longer than the writable part, nothing written behind the used length, nothing
// written to the readable part, and nothing kept by a stopped queue.
#pragma once

#include "engine/device/device.h"
#include "engine/device/request.h"
#include "tests/fuzz/fuzz_input.h"

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace vwb::fuzz {

class DeviceBed final : private DeviceContext, private RequestSink {
public:
    // A device has its own loop, on which time stands still unless the input moves it.
    explicit DeviceBed(FuzzInput& input);

    EventLoop& loop() override { return *m_loop; }
    using Outside = std::function<void(FuzzInput&)>;
    using Check = std::function<void(unsigned queue, const ChainRecord& request, uint32_t written)>;

    // The input to its end. outside: moves the hardware as the input says; check: what must hold of
    // each completed request of such a device.
    void run(Device& device, Outside outside, Check check = {});

private:
    struct Piece {
        std::unique_ptr<std::byte[]> bytes; // exactly as many, so that a sanitizer sees the end
        uint32_t size = 0;
    };
    // One request, as the guest has it.
    struct Slot {
        ChainRecord record;
        std::vector<Piece> pieces;
        std::vector<std::byte> readable; // as it was handed over
        unsigned queue = 0;
        bool busy = false;
    };
    static constexpr size_t MAX_REQUESTS = 16;
    static constexpr unsigned MAX_STEPS = 64;

    void step(Device& device);
    void submit(Device& device);
    void add_piece(Slot& slot, uint32_t size, bool writable);
    void check_answer(const Slot& slot, uint32_t written) const;
    void inspect(Device& device);
    void access_config(Device& device);
    void stop(Device& device, unsigned queue);
    void start_over(Device& device);
    void move_state(Device& device);
    void advance();
    void settle();

    uint64_t offered_features() const override { return m_offered; }
    void report(Problem problem) override;
    void config_changed() override { }
    bool observed() const override { return true; }
    void signal_changed(uint32_t, double) override { }
    void catch_up(unsigned) override { }
    Sharing& sharing() override { return no_sharing(); }
    void complete_request(DescriptorChain chain, uint32_t written) override;
    void give_back_request(DescriptorChain chain) override;
    void abandon_request(DescriptorChain chain) override;
    Slot& take_back(DescriptorChain chain);

    FuzzInput& m_input;
    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    Outside m_outside;
    Check m_check;
    std::array<Slot, MAX_REQUESTS> m_slots;
    uint64_t m_offered = 0;
    uint32_t m_next_request = 1;
    unsigned m_queues = 0;
    bool m_stopping = false;
    bool m_inspected = false;
};

} // namespace vwb::fuzz
