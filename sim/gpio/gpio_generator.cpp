// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/gpio/gpio_generator.h"

#include "engine/base/assert.h"

namespace vwb {
namespace {

std::unique_ptr<Waveform> wave_of(const GpioTrain& train)
{
    VWB_ASSERT(train.active_time >= GpioTrain::MIN_TIME && train.rest_time >= GpioTrain::MIN_TIME);
    return make_square({ .low = 0,
        .high = 1,
        .high_time = train.active_time,
        .low_time = train.rest_time,
        .periods = train.periods });
}

} // namespace

GpioGenerator::GpioGenerator(EventLoop& loop, const GpioTrain& train, Drive drive)
    : m_train(train)
    , m_high(train.active)
    , m_low(train.rest)
    , m_drive(std::move(drive))
    , m_player(loop, wave_of(train), [this](double value) { take(value); })
{
}

GpioGenerator::GpioGenerator(EventLoop& loop, std::unique_ptr<Waveform> wave, Drive drive)
    : m_high(GpioLevel::High)
    , m_low(GpioLevel::Low)
    , m_drive(std::move(drive))
    , m_player(loop, std::move(wave), [this](double value) { take(value); })
{
}

GpioDrive GpioGenerator::rest() const
{
    return m_is_high == true && !m_train ? m_high : m_low;
}

void GpioGenerator::take(double value)
{
    const bool high = value >= 0.5;
    if (m_is_high == high)
        return;
    m_is_high = high;
    m_periods_begun += high ? 1 : 0;
    m_drive(high ? m_high : m_low);
}

} // namespace vwb
