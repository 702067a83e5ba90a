// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/gpio_generator.h"

namespace vwb {

GpioGenerator::GpioGenerator(
    EventLoop& loop, const GpioTrain& train, std::function<void(GpioDrive)> drive)
    : m_train(train)
    , m_drive(std::move(drive))
    , m_timer(loop, [this] { step(); })
    , m_next(loop.clock().now())
{
    VWB_ASSERT(train.active_time >= GpioTrain::MIN_TIME && train.rest_time >= GpioTrain::MIN_TIME);
    begin_period();
}

void GpioGenerator::begin_period()
{
    m_active = true;
    ++m_periods_begun;
    m_next += m_train.active_time;
    m_timer.start_at(m_next);
    m_drive(m_train.active);
}

void GpioGenerator::step()
{
    if (!m_active) {
        begin_period();
        return;
    }
    m_active = false;
    if (m_train.periods == 0 || m_periods_begun < m_train.periods) {
        m_next += m_train.rest_time;
        m_timer.start_at(m_next);
    }
    m_drive(m_train.rest);
}

} // namespace vwb
