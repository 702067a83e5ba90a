// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/export_pcapng.h"

#include "engine/capture/little_endian_text.h"
#include "engine/control/event_text.h"
#include "engine/control/record_value.h"

#include <algorithm>
#include <bit>

namespace vwb {
namespace {

// pcapng, draft-ietf-opsawg-pcapng, 4.
constexpr uint32_t SECTION_HEADER = 0x0a0d0d0a;
constexpr uint32_t INTERFACE_DESCRIPTION = 1;
constexpr uint32_t ENHANCED_PACKET = 6;
constexpr uint16_t OPT_COMMENT = 1;
constexpr uint16_t SHB_USERAPPL = 4;
constexpr uint16_t IF_NAME = 2;
constexpr uint16_t IF_DESCRIPTION = 3;
constexpr uint16_t IF_TSRESOL = 9;
constexpr uint16_t EPB_FLAGS = 2;
constexpr uint32_t INBOUND = 1; // to the device
constexpr uint32_t OUTBOUND = 2; // to the driver
constexpr size_t MAX_COMMENT = 4096;

constexpr uint8_t PACKET_VERSION = 2;
constexpr uint8_t FLAG_INJECTED = 1;
constexpr uint8_t FLAG_PARTIAL = 2;

void pad(std::string& out)
{
    out.resize((out.size() + 3) & ~size_t { 3 });
}

void option(std::string& out, uint16_t code, std::string_view value)
{
    append_little_endian(out, code);
    append_little_endian(out, static_cast<uint16_t>(value.size()));
    out += value;
    pad(out);
}

void end_of_options(std::string& out)
{
    append_little_endian(out, uint32_t { 0 });
}

std::string_view text_of(std::span<const std::byte> bytes)
{
    return { bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data()), bytes.size() };
}

bool goes_to_driver(RecordKind kind)
{
    return kind == RecordKind::Call || kind == RecordKind::CallSuppressed;
}

std::string text_of_record(const TraceRecord& record)
{
    switch (record.kind) {
    case RecordKind::Problem:
        return record.problem->rule + ": " + record.problem->message + " (" + record.problem->clause
            + ")";
    case RecordKind::Signal:
        return std::string(record.signal);
    case RecordKind::Message:
    case RecordKind::State:
        return std::string(record.name);
    case RecordKind::Gate:
        return std::string(record.name) + ": " + std::string(record.text);
    default:
        return "";
    }
}

// See RECORD_PACKET_HEAD, and the dissector, which reads the same.
std::string record_packet(const TraceRecord& record, uint32_t device_id)
{
    const bool request = record.kind == RecordKind::Request || record.kind == RecordKind::Popped;
    const bool partial = request && !record.readable_bytes;
    std::string out;
    append_little_endian(out, PACKET_VERSION);
    append_little_endian(out, static_cast<uint8_t>(record.kind));
    append_little_endian(out, static_cast<uint16_t>(device_id));
    append_little_endian(out, static_cast<uint16_t>(record.queue));
    append_little_endian(out,
        static_cast<uint8_t>((record.injected ? FLAG_INJECTED : 0) | (partial ? FLAG_PARTIAL : 0)));
    append_little_endian(out, uint8_t { 0 });
    append_little_endian(out, record.request);
    append_little_endian(out, record.readable_bytes.value_or(0));
    append_little_endian(out, record.writable_bytes.value_or(0));
    append_little_endian(out, record.used_length.value_or(0));
    const bool signal = record.kind == RecordKind::Signal;
    append_little_endian(out, signal ? record.signal_number : record.number);
    append_little_endian(out, record.verdict);
    const auto latency = static_cast<uint64_t>(std::max<int64_t>(record.latency_ns.value_or(0), 0));
    append_little_endian(out, signal ? std::bit_cast<uint64_t>(double { record.value }) : latency);
    append_little_endian(out, static_cast<uint32_t>(record.readable.size()));
    append_little_endian(out, static_cast<uint32_t>(record.written.size()));
    out += text_of(record.readable);
    out += text_of(record.written);
    out += text_of_record(record);
    return out;
}

} // namespace

void PcapngExport::block(uint32_t type, std::string_view body)
{
    const auto size = static_cast<uint32_t>(body.size() + 12);
    std::string out;
    append_little_endian(out, type);
    append_little_endian(out, size);
    out += body;
    append_little_endian(out, size);
    m_out.write(out);
}

uint32_t PcapngExport::add_interface(
    uint16_t link_type, const std::string& name, const std::string& text)
{
    if (m_only != 0 && m_only != link_type)
        return NONE;
    std::string body;
    append_little_endian(body, link_type);
    append_little_endian(body, uint16_t { 0 });
    append_little_endian(body, uint32_t { 0 }); // no snap length
    option(body, IF_NAME, name);
    option(body, IF_DESCRIPTION, text);
    option(body, IF_TSRESOL, "\x09"); // nanoseconds
    end_of_options(body);
    block(INTERFACE_DESCRIPTION, body);
    return m_interfaces++;
}

