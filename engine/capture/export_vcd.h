// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Captures as a value change dump: signals of devices by their names, and SCL and SDA of each I2C
// bus, drawn from its requests at a made-up speed: order and bytes are true, bit times are not.
// A scope for each device ("i2c0_scl", because sigrok knows no scopes), 1 ns steps from the start
// of the recording.
#pragma once

#include "engine/capture/record_sink.h"
#include "engine/capture/two_wire.h"

#include <map>
#include <vector>

namespace vwb {

class VcdExport final : public RecordSink {
public:
    VcdExport(ByteSink& out, TwoWireFinder two_wire)
        : m_out(out)
        , m_two_wire(std::move(two_wire))
    {
    }
    Result<void> begin(
        const CaptureHeader& header, std::span<const ObservedDevice> devices) override;
    void record(const TraceRecord& record) override;
    void note(int64_t time_ns, std::string_view text) override;
    void loss(const ObservedDevice& device, int64_t time_ns, uint64_t events) override;
    // Changes are in order only now: requests are told at their end.
    void end() override;

private:
    struct Wire {
        std::string scope;
        std::string name;
        bool level = true; // no other values than 0 and 1
    };
    struct Change {
        int64_t time_ns;
        size_t wire;
        double value;
    };
    struct Bus {
        TwoWireView view = nullptr;
        size_t scl = 0;
        size_t sda = 0;
        int64_t free_ns = 0; // when what was drawn ends
        bool open = false; // no stop yet
    };

    size_t add_wire(const std::string& scope, const std::string& name, double value);
    void change(int64_t time_ns, size_t wire, double value);
    void draw(Bus& bus, const TwoWireTransfer& transfer, int64_t start_ns);
    void draw_byte(Bus& bus, uint8_t byte, bool acknowledged);
    void draw_bit(Bus& bus, bool level);
    void set(Bus& bus, bool scl, bool sda);
    void write_header();
    void write_changes();
    std::string value_text(const Change& change) const;

    ByteSink& m_out;
    TwoWireFinder m_two_wire;
    std::string m_bench;
    int64_t m_start_ns = 0;
    int64_t m_wall_ns = 0;
    std::vector<Wire> m_wires;
    std::map<std::pair<uint16_t, uint32_t>, size_t> m_signals; // of device and number
    std::map<uint16_t, Bus> m_buses;
    std::vector<Change> m_changes;
    std::vector<std::string> m_comments;
};

} // namespace vwb
