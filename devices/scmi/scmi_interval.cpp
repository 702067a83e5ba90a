// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_interval.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr int NANOSECONDS = -9;

// 10^18 is the largest power that fits.
int64_t power_of_ten(int exponent)
{
    int64_t power = 1;
    for (int i = 0; i < exponent; ++i)
        power *= 10;
    return power;
}

std::optional<ScmiInterval> choose(
    const std::vector<ScmiInterval>& offered, Duration wanted, ScmiIntervalRounding rounding)
{
    const ScmiInterval* below = nullptr;
    const ScmiInterval* above = nullptr;
    for (const auto& interval : offered) {
        const Duration duration = duration_of(interval);
        if (duration <= wanted && (!below || duration > duration_of(*below)))
            below = &interval;
        if (duration >= wanted && (!above || duration < duration_of(*above)))
            above = &interval;
    }
    const ScmiInterval* chosen = rounding == ScmiIntervalRounding::Down ? below : above;
    if (rounding == ScmiIntervalRounding::Nearest) {
        if (!below || !above)
            chosen = below ? below : above;
        else
            chosen = wanted - duration_of(*below) <= duration_of(*above) - wanted ? below : above;
    }
    return chosen ? std::optional(*chosen) : std::nullopt;
}

} // namespace

Duration duration_of(const ScmiInterval& interval)
{
    const int exponent = interval.exponent - NANOSECONDS;
    if (exponent < 0) {
        const int64_t divisor = power_of_ten(-exponent);
        return Duration(interval.seconds / divisor);
    }
    constexpr int64_t longest = INT64_MAX / 4;
    const int64_t unit = power_of_ten(std::min(exponent, 18));
    const int64_t seconds = interval.seconds;
    return Duration(
        exponent > 18 || (seconds > 0 && unit > longest / seconds) ? longest : unit * seconds);
}

ScmiInterval scmi_interval(Duration duration)
{
    int64_t seconds = std::max<int64_t>(duration.count(), 0);
    int exponent = NANOSECONDS;
    while (seconds > UINT16_MAX || (seconds > 0 && seconds % 10 == 0)) {
        seconds = (seconds + 5) / 10;
        ++exponent;
    }
    return { static_cast<uint16_t>(seconds), static_cast<int8_t>(exponent) };
}

uint32_t interval_word(const ScmiInterval& interval)
{
    return uint32_t { interval.seconds } << 5 | (static_cast<uint8_t>(interval.exponent) & 0x1f);
}

std::optional<ScmiInterval> choose_interval(
    const ScmiSensorInfo& info, const ScmiInterval& wanted, ScmiIntervalRounding rounding)
{
    const Duration duration = duration_of(wanted);
    if (duration < SCMI_SHORTEST_INTERVAL)
        return std::nullopt;
    if (info.intervals.empty())
        return wanted;
    if (!info.segmented)
        return choose(info.intervals, duration, rounding);
    const Duration lowest = duration_of(info.intervals[0]);
    const Duration highest = duration_of(info.intervals[1]);
    const Duration step = std::max(duration_of(info.intervals[2]), Duration(1));
    const int64_t steps = std::max<int64_t>((duration - lowest) / step, 0);
    const Duration below = std::min(lowest + steps * step, highest);
    const Duration above = std::min(below + step, highest);
    return choose({ scmi_interval(below), scmi_interval(above) }, duration, rounding);
}

} // namespace vwb
