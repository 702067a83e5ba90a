// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// EchoDevice: the smallest Device for tests of the engine. Queue 0 answers with the bytes it was
// given; the first byte chooses otherwise: 'd' drops the request, 'k' keeps it. Queue 1 parks all.
#pragma once

#include "engine/device/device.h"

#include <deque>
#include <string_view>
#include <vector>

namespace vwb::test {

class EchoDevice : public Device {
public:
    static constexpr uint64_t FEATURE = 1; // bit 0, offered

    const DeviceTraits& traits() const override;
    void attach(DeviceContext& context) override { m_context = &context; }
    void features_accepted(uint64_t features) override { accepted = features; }
    void read_config(uint32_t offset, std::span<std::byte> out) const override;
    Result<void> write_config(uint32_t offset, std::span<const std::byte> bytes) override;
    void queue_started(unsigned) override { ++starts; }
    void queue_stopped(unsigned queue) override;
    void handle(unsigned queue, Request request) override;
    void batch_done(unsigned) override { ++batches; }
    void fail(unsigned queue, Request request) override;
    void reset() override { ++resets; }
    // Its config space.
    std::optional<std::vector<std::byte>> save_state() const override;
    Result<void> load_state(std::span<const std::byte> state) override;
    void inspect(Inspector& inspector) const override;

    DeviceContext& context() { return *m_context; }

    std::deque<Request> parked[2];
    uint64_t accepted = 0;
    unsigned starts = 0;
    unsigned batches = 0;
    unsigned resets = 0;
    unsigned failed = 0;
    bool fail_drops = false; // fail() drops as well
    std::array<std::byte, 8> config {};

private:
    DeviceContext* m_context = nullptr;
};

// A request of it.
inline std::vector<uint8_t> text(std::string_view characters)
{
    return { characters.begin(), characters.end() };
}

} // namespace vwb::test
