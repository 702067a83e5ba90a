// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimI2cBus: a simulated bus behind the hardware port of the I2C device: which chip answers to an
// address, and all that can go wrong on two wires: no answer, stretched clock, lost arbitration, a
// line that is held, a chip that is pulled out. Verbs for observers are SimI2cActions'. One loop.
#pragma once

#include "sim/i2c/guarded_chip.h"
#include "sim/signals/signal_changes.h"

#include <memory>
#include <string>
#include <vector>

namespace vwb {

class SimI2cBus final : public I2cAdapter {
public:
    // A chip on the bus and what was done to it from outside.
    struct Place {
        I2cAddress address;
        std::string name; // of signals beside the address; may be empty
        std::string model;
        std::unique_ptr<GuardedChip> chip;
        bool plugged = true;
        uint64_t naks = 0; // how many times its address is not answered from now on
        Duration stretch {}; // it holds the clock so long after each of its addresses
        uint64_t starts = 0; // so far
        uint32_t first_signal = 0;
    };
    static constexpr uint64_t ALWAYS = UINT64_MAX;

    // timeout: how long a transfer may be held up. The loop must outlive the bus.
    SimI2cBus(EventLoop& loop, Duration timeout);
    ~SimI2cBus() override;

    // --- the guest's side ---
    void set_listener(I2cListener* listener) override { m_listener = listener; }
    void set_signal_listener(SignalListener* listener) override
    {
        m_changes.set_listener(listener);
    }
    bool ten_bit() const override { return true; }
    void execute(std::unique_ptr<I2cTransfer> transfer) override;
    void cancel() override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override;

    // --- the outside ---
    // Error: Invalid if one of its addresses or its name is taken.
    Result<void> attach(
        I2cAddress address, std::string name, std::string model, std::unique_ptr<I2cChip> chip);
    std::vector<Place>& places() { return m_places; }
    // "0x48", or the name of a chip. Error: NotFound, naming one that is spelled alike.
    Result<Place*> find(std::string_view chip);
    // Its name, or its address.
    static std::string label(const Place& place);
    static void inspect_place(const Place& place, Inspector& inspector);

    bool stuck() const { return m_stuck; }
    // While a line is held nothing moves.
    void set_stuck(bool stuck);
    // So many transfers from now on lose arbitration at their first address.
    void lose_arbitration(uint64_t count) { m_arbitrations = count; }
    void set_plugged(Place& place, bool plugged);
    // Sets a signal of a chip and tells of it. Errors: as I2cChip::set().
    Result<void> set_signal(Place& place, std::string_view signal, const Value& value);

private:
    enum class Progress { Moved, Held, Over };
    // What lasts until the deadline unless somebody ends it.
    enum class Held { No, Line, Clock };
    struct Target {
        Place* place = nullptr;
        unsigned index = 0; // which of its addresses
    };

    Target target_of(I2cAddress address);
    void go_on();
    Progress step();
    Progress start_message();
    Progress move_byte();
    Progress hold(Duration time);
    void held_too_long();
    Progress fail(I2cOutcome outcome, std::string detail = {});
    void end();
    void stop_chips();
    void tell(const Place& place);

    EventLoop& m_loop;
    const Duration m_timeout;
    I2cListener* m_listener = nullptr;
    std::vector<Place> m_places;
    bool m_stuck = false;
    uint64_t m_arbitrations = 0;

    // The transfer under way.
    std::unique_ptr<I2cTransfer> m_transfer;
    Target m_target; // of the current message; no place between messages
    uint32_t m_byte = 0;
    std::vector<Place*> m_addressed; // see the STOP
    TimePoint m_deadline;
    Timer m_timer;
    Held m_held = Held::No;

    SignalChanges m_changes;
    std::unique_ptr<Actions> m_actions;
};

} // namespace vwb
