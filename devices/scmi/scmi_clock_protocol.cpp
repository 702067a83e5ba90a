// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_clock_protocol.h"

#include <algorithm>
#include <array>

namespace vwb {
namespace {

constexpr uint32_t RATE_BYTES = 8; // one entry of CLOCK_DESCRIBE_RATES

constexpr std::array MESSAGES {
    ScmiMessage { CLOCK_ATTRIBUTES, "CLOCK_ATTRIBUTES", 4, 8 + SCMI_SHORT_NAME_SIZE },
    ScmiMessage { CLOCK_DESCRIBE_RATES, "CLOCK_DESCRIBE_RATES", 8, 4 + RATE_BYTES },
    ScmiMessage { CLOCK_RATE_SET, "CLOCK_RATE_SET", 16 },
    ScmiMessage { CLOCK_RATE_GET, "CLOCK_RATE_GET", 4, 8 },
    ScmiMessage { CLOCK_CONFIG_SET, "CLOCK_CONFIG_SET", 12 },
    ScmiMessage { CLOCK_NAME_GET, "CLOCK_NAME_GET", 4, 4 + SCMI_NAME_SIZE },
    ScmiMessage { CLOCK_RATE_NOTIFY, "CLOCK_RATE_NOTIFY", 8, 0, true },
    ScmiMessage { CLOCK_CONFIG_GET, "CLOCK_CONFIG_GET", 8, 12 },
};

// Flags of CLOCK_RATE_SET
constexpr uint32_t ASYNC = 1 << 0;
constexpr uint32_t NO_DELAYED_RESPONSE = 1 << 1; // matters with ASYNC only
constexpr uint32_t ROUND_UP = 1 << 2;
constexpr uint32_t ROUND_NEAREST = 1 << 3;
constexpr uint32_t ALL_FLAGS = ASYNC | NO_DELAYED_RESPONSE | ROUND_UP | ROUND_NEAREST;

// Attributes of CLOCK_CONFIG_SET
constexpr uint32_t STATE_MASK = 3;
constexpr uint32_t STATE_OFF = 0;
constexpr uint32_t STATE_ON = 1;
constexpr uint32_t OEM_TYPE_MASK = 0xff << 16;

ScmiRounding rounding_of(uint32_t flags)
{
    if (flags & ROUND_NEAREST)
        return ScmiRounding::Nearest;
    return flags & ROUND_UP ? ScmiRounding::Up : ScmiRounding::Down;
}

// The rates next to one: at most it, and at least it.
struct Neighbours {
    std::optional<uint64_t> below;
    std::optional<uint64_t> above;
};

Neighbours neighbours(const ScmiRates& rates, uint64_t hz)
{
    Neighbours found;
    if (!rates.range) {
        for (const uint64_t rate : rates.hz) {
            if (rate <= hz)
                found.below = rate;
            if (rate >= hz && !found.above)
                found.above = rate;
        }
        return found;
    }
    const uint64_t lowest = rates.hz[0];
    const uint64_t highest = rates.hz[1];
    const uint64_t step = std::max<uint64_t>(rates.hz[2], 1);
    if (hz < lowest)
        return { std::nullopt, lowest };
    const uint64_t top = lowest + (highest - lowest) / step * step;
    if (hz > top)
        return { top, std::nullopt };
    const uint64_t below = lowest + (hz - lowest) / step * step;
    return { below, below == hz ? below : below + step };
}

} // namespace

std::optional<uint64_t> round_scmi_rate(const ScmiRates& rates, uint64_t hz, ScmiRounding rounding)
{
    const auto [below, above] = neighbours(rates, hz);
    if (rounding == ScmiRounding::Down)
        return below;
    if (rounding == ScmiRounding::Up)
        return above;
    if (!below || !above)
        return below ? below : above;
    return hz - *below <= *above - hz ? below : above;
}

ScmiClockProtocol::ScmiClockProtocol(ScmiPlatform& platform, ScmiClocks& clocks)
    : ScmiDomainProtocol(platform, clocks)
    , m_clocks(clocks)
    , m_subscribers(add_subscribers())
{
    for (uint16_t clock = 0; clock < count(); ++clock)
        m_rates.push_back(m_clocks.rate(clock));
}

std::span<const ScmiMessage> ScmiClockProtocol::messages() const
{
    return MESSAGES;
}

void ScmiClockProtocol::attributes(ScmiCommand& command) const
{
    command.put(count()); // nothing is asynchronous
}

unsigned ScmiClockProtocol::domain_parameter(uint8_t message) const
{
    return message == CLOCK_RATE_SET ? 1 : 0;
}

ScmiStatus ScmiClockProtocol::run(uint16_t clock, ScmiCommand& command)
{
    switch (command.header().message) {
    case CLOCK_ATTRIBUTES:
        put_attributes(clock, command);
        return ScmiStatus::Success;
    case CLOCK_DESCRIBE_RATES:
        return describe_rates(clock, command);
    case CLOCK_RATE_SET:
        return set_rate(clock, command);
    case CLOCK_RATE_GET:
        command.put_long(m_clocks.rate(clock));
        return ScmiStatus::Success;
    case CLOCK_CONFIG_SET:
        return set_config(clock, command);
    case CLOCK_CONFIG_GET:
        return get_config(clock, command);
    case CLOCK_RATE_NOTIFY:
        return subscribe(m_subscribers, clock, command);
    default:
        return put_long_name(clock, command);
    }
}

void ScmiClockProtocol::put_attributes(uint16_t clock, ScmiCommand& command) const
{
    const bool notify = has_events();
    command.put((notify ? uint32_t { 1 } << 31 : 0) | long_name_bit(clock, 29)
        | (m_clocks.enabled(clock) ? 1 : 0));
    put_short_name(clock, command);
    command.put(m_clocks.enable_latency_us(clock));
}

ScmiStatus ScmiClockProtocol::describe_rates(uint16_t clock, ScmiCommand& command) const
{
    const auto& rates = m_clocks.rates(clock);
    const size_t index = command.word(1);
    if (index >= rates.hz.size())
        return ScmiStatus::OutOfRange;
    const size_t fits = (command.room() - 4) / RATE_BYTES;
    // A range is one answer: lowest, highest and step.
    if (rates.range && (index != 0 || fits < rates.hz.size()))
        return index != 0 ? ScmiStatus::OutOfRange : ScmiStatus::CommsError;
    const size_t returned = std::min(rates.hz.size() - index, fits);
    const size_t remaining = rates.hz.size() - index - returned;
    constexpr uint32_t range = 1 << 12;
    command.put(static_cast<uint32_t>(returned | remaining << 16) | (rates.range ? range : 0));
    for (const uint64_t hz : std::span(rates.hz).subspan(index, returned))
        command.put_long(hz);
    return ScmiStatus::Success;
}

ScmiStatus ScmiClockProtocol::set_rate(uint16_t clock, const ScmiCommand& command)
{
    const uint32_t flags = command.word(0);
    if (flags & ~ALL_FLAGS)
        return ScmiStatus::InvalidParameters;
    if (flags & ASYNC)
        return ScmiStatus::NotSupported;
    const auto rate
        = round_scmi_rate(m_clocks.rates(clock), command.long_word(2), rounding_of(flags));
    if (!rate)
        return ScmiStatus::InvalidParameters;
    return outcome(m_clocks.set_rate(clock, *rate), clock, command);
}

ScmiStatus ScmiClockProtocol::set_config(uint16_t clock, const ScmiCommand& command)
{
    const uint32_t state = command.word(1) & STATE_MASK;
    if (command.word(1) & OEM_TYPE_MASK)
        return ScmiStatus::NotSupported;
    if (command.word(1) & ~STATE_MASK || state > STATE_ON)
        return ScmiStatus::InvalidParameters;
    return outcome(m_clocks.set_enabled(clock, state != STATE_OFF), clock, command);
}

ScmiStatus ScmiClockProtocol::get_config(uint16_t clock, ScmiCommand& command) const
{
    if (command.word(1) != 0) // an extended configuration
        return ScmiStatus::NotSupported;
    command.put(0);
    command.put(m_clocks.enabled(clock) ? STATE_ON : STATE_OFF);
    command.put(0);
    return ScmiStatus::Success;
}

void ScmiClockProtocol::domain_changed(uint16_t clock)
{
    const uint64_t rate = m_clocks.rate(clock);
    if (rate == m_rates[clock])
        return;
    m_rates[clock] = rate;
    if (m_subscribers[clock])
        events().send(id(), CLOCK_RATE_CHANGED,
            { agent(), clock, static_cast<uint32_t>(rate), static_cast<uint32_t>(rate >> 32) });
}

// Whether a driver can have set it.
static bool is_rate(const ScmiRates& rates, uint64_t hz)
{
    return round_scmi_rate(rates, hz, ScmiRounding::Down) == hz;
}

void ScmiClockProtocol::save_domain(uint16_t clock, StateWriter& state) const
{
    const uint64_t rate = m_clocks.rate(clock);
    state.put(rate);
    state.put(static_cast<uint8_t>(is_rate(m_clocks.rates(clock), rate)));
    state.put(static_cast<uint8_t>(m_clocks.enabled(clock)));
}

Result<void> ScmiClockProtocol::load_domain(uint16_t clock, StateReader& state)
{
    const auto rate = state.get<uint64_t>();
    const bool set_by_driver = state.get<uint8_t>() != 0;
    const bool enabled = state.get<uint8_t>() != 0;
    // A rate that is not offered was set from outside: the hardware here has its own outside.
    if (set_by_driver && rate != m_clocks.rate(clock)) {
        if (!is_rate(m_clocks.rates(clock), rate))
            return state_error(clock, "a rate of " + std::to_string(rate) + " Hz is not offered");
        VWB_TRY(m_clocks.set_rate(clock, rate));
    }
    return enabled == m_clocks.enabled(clock) ? Result<void>()
                                              : m_clocks.set_enabled(clock, enabled);
}

void ScmiClockProtocol::inspect(Inspector& inspector) const
{
    for (uint16_t clock = 0; clock < count(); ++clock) {
        inspector.child(m_clocks.name(clock), [&](Inspector& inner) {
            inner.field("rate", m_clocks.rate(clock));
            inner.field("enabled", m_clocks.enabled(clock));
            inner.field("notify", bool { m_subscribers[clock] });
        });
    }
}

} // namespace vwb
