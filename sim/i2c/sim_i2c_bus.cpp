// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/i2c/sim_i2c_bus.h"

#include "engine/base/signal_value.h"
#include "engine/base/units.h"
#include "sim/i2c/sim_i2c_actions.h"

#include <algorithm>
#include <optional>

namespace vwb {

namespace {

template <typename Take> void for_each_number(const SimI2cBus::Place& place, Take&& take)
{
    const auto& signals = place.chip->signals();
    for (size_t i = 0; i < signals.size(); ++i) {
        const auto value = place.chip->get(signals[i].name);
        const auto number = value ? signal_number(*value) : std::nullopt;
        if (number)
            take(place.first_signal + static_cast<uint32_t>(i), *number);
    }
}

} // namespace

SimI2cBus::SimI2cBus(EventLoop& loop, Duration timeout)
    : m_loop(loop)
    , m_timeout(timeout)
    , m_timer(loop, [this] {
        if (m_held == Held::No)
            go_on();
        else
            held_too_long();
    })
{
}

SimI2cBus::~SimI2cBus() = default;

Actions* SimI2cBus::actions()
{
    // Made for the first one who asks: most hardware is only used by its guest.
    if (!m_actions)
        m_actions = std::make_unique<SimI2cActions>(m_loop, *this);
    return m_actions.get();
}

Result<void> SimI2cBus::attach(
    I2cAddress address, std::string name, std::string model, std::unique_ptr<I2cChip> foreign)
{
    auto chip = std::make_unique<GuardedChip>(std::move(foreign));
    for (unsigned i = 0; i < chip->address_count(); ++i) {
        const I2cAddress one { static_cast<uint16_t>(address.value + i), address.ten_bit };
        if (one.value > (one.ten_bit ? I2C_MAX_TEN_BIT_ADDRESS : I2C_MAX_ADDRESS))
            return Error(ErrorKind::Invalid,
                model + " has " + std::to_string(chip->address_count()) + " addresses; from "
                    + to_text(address) + " on there are not so many");
        if (const auto taken = target_of(one); taken.place)
            return Error(ErrorKind::Invalid,
                "address " + to_text(one) + " is that of " + taken.place->model + " already");
    }
    const auto same = [&name](const Place& place) { return place.name == name; };
    if (!name.empty() && std::ranges::any_of(m_places, same))
        return Error(ErrorKind::Invalid, "'" + name + "' is the name of another chip already");
    Place place;
    place.address = address;
    place.name = std::move(name);
    place.model = std::move(model);
    place.chip = std::move(chip);
    if (!m_places.empty()) {
        const auto& last = m_places.back();
        place.first_signal = last.first_signal + static_cast<uint32_t>(last.chip->signals().size());
    }
    for_each_number(
        place, [this](uint32_t signal, double number) { m_changes.know(signal, number); });
    m_places.push_back(std::move(place));
    return {};
}

std::string SimI2cBus::label(const Place& place)
{
    return place.name.empty() ? to_text(place.address) : place.name;
}

Result<SimI2cBus::Place*> SimI2cBus::find(std::string_view chip)
{
    std::vector<std::string> known;
    const auto number = parse_unsigned(chip);
    for (auto& place : m_places) {
        if ((number && *number == place.address.value) || (!chip.empty() && place.name == chip))
            return &place;
        known.push_back(label(place));
    }
    const auto near = nearest_word(chip, known);
    std::string all;
    for (const auto& name : known)
        all += (all.empty() ? "" : ", ") + name;
    return Error(ErrorKind::NotFound,
        "there is no chip '" + std::string(chip) + "'; "
            + (near.empty() ? "on the bus: " + (all.empty() ? "none" : all)
                            : "did you mean '" + near + "'?"));
}

SimI2cBus::Target SimI2cBus::target_of(I2cAddress address)
{
    for (auto& place : m_places) {
        const unsigned index = address.value - static_cast<unsigned>(place.address.value);
        if (place.address.ten_bit == address.ten_bit && index < place.chip->address_count())
            return { &place, index };
    }
    return {};
}

void SimI2cBus::execute(std::unique_ptr<I2cTransfer> transfer)
{
    VWB_ASSERT(!m_transfer);
    m_transfer = std::move(transfer);
    m_target = {};
    m_byte = 0;
    m_deadline = m_loop.clock().now() + m_timeout;
    go_on();
}

void SimI2cBus::cancel()
{
    if (!m_transfer)
        return;
    m_timer.stop();
    m_held = Held::No;
    stop_chips();
    m_transfer.reset();
}

void SimI2cBus::set_stuck(bool stuck)
{
    m_stuck = stuck;
    if (!stuck && m_held == Held::Line) {
        m_held = Held::No;
        m_timer.stop();
        go_on();
    }
}

void SimI2cBus::set_plugged(Place& place, bool plugged)
{
    const bool powered = plugged && !place.plugged;
    place.plugged = plugged;
    if (powered && !place.chip->power_up())
        place.plugged = false; // such a chip is as good as none
    tell(place);
}

Result<void> SimI2cBus::set_signal(Place& place, std::string_view signal, const Value& value)
{
    VWB_TRY(place.chip->set(signal, value));
    tell(place);
    return {};
}

void SimI2cBus::tell(const Place& place)
{
    if (m_changes.observed())
        for_each_number(
            place, [this](uint32_t signal, double number) { m_changes.changed(signal, number); });
}

void SimI2cBus::go_on()
{
    if (step() == Progress::Over)
        end();
}

// Over, or held up with the timer running.
SimI2cBus::Progress SimI2cBus::step()
{
    while (m_transfer->done < m_transfer->size()) {
        auto progress = Progress::Moved;
        if (m_stuck) {
            m_held = Held::Line;
            m_timer.start_at(m_deadline);
            progress = Progress::Held;
        } else if (!m_target.place) {
            progress = start_message();
        } else if (m_byte < m_transfer->message(m_transfer->done).size) {
            progress = move_byte();
        } else {
            m_target = {};
            m_byte = 0;
            ++m_transfer->done;
        }
        if (progress != Progress::Moved)
            return progress;
    }
    return Progress::Over;
}

SimI2cBus::Progress SimI2cBus::start_message()
{
    const auto& message = m_transfer->message(m_transfer->done);
    if (m_arbitrations > 0) {
        --m_arbitrations;
        return fail(I2cOutcome::ArbitrationLost);
    }
    const Target target = target_of(message.address);
    bool answers = target.place && target.place->plugged;
    if (answers && target.place->naks > 0) {
        if (target.place->naks != ALWAYS)
            --target.place->naks;
        answers = false;
    }
    if (answers) {
        ++target.place->starts;
        const auto started = target.place->chip->start(message.direction, target.index);
        if (!started)
            return fail(I2cOutcome::Failed, started.error().message());
        answers = *started;
    }
    if (!answers)
        return fail(I2cOutcome::AddressNak);
    if (std::ranges::find(m_addressed, target.place) == m_addressed.end())
        m_addressed.push_back(target.place);
    m_target = target;
    return hold(target.place->stretch);
}

SimI2cBus::Progress SimI2cBus::move_byte()
{
    const auto& message = m_transfer->message(m_transfer->done);
    std::byte& byte = m_transfer->data(m_transfer->done)[m_byte];
    const bool there = m_target.place->plugged;
    GuardedChip& chip = *m_target.place->chip;
    if (message.direction == I2cDirection::Read) {
        // Nobody pulls the line down where a chip was.
        const auto read = there ? chip.read() : Result<uint8_t>(uint8_t { 0xff });
        if (!read)
            return fail(I2cOutcome::Failed, read.error().message());
        byte = std::byte { *read };
    } else {
        const auto taken = there ? chip.write(std::to_integer<uint8_t>(byte)) : Result<bool>(false);
        if (!taken)
            return fail(I2cOutcome::Failed, taken.error().message());
        if (!*taken)
            return fail(I2cOutcome::DataNak, "byte " + std::to_string(m_byte));
    }
    ++m_byte;
    return Progress::Moved;
}

// The clock is held for a time; longer than the time-out is too long.
SimI2cBus::Progress SimI2cBus::hold(Duration time)
{
    if (time == Duration(0))
        return Progress::Moved;
    const auto until = m_loop.clock().now() + time;
    if (until > m_deadline)
        m_held = Held::Clock;
    m_timer.start_at(std::min(until, m_deadline));
    return Progress::Held;
}

void SimI2cBus::held_too_long()
{
    const auto held = std::exchange(m_held, Held::No);
    fail(I2cOutcome::Timeout,
        held == Held::Line ? "a line of the bus is held" : "the chip holds the clock too long");
    end();
}

SimI2cBus::Progress SimI2cBus::fail(I2cOutcome outcome, std::string detail)
{
    m_transfer->outcome = outcome;
    m_transfer->detail = std::move(detail);
    return Progress::Over;
}

void SimI2cBus::end()
{
    m_target = {};
    m_byte = 0;
    stop_chips();
    // The next transfer may come from within.
    auto transfer = std::move(m_transfer);
    if (m_listener)
        m_listener->transfer_done(std::move(transfer));
}

void SimI2cBus::stop_chips()
{
    for (const Place* place : m_addressed) {
        // The transfer of a chip that fails now is over already; the next one will tell.
        if (place->chip->stop())
            tell(*place);
    }
    m_addressed.clear();
}

void SimI2cBus::inspect(Inspector& inspector) const
{
    inspector.field("kind", "sim");
    inspector.field("timeout", duration_text(m_timeout));
    inspector.field("stuck", m_stuck);
    inspector.field("transfer_under_way", m_transfer != nullptr);
    for (const auto& place : m_places)
        inspector.child(
            to_text(place.address), [&place](Inspector& inner) { inspect_place(place, inner); });
}

void SimI2cBus::inspect_place(const Place& place, Inspector& inspector)
{
    if (!place.name.empty())
        inspector.field("name", place.name);
    inspector.field("model", place.model);
    inspector.field("plugged", place.plugged);
    if (place.naks > 0)
        inspector.field("naks", place.naks == ALWAYS ? Value("always") : Value(place.naks));
    if (place.stretch > Duration(0))
        inspector.field("stretch", duration_text(place.stretch));
    inspector.field("starts", place.starts);
    for (const auto& signal : place.chip->signals()) {
        if (auto value = place.chip->get(signal.name))
            inspector.field(signal.name, std::move(value).value());
    }
}

} // namespace vwb
