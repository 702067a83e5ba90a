// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Captures as pcapng, for Wireshark: an interface for each device (LINKTYPE_USER0, read by the
// dissector of export_dissector) and for each I2C bus one more that needs no dissector
// (LINKTYPE_I2C_LINUX). Nanoseconds; each packet has the line of "vwb dump" as its comment.
#pragma once

#include "engine/capture/record_sink.h"
#include "engine/capture/two_wire.h"

#include <map>

namespace vwb {

inline constexpr uint16_t LINKTYPE_USER0 = 147;
inline constexpr uint16_t LINKTYPE_I2C_LINUX = 209;

// What is before the bytes of a record in a LINKTYPE_USER0 packet; little-endian. After it: the
// recorded bytes of the readable part, of the written part, and a text (of a problem, signal, ...).
inline constexpr size_t RECORD_PACKET_HEAD = 48;

class PcapngExport final : public RecordSink {
public:
    PcapngExport(ByteSink& out, TwoWireFinder two_wire)
        : m_out(out)
        , m_two_wire(std::move(two_wire))
    {
    }
    Result<void> begin(
        const CaptureHeader& header, std::span<const ObservedDevice> devices) override;
    void record(const TraceRecord& record) override;
    void note(int64_t time_ns, std::string_view text) override;
    void loss(const ObservedDevice& device, int64_t time_ns, uint64_t events) override;
    void flush() override { m_out.flush(); }

    // Chooses what extcap wants: of each device only the interface of one link type.
    void set_only_link_type(uint16_t link_type) { m_only = link_type; }

private:
    struct Port {
        uint32_t records = NONE; // interface numbers
        uint32_t bus = NONE;
        uint32_t device_id = 0;
        TwoWireView two_wire = nullptr;
    };
    static constexpr uint32_t NONE = UINT32_MAX;

    uint32_t add_interface(uint16_t link_type, const std::string& name, const std::string& text);
    void transfer(const Port& port, const TraceRecord& record, const std::string& comment);
    void packet(uint32_t interface, int64_t time_ns, std::string_view data, uint32_t whole_size,
        uint32_t flags, std::string_view comment);
    void block(uint32_t type, std::string_view body);

    ByteSink& m_out;
    TwoWireFinder m_two_wire;
    std::map<uint16_t, Port> m_ports; // by index of the device
    uint32_t m_interfaces = 0;
    int64_t m_to_wall_ns = 0;
    uint16_t m_only = 0; // 0: all
};

} // namespace vwb
