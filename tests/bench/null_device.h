// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// NullDevice: answers at once and touches no byte: what is left is the ring.
#pragma once

#include "engine/device/device.h"

#include <array>

namespace vwb::bench {

class NullDevice final : public Device {
public:
    const DeviceTraits& traits() const override
    {
        static constexpr SchemaMessage messages[] { { "REQUEST", 0, 0, 0, 0, {}, {} } };
        static constexpr std::array queues { "requestq" };
        static constexpr Schema schema { "null", messages, {}, {}, queues };
        static const DeviceTraits traits { 42, 0, { QueueTraits { "requestq", 4096, false } }, 0,
            &schema };
        return traits;
    }
    void attach(DeviceContext&) override { }
    void queue_stopped(unsigned) override { }
    void handle(unsigned, Request request) override
    {
        const uint32_t size = request.writable_bytes();
        std::move(request).complete(size);
    }
    void fail(unsigned, Request request) override { std::move(request).complete(0); }
    void reset() override { }
    void inspect(Inspector&) const override { }
};

} // namespace vwb::bench
