// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// SimGpioBank: a simulated bank of lines behind the hardware port of the GPIO device. It joins the
// guest's side (the port), the outside (drives, pulls, wires) and generators. What levels follow is
// GpioNets' business; verbs for observers are SimGpioActions'. Belongs to one loop.
#pragma once

#include "devices/gpio/gpio_hardware.h"
#include "sim/gpio/gpio_generator.h"
#include "sim/gpio/gpio_nets.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vwb {

struct SimGpioLine {
    std::string name; // empty: none
    GpioPull pull = GpioPull::None;
};

class SimGpioBank final : public GpioHardware {
public:
    static constexpr uint16_t MAX_LINES = 1024;

    // At most MAX_LINES. The loop must outlive the bank.
    SimGpioBank(EventLoop& loop, const std::vector<SimGpioLine>& lines);
    ~SimGpioBank() override;

    // --- the guest's side ---
    uint16_t line_count() const override { return static_cast<uint16_t>(m_lines.size()); }
    std::string line_name(uint16_t line) const override { return m_lines[line].name; }
    void set_listener(GpioListener* listener) override { m_listener = listener; }
    Result<GpioLevel> value(uint16_t line) override { return m_nets.level(line); }
    Result<GpioLevel> peek(uint16_t line) const override { return m_nets.level(line); }
    Result<void> set_input(uint16_t line) override;
    Result<void> set_output(uint16_t line, GpioLevel level) override;
    // All changes are told of anyway.
    Result<void> watch_edges(uint16_t, GpioEdges) override { return {}; }
    Result<void> release(uint16_t line) override;
    void release_all() override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override;

    // --- the outside ---
    // "line3", or the name of a line. Error: NotFound, naming a line that is spelled alike.
    Result<uint16_t> find(std::string_view signal) const;
    // "line3" if the line has no name.
    std::string signal_name(uint16_t line) const;
    // "none", "in" or "out": what the guest made of the line.
    const char* direction(uint16_t line) const;

    const GpioNets& nets() const { return m_nets; }
    void set_pull(uint16_t line, GpioPull pull) { m_nets.set_pull(line, pull); }
    bool wire(uint16_t a, uint16_t b) { return m_nets.wire(a, b); }
    bool unwire(uint16_t a, uint16_t b) { return m_nets.unwire(a, b); }
    // Ends a generator on the line.
    void drive(uint16_t line, GpioDrive drive);
    // Both replace a generator on the line.
    void start(uint16_t line, const GpioTrain& train);
    void start(uint16_t line, std::unique_ptr<Waveform> wave);
    // False if no generator runs on the line. The line is left at the train's rest, or as it is.
    bool stop(uint16_t line);
    // Null pointer if none runs.
    const GpioGenerator* generator(uint16_t line) const;

    void inspect_line(uint16_t line, Inspector& inspector) const;

private:
    template <typename Source> void generate(uint16_t line, Source&& source);

    enum class Use : uint8_t { None, Input, Output };
    struct Line {
        std::string name;
        Use use = Use::None;
    };

    EventLoop& m_loop;
    std::vector<Line> m_lines;
    GpioListener* m_listener = nullptr;
    GpioNets m_nets;
    std::map<uint16_t, std::unique_ptr<GpioGenerator>> m_generators;
    std::unique_ptr<Actions> m_actions;
};

} // namespace vwb
