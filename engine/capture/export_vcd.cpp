// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/export_vcd.h"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace vwb {
namespace {

// A quarter of a bit of the made-up bus.
constexpr int64_t STEP_NS = 100;

// What every reader takes for an identifier.
std::string identifier(const std::string& name)
{
    std::string out;
    for (const char c : name) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
            || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
        out += plain ? c : '_';
    }
    return out.empty() ? "_" : out;
}

// Printable characters, the least significant first.
std::string code_of(size_t number)
{
    std::string code;
    do {
        code += static_cast<char>('!' + number % 94);
        number /= 94;
    } while (number > 0);
    return code;
}

std::string comment_of(std::string text)
{
    std::ranges::replace(text, '$', '_'); // would end it
    return text;
}

} // namespace

size_t VcdExport::add_wire(const std::string& scope, const std::string& name, double value)
{
    m_wires.push_back({ identifier(scope), identifier(name) });
    change(m_start_ns, m_wires.size() - 1, value);
    return m_wires.size() - 1;
}

Result<void> VcdExport::begin(const CaptureHeader& header, std::span<const ObservedDevice> devices)
{
    m_bench = header.bench;
    m_start_ns = header.clock_ns;
    m_wall_ns = header.wall_ns;
    for (const auto& device : devices) {
        const CapturedDevice* captured = header.find(device.index);
        for (size_t i = 0; captured && i < captured->signals.size(); ++i) {
            const auto& signal = captured->signals[i];
            const std::string name
                = signal.name.empty() ? "signal" + std::to_string(i) : signal.name;
            m_signals[{ device.index, static_cast<uint32_t>(i) }]
                = add_wire(device.name, name, signal.value);
        }
        const TwoWireView view = m_two_wire ? m_two_wire(device.type) : nullptr;
        if (view)
            m_buses[device.index] = { view, add_wire(device.name, device.name + "_scl", 1),
                add_wire(device.name, device.name + "_sda", 1), m_start_ns, false };
    }
    return {};
}

void VcdExport::change(int64_t time_ns, size_t wire, double value)
{
    m_wires[wire].level &= value == 0 || value == 1;
    m_changes.push_back({ time_ns, wire, value });
}

void VcdExport::record(const TraceRecord& record)
{
    if (record.kind == RecordKind::Signal) {
        const auto wire = m_signals.find({ record.device->index, record.signal_number });
        if (wire != m_signals.end())
            change(record.time_ns, wire->second, record.value);
        return;
    }
    const auto bus = m_buses.find(record.device->index);
    if (bus == m_buses.end() || record.kind != RecordKind::Request)
        return;
    if (const auto transfer = bus->second.view(record))
        draw(bus->second, *transfer, record.time_ns - record.latency_ns.value_or(0));
}

void VcdExport::set(Bus& bus, bool scl, bool sda)
{
    change(bus.free_ns, bus.scl, scl);
    change(bus.free_ns, bus.sda, sda);
    bus.free_ns += STEP_NS;
}

void VcdExport::draw_bit(Bus& bus, bool level)
{
    set(bus, false, level);
    set(bus, true, level);
    set(bus, true, level);
    set(bus, false, level);
}

void VcdExport::draw_byte(Bus& bus, uint8_t byte, bool acknowledged)
{
    for (int bit = 7; bit >= 0; --bit)
        draw_bit(bus, byte >> bit & 1);
    draw_bit(bus, !acknowledged);
}

// UM10204: SDA falls while SCL is high: start; it rises: stop.
void VcdExport::draw(Bus& bus, const TwoWireTransfer& transfer, int64_t start_ns)
{
    bus.free_ns = std::max(bus.free_ns, start_ns);
    if (bus.open)
        set(bus, false, true); // for a start that is a repeated one
    set(bus, true, true);
    set(bus, true, false);
    set(bus, false, false);
    draw_byte(bus, static_cast<uint8_t>(transfer.address << 1 | (transfer.read ? 1 : 0)),
        transfer.acknowledged);
    for (size_t i = 0; transfer.acknowledged && i < transfer.data.size(); ++i) {
        // The reader ends a read by not acknowledging its last byte.
        const bool last = transfer.read && i + 1 == transfer.data.size();
        draw_byte(bus, std::to_integer<uint8_t>(transfer.data[i]), !last);
    }
    bus.open = !transfer.stop && transfer.acknowledged;
    if (bus.open)
        return;
    set(bus, false, false);
    set(bus, true, false);
    set(bus, true, true);
}

void VcdExport::note(int64_t time_ns, std::string_view text)
{
    m_comments.push_back(
        "#" + std::to_string(time_ns - m_start_ns) + " note: " + std::string(text));
}

void VcdExport::loss(const ObservedDevice& device, int64_t time_ns, uint64_t events)
{
    m_comments.push_back("#" + std::to_string(time_ns - m_start_ns) + " " + device.name + ": "
        + std::to_string(events) + " events lost before they were recorded");
}

void VcdExport::end()
{
    write_header();
    write_changes();
    m_out.flush();
}

void VcdExport::write_header()
{
    std::string out = "$version vhost-workbench, bench " + comment_of(m_bench) + " $end\n"
        + "$comment time 0 is " + std::to_string(m_wall_ns) + " ns after 1970 $end\n";
    if (!m_buses.empty())
        out += "$comment scl and sda are drawn from requests: bytes and order are true, bit times "
               "are not $end\n";
    for (const auto& comment : m_comments)
        out += "$comment " + comment_of(comment) + " $end\n";
    out += "$timescale 1 ns $end\n";
    for (size_t i = 0; i < m_wires.size(); ++i) {
        const Wire& wire = m_wires[i];
        if (i == 0 || m_wires[i - 1].scope != wire.scope)
            out += (i == 0 ? "" : "$upscope $end\n") + ("$scope module " + wire.scope) + " $end\n";
        out += wire.level ? "$var wire 1 " : "$var real 64 ";
        out += code_of(i) + " " + wire.name + " $end\n";
    }
    if (!m_wires.empty())
        out += "$upscope $end\n";
    m_out.write(out + "$enddefinitions $end\n");
}

std::string VcdExport::value_text(const Change& change) const
{
    const std::string code = code_of(change.wire) + "\n";
    if (m_wires[change.wire].level)
        return (change.value != 0 ? "1" : "0") + code;
    char number[40];
    std::snprintf(number, sizeof number, "r%.9g ", change.value);
    return number + code;
}

void VcdExport::write_changes()
{
    std::ranges::stable_sort(m_changes, {}, &Change::time_ns);
    std::vector<std::optional<double>> values(m_wires.size());
    int64_t time = -1;
    for (const auto& change : m_changes) {
        if (values[change.wire] == change.value)
            continue;
        values[change.wire] = change.value;
        const int64_t now = std::max<int64_t>(change.time_ns - m_start_ns, 0);
        if (now != time)
            m_out.write("#" + std::to_string(now) + "\n");
        time = now;
        m_out.write(value_text(change));
    }
}

} // namespace vwb
