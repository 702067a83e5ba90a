// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A capture from somebody else: any bytes, or blocks with right checksums and whatever in them, cut
// or damaged somewhere. Checked: what is read is what was there before the first damage, the same
// in pieces of any size; an error names the capture and the offset; all of it can be played into
// every export and statistic, whose own form is right; and what was read can be written and read
// again.
#include "devices/i2c/i2c_schema.h"
#include "devices/i2c/i2c_transfer.h"
#include "engine/base/endian.h"
#include "engine/capture/capture_player.h"
#include "engine/capture/compare_runs.h"
#include "engine/capture/crc32.h"
#include "engine/capture/export_pcapng.h"
#include "engine/capture/export_perfetto.h"
#include "engine/capture/export_text.h"
#include "engine/capture/export_vcd.h"
#include "engine/control/json.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/capture_bytes.h"
#include "tests/support/observed_devices.h"

#include <optional>

namespace vwb::fuzz {
namespace {

using namespace vwb::test;
using Bytes = std::vector<std::byte>;

constexpr const char* NAME = "capture";
constexpr unsigned MAX_BLOCKS = 16;

ObservedDevice i2c0()
{
    return { "i2c0", "i2c", 2, &I2C_SCHEMA, {} };
}

// Reading a header takes longer than all that follows it, so that most have one device.
const Bytes& header_bytes(bool all)
{
    static const auto make = [](const std::vector<ObservedDevice>& devices) {
        BytesSink sink;
        CaptureWriter writer(sink);
        VWB_ASSERT(writer.begin(header_of(devices)));
        return sink.bytes;
    };
    static const Bytes one = make({ lamp0() });
    static const Bytes three = make({ lamp0(), disk0(), i2c0() });
    return all ? three : one;
}

const Schema* schema_of(const std::string& type)
{
    return type == "i2c" ? &I2C_SCHEMA : test_schema(type);
}

TwoWireView two_wire_of(const std::string& type)
{
    return type == "i2c" ? i2c_transfer : nullptr;
}

// The capture as the input wants it, and what must come out of it.
struct Capture {
    Bytes bytes;
    std::vector<TraceEvent> events; // in blocks before the first damage
    bool damaged = false; // there is one, or there may be
};

class CaptureMaker {
public:
    explicit CaptureMaker(FuzzInput& input)
        : m_input(input)
    {
    }
    Capture make()
    {
        const uint8_t kind = m_input.byte();
        if (kind % 8 == 0) { // anything, sometimes behind a magic
            m_made.damaged = true;
            if (kind & 8)
                append(std::as_bytes(std::span(CAPTURE_MAGIC)));
            append(std::as_bytes(m_input.rest()));
        } else if (kind % 8 == 1) { // a header of any text
            m_made.damaged = true;
            append(std::as_bytes(std::span(CAPTURE_MAGIC)));
            block(BlockType::Header, std::as_bytes(m_input.rest()));
        } else {
            m_devices = kind % 8 < 6 ? 1 : 3;
            append(header_bytes(m_devices == 3));
            for (unsigned i = 0; i < MAX_BLOCKS && !m_input.empty(); ++i)
                add_block();
        }
        return std::move(m_made);
    }

private:
    void append(std::span<const std::byte> bytes)
    {
        m_made.bytes.insert(m_made.bytes.end(), bytes.begin(), bytes.end());
    }
    void block(BlockType type, std::span<const std::byte> body)
    {
        const auto head = block_head(type, body.size());
        const le32 tail = crc32(body, crc32(head));
        append(head);
        append(body);
        append(std::as_bytes(std::span(&tail, 1)));
    }
    void add_block()
    {
        const uint8_t how = m_input.byte();
        switch (how % 8) {
        case 0:
        case 1:
        case 2:
        case 3:
            add_events(1 + (how >> 4) % 4);
            break;
        case 4:
        case 5:
            add_body(BlockType(3 + (how >> 3) % 6));
            break;
        case 6: { // a usual loss or end
            static constexpr std::string_view loss = R"({"time_ns":5,"device":1,"events":7})";
            block(how & 8 ? BlockType::Loss : BlockType::End, std::as_bytes(std::span(loss)));
            break;
        }
        default:
            damage();
        }
    }
    void add_events(unsigned count)
    {
        Bytes body;
        for (unsigned i = 0; i < count; ++i) {
            const TraceEvent made = event();
            const size_t at = body.size();
            body.resize(at + EVENT_SIZE);
            put_event(made, std::span<std::byte, EVENT_SIZE>(&body[at], EVENT_SIZE));
            if (made.device >= m_devices) // the header has no such device
                m_made.damaged = true;
            m_now.push_back(made);
        }
        block(BlockType::Events, body);
        if (!m_made.damaged) {
            m_made.events.insert(m_made.events.end(), m_now.begin(), m_now.end());
            m_ends.emplace_back(m_made.bytes.size(), m_made.events.size());
        }
        m_now.clear();
    }
    TraceEvent event()
    {
        TraceEvent made {};
        const uint8_t shape = m_input.byte();
        made.kind = TraceKind { uint8_t(m_input.byte() & (shape & 1 ? 0xff : 7)) };
        made.device
            = static_cast<uint16_t>(shape & 2 ? m_input.byte() : m_made.bytes.size() % m_devices);
        made.queue = m_input.byte() & (shape & 4 ? 0xff : 1);
        made.request = m_input.byte() % 8;
        made.a = shape & 8 ? m_input.number<uint32_t>() : m_input.byte();
        made.b = shape & 16 ? m_input.number<uint32_t>() : m_input.byte();
        made.c = m_input.byte();
        m_time += shape & 32 ? m_input.number<int64_t>() >> 1 & INT64_MAX >> 5 : 1000;
        made.time_ns = m_time;
        made.head = shape & 64 ? TraceHead::INJECTED_HEAD : 3;
        const auto bytes = std::as_bytes(m_input.bytes(m_input.byte() % 33));
        std::ranges::copy(bytes, made.bytes.begin());
        made.bytes_size = shape & 128 ? m_input.byte() : static_cast<uint8_t>(bytes.size());
        made.readable_size = m_input.byte() & (shape & 128 ? 0xff : 0x1f);
        return made;
    }
    void add_body(BlockType type)
    {
        const auto text = m_input.bytes(m_input.byte());
        block(type, std::as_bytes(text));
        if (type > BlockType::End)
            return; // of a later version
        const auto value = parse_json(as_text(text));
        if (!value || !value->is_object())
            m_made.damaged = true;
    }
    void damage()
    {
        const size_t header = CAPTURE_MAGIC.size() + BLOCK_HEAD_SIZE;
        const auto reach = static_cast<uint32_t>(std::min<size_t>(m_made.bytes.size(), 96));
        const size_t at = m_made.bytes.size() - 1 - m_input.below(reach);
        m_made.damaged = true;
        while (!m_ends.empty() && m_ends.back().first > at)
            m_ends.pop_back();
        m_made.events.resize(m_ends.empty() ? 0 : m_ends.back().second);
        if (m_input.flag() && at > header)
            m_made.bytes.resize(at);
        else
            m_made.bytes[at] ^= std::byte { m_input.byte() };
    }

