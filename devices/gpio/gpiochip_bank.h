// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpiochipBank: lines of a gpiochip of this machine behind the hardware port of the GPIO device. It
// holds them from the guest's first use of any until release_all(): all that are free then, in one
// request with one descriptor for their edges (the kernel takes 64 lines in one). A line that
// somebody else uses is refused by his name, and taken when he is gone. Belongs to one loop.
#pragma once

#include "devices/gpio/gpiochip_actions.h"
#include "devices/gpio/gpiochip_calls.h"
#include "devices/gpio/gpiochip_hardware.h"

#include <optional>

namespace vwb {

// A line as the bench file has it.
struct GpiochipLine {
    std::string name; // as the guest sees it; may be empty
    uint32_t offset = 0;
    GpiochipBias bias = GpiochipBias::AsIs;
    GpiochipDrive drive = GpiochipDrive::PushPull;
    Duration debounce { 0 };
    bool active_low = false;
};

class GpiochipBank final : public GpioHardware {
public:
    static constexpr size_t REQUEST_LINES = 64;
    static constexpr const char* CONSUMER = "vhost-workbench";

    // chip: number, name, label or path; looked for again when it went away. The loop must outlive
    // the bank.
    GpiochipBank(EventLoop& loop, std::shared_ptr<GpiochipCalls> calls, std::string chip,
        const std::vector<GpiochipLine>& lines, std::unique_ptr<GpiochipOutside> outside = nullptr);
    ~GpiochipBank() override;

    uint16_t line_count() const override { return static_cast<uint16_t>(m_lines.size()); }
    std::string line_name(uint16_t line) const override { return m_lines[line].is.name; }
    void set_listener(GpioListener* listener) override { m_listener = listener; }
    Result<GpioLevel> value(uint16_t line) override;
    Result<GpioLevel> peek(uint16_t line) const override;
    Result<void> set_input(uint16_t line) override;
    Result<void> set_output(uint16_t line, GpioLevel level) override;
    Result<void> watch_edges(uint16_t line, GpioEdges edges) override;
    Result<void> release(uint16_t line) override;
    void release_all() override;
    void inspect(Inspector& inspector) const override;
    Actions* actions() override;

private:
    struct Request {
        std::vector<uint16_t> lines;
        std::unique_ptr<GpiochipRequest> held;
        Watch watch; // before the descriptor goes
        uint64_t last_edge = 0;
    };
    struct Line {
        GpiochipLine is;
        GpiochipSettings settings; // as the kernel has them, or will have once the line is taken
        Request* request = nullptr; // that holds it
    };

    GpiochipSettings settings_of(const Line& line, GpiochipDirection direction) const;
    Result<void> take(uint16_t line);
    Result<void> open_chip();
    Result<void> take_free_lines();
    Result<void> make_request(std::vector<uint16_t> lines);
    Error in_use(uint16_t line) const;
    Error failed(uint16_t line, const char* what, int error);
    Result<void> configure(uint16_t line, const GpiochipSettings& settings, const char* what);
    int reconfigure(Request& request);

    void ready(Request& request, uint32_t events);
    bool read_edges(Request& request);
    void deliver(std::span<const GpiochipEdge> edges);
    void drain(uint16_t line);
    void lost(int error);
    void tell(uint16_t line, GpioLevel level);
    void inspect_line(uint16_t line, Inspector& inspector) const;

    EventLoop& m_loop;
    std::shared_ptr<GpiochipCalls> m_calls;
    std::unique_ptr<GpiochipOutside> m_outside; // outlives the lines
    GpiochipActions m_actions; // where there is no outside
    const std::string m_name; // of the chip, as the bench file has it
    std::vector<Line> m_lines;
    std::vector<std::optional<uint16_t>> m_by_offset;
    GpioListener* m_listener = nullptr;

    std::unique_ptr<Gpiochip> m_chip; // open while lines are held
    std::vector<std::unique_ptr<Request>> m_requests;
    std::vector<GpiochipSettings> m_scratch;

    uint64_t m_edges = 0;
    uint64_t m_edges_lost = 0;
    uint64_t m_chip_losses = 0;
};

} // namespace vwb
