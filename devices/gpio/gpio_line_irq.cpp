// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/gpio/gpio_line_irq.h"

namespace vwb {

std::optional<GpioIrqType> gpio_irq_type(uint32_t wire)
{
    switch (wire) {
    case 0:
        return GpioIrqType::None;
    case 1:
        return GpioIrqType::EdgeRising;
    case 2:
        return GpioIrqType::EdgeFalling;
    case 3:
        return GpioIrqType::EdgeBoth;
    case 4:
        return GpioIrqType::LevelHigh;
    case 8:
        return GpioIrqType::LevelLow;
    default:
        return std::nullopt;
    }
}

const char* to_string(GpioIrqType type)
{
    switch (type) {
    case GpioIrqType::None:
        return "none";
    case GpioIrqType::EdgeRising:
        return "edge-rising";
    case GpioIrqType::EdgeFalling:
        return "edge-falling";
    case GpioIrqType::EdgeBoth:
        return "edge-both";
    case GpioIrqType::LevelHigh:
        return "level-high";
    case GpioIrqType::LevelLow:
        return "level-low";
    }
    return "?";
}

GpioEdges edges_for(GpioIrqType type)
{
    switch (type) {
    case GpioIrqType::None:
        return GpioEdges::None;
    case GpioIrqType::EdgeRising:
    case GpioIrqType::LevelHigh:
        return GpioEdges::Rising;
    case GpioIrqType::EdgeFalling:
    case GpioIrqType::LevelLow:
        return GpioEdges::Falling;
    case GpioIrqType::EdgeBoth:
        return GpioEdges::Both;
    }
    return GpioEdges::None;
}

GpioLineIrq::Buffer GpioLineIrq::deliver()
{
    // virtio 1.4, 5.18.6.6: returning the buffer masks the interrupt.
    m_armed = false;
    ++m_delivered;
    return Buffer::ReturnValid;
}

GpioLineIrq::Buffer GpioLineIrq::set_type(GpioIrqType type)
{
    if (type == m_type)
        return Buffer::Keep;
    m_type = type;
    // virtio 1.4, 5.18.6.9: a latched interrupt is discarded once the interrupt is disabled.
    m_latched = false;
    if (type != GpioIrqType::None || !m_armed)
        return Buffer::Keep;
    // virtio 1.4, 5.18.7.3: type NONE gives the buffer back as invalid.
    m_armed = false;
    return Buffer::ReturnInvalid;
}

GpioLineIrq::Buffer GpioLineIrq::unmask()
{
    VWB_ASSERT(!m_armed);
    // virtio 1.4, 5.18.6.6: unmasked without being enabled first.
    if (!enabled())
        return Buffer::ReturnInvalid;
    m_armed = true;
    if (!m_latched)
        return Buffer::Keep;
    m_latched = false;
    return deliver();
}

GpioLineIrq::Buffer GpioLineIrq::edge(GpioLevel level)
{
    const auto wanted
        = level == GpioLevel::High ? GpioIrqType::EdgeRising : GpioIrqType::EdgeFalling;
    if (m_type != wanted && m_type != GpioIrqType::EdgeBoth)
        return Buffer::Keep;
    if (m_armed)
        return deliver();
    // virtio 1.4, 5.18.6.9: an edge is latched if the interrupt is enabled but still masked.
    m_merged += m_latched ? 1 : 0;
    m_latched = true;
    return Buffer::Keep;
}

GpioLineIrq::Buffer GpioLineIrq::sense(GpioLevel level)
{
    const auto active = level == GpioLevel::High ? GpioIrqType::LevelHigh : GpioIrqType::LevelLow;
    // virtio 1.4, 5.18.6.9: a level is not latched while the interrupt is masked.
    if (m_type != active || !m_armed)
        return Buffer::Keep;
    return deliver();
}

} // namespace vwb
