// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DeviceBed: what harnesses of devices share: a device without rings or host, given requests,
// stops, resets, config accesses, states and time as the input says. It checks each answer: one for
// each request, no longer than the writable part, nothing written behind the used length, nothing
// written to the readable part, and nothing kept by a stopped queue.
#pragma once

#include "engine/device/device.h"
#include "engine/device/request.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/input_clock.h"

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace vwb::fuzz {

// One for all runs of a harness: what takes long to make stays, and nothing of a run is left.
class DeviceBed final : private DeviceContext, private RequestSink {
public:
    DeviceBed();

    // A new run; the devices of earlier ones are gone. Then a device is made on the loop.
    void begin(FuzzInput& input);
    EventLoop& loop() override { return *m_loop; }
    using Outside = std::function<void(FuzzInput&)>;
    using Check = std::function<void(unsigned queue, const ChainRecord& request, uint32_t written)>;

    // The input to its end. outside: moves the hardware as the input says; check: what must hold of
    // each completed request of such a device.
    void run(Device& device, Outside outside, Check check = {});

private:
    static constexpr size_t MAX_PIECES = 4;
    static constexpr size_t MAX_PIECE = 255;
    // Room for a piece; all behind its end is poisoned, so that a sanitizer sees who goes there.
    struct alignas(8) Room {
        std::array<std::byte, MAX_PIECE + 65> bytes;
    };
    // One request, as the guest has it.
    struct Slot {
        ChainRecord record;
        std::array<Room, MAX_PIECES> rooms;
        std::vector<std::byte> readable; // as it was handed over
        unsigned queue = 0;
        bool busy = false;
    };
    static constexpr size_t MAX_REQUESTS = 16;
    static constexpr unsigned MAX_STEPS = 64;

    void step(Device& device);
    void submit(Device& device);
    static void clear(Slot& slot);
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

    FuzzInput* m_input = nullptr;
    InputClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    Outside m_outside;
    Check m_check;
    std::array<Slot, MAX_REQUESTS> m_slots;
    uint64_t m_offered = 0;
    uint32_t m_next_request = 1;
    unsigned m_queues = 0;
    bool m_stopping = false;
};

} // namespace vwb::fuzz
