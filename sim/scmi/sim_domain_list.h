// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimDomains: what all kinds of simulated domains have in common: a list of states that remember
// how they began, and telling both sides of a change. Belongs to one loop.
#pragma once

#include "devices/scmi/scmi_domain_hardware.h"
#include "sim/signals/signal_changes.h"

namespace vwb {

// Domains of one kind with the state of each: State has a name and a value().
template <typename Port, typename State> class SimDomains : public Port {
public:
    explicit SimDomains(SignalChanges& signals)
        : m_signals(signals)
    {
    }

    void add(State state)
    {
        m_initial.push_back(state);
        m_states.push_back(std::move(state));
    }
    // The number of the first domain's signal.
    void set_first_signal(uint32_t signal)
    {
        m_first_signal = signal;
        for (const State& state : m_states)
            m_signals.know(signal++, state.value());
    }
    const State& state_of(uint16_t domain) const { return m_states[domain]; }

    uint16_t count() const final { return static_cast<uint16_t>(m_states.size()); }
    const std::string& name(uint16_t domain) const final { return m_states[domain].name; }
    void set_listener(ScmiDomainListener* listener) final { m_listener = listener; }
    void release_all() final
    {
        for (uint16_t domain = 0; domain < count(); ++domain) {
            static_cast<void>(change(domain, [&](State& state) { state = m_initial[domain]; }));
        }
    }

protected:
    template <typename Edit> Result<void> change(uint16_t domain, Edit&& edit)
    {
        change_silently(domain, edit);
        if (m_listener)
            m_listener->domain_changed(domain);
        return {};
    }
    // The guest is not told.
    template <typename Edit> void change_silently(uint16_t domain, Edit&& edit)
    {
        edit(m_states[domain]);
        m_signals.changed(m_first_signal + domain, m_states[domain].value());
    }

private:
    SignalChanges& m_signals;
    std::vector<State> m_states;
    std::vector<State> m_initial;
    uint32_t m_first_signal = 0;
    ScmiDomainListener* m_listener = nullptr;
};

} // namespace vwb