Result<void> PcapngExport::begin(
    const CaptureHeader& header, std::span<const ObservedDevice> devices)
{
    m_to_wall_ns = header.wall_ns - header.clock_ns;
    std::string body;
    append_little_endian(body, uint32_t { 0x1a2b3c4d });
    append_little_endian(body, uint16_t { 1 });
    append_little_endian(body, uint16_t { 0 });
    append_little_endian(body, ~uint64_t { 0 }); // length of the section: unknown
    option(body, OPT_COMMENT, "bench " + header.bench);
    option(body, SHB_USERAPPL, header.program);
    end_of_options(body);
    block(SECTION_HEADER, body);
    for (const auto& device : devices) {
        const CapturedDevice* captured = header.find(device.index);
        Port port;
        port.device_id = captured ? captured->device_id : 0;
        port.records = add_interface(LINKTYPE_USER0, device.name, device.type + " requests");
        port.two_wire = m_two_wire ? m_two_wire(device.type) : nullptr;
        if (port.two_wire)
            port.bus = add_interface(
                LINKTYPE_I2C_LINUX, device.name + " bus", "I2C transfers of " + device.name);
        m_ports.insert_or_assign(device.index, port);
    }
    return {};
}

void PcapngExport::packet(uint32_t interface, int64_t time_ns, std::string_view data,
    uint32_t whole_size, uint32_t flags, std::string_view comment)
{
    if (interface == NONE)
        return;
    const auto time = static_cast<uint64_t>(time_ns + m_to_wall_ns);
    std::string body;
    append_little_endian(body, interface);
    append_little_endian(body, static_cast<uint32_t>(time >> 32));
    append_little_endian(body, static_cast<uint32_t>(time));
    append_little_endian(body, static_cast<uint32_t>(data.size()));
    append_little_endian(body, whole_size);
    body += data;
    pad(body);
    if (!comment.empty())
        option(body, OPT_COMMENT, comment.substr(0, MAX_COMMENT));
    std::string word;
    append_little_endian(word, flags);
    option(body, EPB_FLAGS, word);
    end_of_options(body);
    block(ENHANCED_PACKET, body);
}

void PcapngExport::record(const TraceRecord& record)
{
    const auto port = m_ports.find(record.device->index);
    if (port == m_ports.end())
        return;
    const std::string comment = event_text(event_of(record));
    const std::string data = record_packet(record, port->second.device_id);
    const uint64_t missing = uint64_t { record.readable_bytes.value_or(0) }
        + record.used_length.value_or(0) - record.readable.size() - record.written.size();
    const bool cut = record.readable_bytes && record.readable_bytes >= record.readable.size()
        && record.used_length.value_or(0) >= record.written.size();
    const auto whole = static_cast<uint32_t>(data.size() + (cut ? missing : 0));
    packet(port->second.records, record.time_ns, data, whole,
        goes_to_driver(record.kind) ? OUTBOUND : INBOUND, comment);
    if (port->second.two_wire && record.kind == RecordKind::Request)
        transfer(port->second, record, comment);
}

// Linux: pcap/i2c.h: the bus, flags, and then what is on the wire.
void PcapngExport::transfer(const Port& port, const TraceRecord& record, const std::string& comment)
{
    const auto transfer = port.two_wire(record);
    if (!transfer)
        return;
    std::string data;
    append_little_endian(data, static_cast<uint8_t>(record.device->index & 0x7f));
    data += std::string(3, '\0');
    append_little_endian(data, static_cast<uint8_t>(transfer->read ? 1 : 0)); // big-endian flags
    append_little_endian(
        data, static_cast<uint8_t>(transfer->address << 1 | (transfer->read ? 1 : 0)));
    const size_t head = data.size();
    data += text_of(transfer->data);
    packet(port.bus, record.time_ns, data, static_cast<uint32_t>(head + transfer->size),
        transfer->read ? OUTBOUND : INBOUND,
        (transfer->acknowledged ? "" : "not acknowledged: ") + comment);
}

void PcapngExport::note(int64_t time_ns, std::string_view text)
{
    // A packet without bytes, because only packets have times.
    for (const auto& [index, port] : m_ports) {
        const uint32_t interface = port.records != NONE ? port.records : port.bus;
        packet(interface, time_ns, "", 0, 0, "note: " + std::string(text));
        return;
    }
}

void PcapngExport::loss(const ObservedDevice& device, int64_t time_ns, uint64_t events)
{
    const auto port = m_ports.find(device.index);
    if (port != m_ports.end())
        packet(port->second.records != NONE ? port->second.records : port->second.bus, time_ns, "",
            0, 0, std::to_string(events) + " events lost before they were recorded");
}

} // namespace vwb
