// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimScmiPlatform: a simulated platform behind the hardware port of the SCMI device: its sensors,
// clocks and domains, and their signals by name ("sensor.cpu", "clock.uart"). Verbs for observers
// are SimScmiActions'. Belongs to one loop.
#pragma once

#include "devices/scmi/scmi_hardware.h"
#include "sim/scmi/sim_domains.h"
#include "sim/scmi/sim_sensors.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

class SimScmiPlatform final : public ScmiHardware {
public:
    enum class Part : uint8_t { Sensor, Clock, Power, Performance, Reset, Voltage, System };
    struct Signal {
        Part part;
        uint16_t number; // of the sensor or domain
        size_t value; // of a sensor with axes: which
        std::string name; // "sensor.cpu"
    };

    // The loop must outlive the platform.
    explicit SimScmiPlatform(EventLoop& loop);
    ~SimScmiPlatform() override;

    // --- building it ---
    SimSensors& sim_sensors() { return m_sensors; }
    SimClocks& sim_clocks() { return m_clocks; }
    SimPowerDomains& sim_power() { return m_power; }
    SimPerformanceDomains& sim_performance() { return m_performance; }
    SimResetDomains& sim_resets() { return m_resets; }
    SimVoltageDomains& sim_voltages() { return m_voltages; }
    void add_system() { m_has_system = true; }
    // When all is there: numbers the signals.
    void finish();

    // --- the guest's side ---
    ScmiSensors* sensors() override { return m_sensors.count() > 0 ? &m_sensors : nullptr; }
    ScmiClocks* clocks() override { return m_clocks.count() > 0 ? &m_clocks : nullptr; }
    ScmiPowerDomains* power() override { return m_power.count() > 0 ? &m_power : nullptr; }
    ScmiPerformanceDomains* performance() override
    {
        return m_performance.count() > 0 ? &m_performance : nullptr;
    }
    ScmiResetDomains* resets() override { return m_resets.count() > 0 ? &m_resets : nullptr; }
    ScmiVoltageDomains* voltages() override
    {
        return m_voltages.count() > 0 ? &m_voltages : nullptr;
    }
    ScmiSystem* system() override { return m_has_system ? &m_system : nullptr; }
    void set_signal_listener(SignalListener* listener) override
    {
        m_signals.set_listener(listener);
    }
    void inspect(Inspector& inspector) const override;
    Actions* actions() override;

    // --- the outside ---
    const std::vector<Signal>& signal_list() const { return m_signal_list; }
    // "sensor.cpu", or "cpu" if no other part has one of that name. Error: NotFound, naming a
    // signal that is spelled alike.
    Result<const Signal*> find(std::string_view name) const;
    // In units: degrees, volts, hertz; power domains and resets are 1 and 0.
    Value get(const Signal& signal);
    // Error: Invalid if the part cannot be so.
    Result<void> set(const Signal& signal, double value);
    void request_system(uint32_t state, bool graceful, Duration timeout);

private:
    template <typename Domains> void add_signals(Part part, const char* prefix, Domains& domains);
    Result<void> set_domain(const Signal& signal, double value);

    SignalChanges m_signals;
    SimSensors m_sensors;
    SimClocks m_clocks;
    SimPowerDomains m_power;
    SimPerformanceDomains m_performance;
    SimResetDomains m_resets;
    SimVoltageDomains m_voltages;
    SimSystem m_system;
    bool m_has_system = false;
    std::vector<Signal> m_signal_list;
    std::unique_ptr<Actions> m_actions;
};

} // namespace vwb
