// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpioLineIrq: the interrupt of one line (virtio 1.4, 5.18.6.6 and 5.18.7) as a pure state machine.
// It says what becomes of the buffer that the driver parks to unmask the interrupt; it owns neither
// that buffer nor the line.
//
//   disabled --set_type--> masked --unmask--> armed --edge, active level--> masked (buffer: valid)
//   masked --edge--> latched --unmask--> masked (buffer: valid, at once)
//   any --set_type(None)--> disabled (buffer, if there is one: invalid; latch dropped)
#pragma once

#include "devices/gpio/gpio_hardware.h"

#include <cstdint>
#include <optional>

namespace vwb {

// Values as on the wire.
enum class GpioIrqType : uint8_t {
    None = 0,
    EdgeRising = 1,
    EdgeFalling = 2,
    EdgeBoth = 3,
    LevelHigh = 4,
    LevelLow = 8,
};

// None if the value on the wire is no type.
std::optional<GpioIrqType> gpio_irq_type(uint32_t wire);
const char* to_string(GpioIrqType type);
// What the hardware must tell of for this type.
GpioEdges edges_for(GpioIrqType type);

class GpioLineIrq {
public:
    // What becomes of the buffer.
    enum class Buffer { Keep, ReturnValid, ReturnInvalid };

    // A change from one type to another is taken as disabling and enabling, except that the
    // buffer stays: a latched edge is dropped.
    Buffer set_type(GpioIrqType type);
    // The driver queued a buffer; there must be none yet. After Keep, if samples_level(), the
    // current level must be given to sense().
    Buffer unmask();
    // The buffer was taken back, and the driver told nothing.
    void mask() { m_armed = false; }
    // The line changed to this level. Only for edge types.
    Buffer edge(GpioLevel level);
    // The line has this level. Only for level types.
    Buffer sense(GpioLevel level);

    // As another one was, masked: its buffer comes again.
    void restore(GpioIrqType type, bool latched)
    {
        m_type = type;
        m_latched = latched && !samples_level();
    }

    GpioIrqType type() const { return m_type; }
    bool enabled() const { return m_type != GpioIrqType::None; }
    bool armed() const { return m_armed; }
    bool latched() const { return m_latched; }
    bool samples_level() const
    {
        return m_type == GpioIrqType::LevelHigh || m_type == GpioIrqType::LevelLow;
    }

    uint64_t delivered() const { return m_delivered; }
    // Edges that found another one latched already: the driver hears of both as one.
    uint64_t merged() const { return m_merged; }

private:
    Buffer deliver();

    GpioIrqType m_type = GpioIrqType::None;
    bool m_armed = false; // a buffer is parked: unmasked
    bool m_latched = false;
    uint64_t m_delivered = 0;
    uint64_t m_merged = 0;
};

} // namespace vwb