    FuzzInput& m_input;
    Capture m_made;
    std::vector<TraceEvent> m_now;
    std::vector<std::pair<size_t, size_t>> m_ends; // of blocks of events: offset, events by then
    int64_t m_time = 0;
    size_t m_devices = 1;
};

bool same(const TraceEvent& one, const TraceEvent& other)
{
    return std::memcmp(&one, &other, sizeof one) == 0;
}

struct Reading {
    std::vector<TraceEvent> events;
    std::string error; // or empty
};

Reading read(const Bytes& bytes, size_t piece)
{
    Reading reading;
    const auto reader = CaptureReader::create(NAME, source_of(bytes, piece));
    if (!reader) {
        reading.error = reader.error().message();
        return reading;
    }
    for (;;) {
        const auto block = (*reader)->next();
        if (!block) {
            reading.error = block.error().message();
            VWB_ASSERT(reading.error.find(" at offset ") != std::string::npos);
            return reading;
        }
        if (!*block)
            return reading;
        VWB_ASSERT((*reader)->offset() <= bytes.size());
        const auto& events = (*block)->events;
        reading.events.insert(reading.events.end(), events.begin(), events.end());
    }
}

void check_reading(const Reading& reading, const Capture& capture)
{
    VWB_ASSERT(reading.error.empty() || reading.error.starts_with(NAME));
    VWB_ASSERT(capture.damaged || reading.error.empty());
    VWB_ASSERT(reading.events.size() >= capture.events.size());
    for (size_t i = 0; i < capture.events.size(); ++i)
        VWB_ASSERT(same(reading.events[i], capture.events[i]));
}

void check_lines(std::string_view text)
{
    while (!text.empty()) {
        const size_t end = text.find('\n');
        VWB_ASSERT(end != text.npos && parse_json(text.substr(0, end)));
        text.remove_prefix(end + 1);
    }
}

uint32_t word_at(std::string_view text, size_t at)
{
    VWB_ASSERT(at + 4 <= text.size());
    uint32_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    return word;
}

void check_pcapng(std::string_view text)
{
    while (!text.empty()) {
        const uint32_t size = word_at(text, 4);
        VWB_ASSERT(size % 4 == 0 && size >= 12 && size <= text.size());
        VWB_ASSERT(word_at(text, size - 4) == size);
        text.remove_prefix(size);
    }
}

// The packets of a protobuf Trace.
void check_perfetto(std::string_view text)
{
    while (!text.empty()) {
        VWB_ASSERT(text[0] == 0x0a);
        uint64_t size = 0;
        size_t at = 1;
        for (unsigned shift = 0; shift == 0 || text[at - 1] & '\x80'; shift += 7, ++at) {
            VWB_ASSERT(at < text.size() && shift < 35);
            size |= uint64_t(text[at] & 0x7f) << shift;
        }
        VWB_ASSERT(size <= text.size() - at);
        text.remove_prefix(at + size);
    }
}

void check_vcd(std::string_view text)
{
    long long last = -1;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        VWB_ASSERT(end != text.npos);
        if (text[0] == '#') {
            const long long time = std::atoll(text.data() + 1);
            VWB_ASSERT(time >= last);
            last = time;
        }
        text.remove_prefix(end + 1);
    }
}

// The error, or an empty text.
std::string play(const Bytes& bytes, size_t piece, const char* filter, RecordSink& sink)
{
    const auto reader = CaptureReader::create(NAME, source_of(bytes, piece));
    if (!reader)
        return reader.error().message();
    CapturePlayer player(**reader, schema_of);
    if (const auto chosen = player.choose(filter, ALL_KINDS); !chosen) {
        VWB_ASSERT(!chosen.error().message().empty()); // a field that no device of it has
        return play(bytes, piece, "", sink);
    }
    const auto played = player.play(sink);
    return played ? "" : played.error().message();
}

void check_play(const Bytes& bytes, size_t piece, uint8_t kind, const std::string& error)
{
    static constexpr const char* filters[]
        = { "", "", "lamp.lamp == 3", "latency > 1ms || readable_bytes > 4", "i2c.addr == 0x48",
              "kind == signal", "status != OK", "queue == 0 && name ~ \"T\"" };
    const auto into = [&](RecordSink& sink) {
        VWB_ASSERT(play(bytes, piece, filters[kind >> 3 & 7], sink) == error);
    };
    StringSink out;
    switch (kind % 8) {
    case 0: {
        PcapngExport sink(out, two_wire_of);
        into(sink);
        check_pcapng(out.text());
        break;
    }
    case 1: {
        VcdExport sink(out, two_wire_of);
        into(sink);
        check_vcd(out.text());
        break;
    }
    case 2: {
        PerfettoExport sink(out);
        into(sink);
        check_perfetto(out.text());
        break;
    }
    case 3: {
        JsonExport sink(out);
        into(sink);
        check_lines(out.text());
        break;
    }
    case 4: {
        TextExport sink(out);
        into(sink);
        break;
    }
    case 5: {
        CaptureStats sink;
        into(sink);
        VWB_ASSERT(parse_json(to_json(sink.value())));
        break;
    }
    default:
        CapturedRun sink;
        into(sink);
        const Value same = compare_runs(sink, sink);
        VWB_ASSERT(*same.find("same")->as_bool());
    }
}

// Writing what was read gives it once more.
void check_writing(const std::vector<TraceEvent>& events)
{
    const auto again = read(capture_of({ lamp0(), disk0(), i2c0() }, events).bytes, SIZE_MAX);
    VWB_ASSERT(again.error.empty() && again.events.size() == events.size());
    for (size_t i = 0; i < events.size(); ++i)
        VWB_ASSERT(same(again.events[i], events[i]));
}

void run(FuzzInput& input)
{
    const uint8_t kind = input.byte();
    const size_t piece = 1 + input.byte() % 128;
    const Capture capture = CaptureMaker(input).make();
    const Reading whole = read(capture.bytes, SIZE_MAX);
    check_reading(whole, capture);
    check_play(capture.bytes, piece, kind, whole.error);
    if (kind >= 0xc0 && !capture.damaged)
        check_writing(capture.events);
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    vwb::fuzz::FuzzInput input(data, size);
    vwb::fuzz::run(input);
    return 0;
}
