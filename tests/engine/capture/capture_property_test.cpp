// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What holds for every capture: it is read back as it was written, its requests whole; every format
// takes it; and what is cut off or damaged costs only what comes behind.
#include "engine/capture/captured_run.h"
#include "engine/capture/export_pcapng.h"
#include "engine/capture/export_perfetto.h"
#include "engine/capture/export_text.h"
#include "engine/capture/export_vcd.h"
#include "engine/control/json.h"
#include "tests/support/capture_bytes.h"
#include "tests/support/observed_devices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include <rapidcheck.h>

namespace vwb::test {
namespace {

// One thing that happens, as rapidcheck makes and shrinks it.
struct Step {
    uint8_t kind;
    uint8_t device;
    uint8_t queue;
    Octets readable;
    Octets written;
};

rc::Gen<Octets> part()
{
    // Around the size of an event, and much larger.
    return rc::gen::mapcat(
        rc::gen::element<size_t>(0, 1, 8, 24, 31, 32, 33, 64, 65, 700), [](size_t size) {
            return rc::gen::container<Octets>(size, rc::gen::arbitrary<uint8_t>());
        });
}

rc::Gen<std::vector<Step>> run_of_steps()
{
    return rc::gen::container<std::vector<Step>>(
        rc::gen::construct<Step>(rc::gen::inRange<uint8_t>(0, 8), rc::gen::inRange<uint8_t>(0, 2),
            rc::gen::inRange<uint8_t>(0, 3), part(), part()));
}

void put_payload(std::vector<TraceEvent>& events, uint32_t request, const Octets& all, size_t told,
    bool readable)
{
    for (size_t at = told; at < all.size(); at += TraceEvent::BYTES) {
        TraceEvent event = plain(TraceKind::Payload, static_cast<uint32_t>(at));
        const size_t count = std::min(all.size() - at, TraceEvent::BYTES);
        event.request = request;
        event.bytes_size = static_cast<uint8_t>(count);
        event.readable_size = readable ? event.bytes_size : uint8_t { 0 };
        std::memcpy(event.bytes.data(), all.data() + at, count);
        events.push_back(event);
    }
}

// A capture of such a run, and the requests that it must tell.
struct MadeRun {
    std::vector<TraceEvent> events;
    std::vector<std::pair<Octets, Octets>> requests; // readable and written, in order
};

void add_request(MadeRun& run, const Step& step, uint32_t number, int64_t time)
{
    const bool parked = step.kind % 2 == 1;
    TraceEvent last = served(number, step.queue, step.readable, step.written, time, 7);
    const size_t head = last.readable_size;
    put_payload(run.events, number, step.readable, head, true);
    if (parked) {
        run.events.push_back(popped(number, step.queue, step.readable, 1000, time));
        last = completed(number, step.queue, step.written, time + 10);
    }
    put_payload(
        run.events, number, step.written, last.bytes_size - (parked ? size_t { 0 } : head), false);
    run.events.push_back(last);
    run.requests.emplace_back(step.readable, step.written);
}

MadeRun run_of(const std::vector<Step>& steps)
{
    MadeRun run;
    uint32_t number = 0;
    for (const Step& step : steps) {
        const size_t first = run.events.size();
        ++number;
        const int64_t time = int64_t { number } * 1000;
        if (step.kind < 4)
            add_request(run, step, number, time);
        else if (step.kind == 4)
            run.events.push_back(plain(TraceKind::Kick, 1, 0, step.queue));
        else if (step.kind == 5)
            run.events.push_back(plain(TraceKind::Call, 0, 0, step.queue));
        else if (step.kind == 6)
            run.events.push_back(plain(TraceKind::Gate, number, step.queue));
        else
            run.events.push_back(plain(TraceKind::Signal, step.queue, number));
        for (size_t i = first; i < run.events.size(); ++i) {
            run.events[i].device = step.device;
            if (run.events[i].time_ns == 0)
                run.events[i].time_ns = time;
        }
    }
    return run;
}

Octets octets(std::span<const std::byte> bytes)
{
    Octets out;
    for (const std::byte byte : bytes)
        out.push_back(std::to_integer<uint8_t>(byte));
    return out;
}

class RequestCollector final : public RecordSink {
public:
    void record(const TraceRecord& record) override
    {
        ++records;
        if (record.kind == RecordKind::Request)
            requests.emplace_back(octets(record.readable), octets(record.written));
    }
    std::vector<std::pair<Octets, Octets>> requests;
    size_t records = 0;
};

// Each device is a bus, so that all requests are drawn as transfers, too.
std::optional<TwoWireTransfer> any_transfer(const TraceRecord& record)
{
    if (record.kind != RecordKind::Request)
        return std::nullopt;
    TwoWireTransfer transfer;
    transfer.address = static_cast<uint8_t>(record.request & 0x7f);
    transfer.read = record.readable.empty();
    transfer.data = transfer.read ? record.written : record.readable;
    transfer.size = static_cast<uint32_t>(transfer.data.size());
    return transfer;
}

TwoWireView all_buses(const std::string&)
{
    return any_transfer;
}

uint32_t word_at(const std::string& bytes, size_t offset)
{
    uint32_t word = 0;
    for (size_t i = 0; i < 4; ++i)
        word |= uint32_t { static_cast<uint8_t>(bytes[offset + i]) } << 8 * i;
    return word;
}

// The types of all blocks; empty if their lengths do not lead from one to the next.
std::vector<uint32_t> pcapng_blocks(const std::string& bytes)
{
    std::vector<uint32_t> types;
    for (size_t at = 0; at < bytes.size();) {
        if (bytes.size() - at < 12)
            return {};
        const uint32_t size = word_at(bytes, at + 4);
        if (size % 4 != 0 || size < 12 || size > bytes.size() - at
            || word_at(bytes, at + size - 4) != size)
            return {};
        types.push_back(word_at(bytes, at));
        at += size;
    }
    return types;
}

// Whether it is a row of protobuf fields 1 (packets of a trace) up to its end.
bool is_perfetto(const std::string& bytes)
{
    for (size_t at = 0; at < bytes.size();) {
        if (bytes[at++] != 0x0a)
            return false;
        size_t size = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (at == bytes.size() || shift > 28)
                return false;
            const auto byte = static_cast<uint8_t>(bytes[at++]);
            size |= size_t { byte & 0x7fU } << shift;
            if (byte < 0x80)
                break;
        }
        if (size > bytes.size() - at)
            return false;
        at += size;
    }
    return true;
}

TEST(CaptureProperty, RequestsOfAnyRunComeBackWhole)
{
    rc::check([] {
        const MadeRun run = run_of(*run_of_steps());
        const auto capture = capture_of({ lamp0(), disk0() }, run.events);
        RequestCollector collector;
        RC_ASSERT(play(capture.bytes, collector) == "");
        RC_ASSERT(collector.requests == run.requests);
    });
}

TEST(CaptureProperty, AnyRunIsTakenByEveryFormat)
{
    rc::check([] {
        const MadeRun run = run_of(*run_of_steps());
        const auto capture = capture_of({ lamp0(), disk0() }, run.events);
        RequestCollector collector;
        RC_ASSERT(play(capture.bytes, collector) == "");

        StringSink text;
        TextExport text_export(text);
        RC_ASSERT(play(capture.bytes, text_export) == "");
        RC_ASSERT(static_cast<size_t>(std::ranges::count(text.text(), '\n')) == collector.records);

        StringSink json;
        JsonExport json_export(json);
        RC_ASSERT(play(capture.bytes, json_export) == "");
        size_t lines = 0;
        for (size_t at = 0; at < json.text().size(); ++lines) {
            const size_t end = json.text().find('\n', at);
            RC_ASSERT(parse_json(std::string_view(json.text()).substr(at, end - at)).has_value());
            at = end + 1;
        }
        RC_ASSERT(lines == collector.records);

        StringSink pcapng;
        PcapngExport pcapng_export(pcapng, all_buses);
        RC_ASSERT(play(capture.bytes, pcapng_export) == "");
        const auto blocks = pcapng_blocks(pcapng.text());
        // A section, two interfaces of each device, and each request as a record and a transfer.
        RC_ASSERT(blocks.size() == 5 + collector.records + collector.requests.size());

        StringSink perfetto;
        PerfettoExport perfetto_export(perfetto);
        RC_ASSERT(play(capture.bytes, perfetto_export) == "");
        RC_ASSERT(is_perfetto(perfetto.text()));

        StringSink vcd;
        VcdExport vcd_export(vcd, all_buses);
        RC_ASSERT(play(capture.bytes, vcd_export) == "");
        RC_ASSERT(vcd.text().find("$enddefinitions $end") != std::string::npos);
    });
}

// As a run whose requests can be given again.
TEST(CaptureProperty, AnyRunIsARunOfWholeRequestsInTheirOrder)
{
    rc::check([] {
        const MadeRun run = run_of(*run_of_steps());
        CapturedRun captured;
        RC_ASSERT(play(capture_of({ lamp0(), disk0() }, run.events).bytes, captured) == "");
        size_t count = 0;
        for (const auto& [queue, requests] : captured.requests()) {
            count += requests.size();
            RC_ASSERT(std::ranges::is_sorted(requests, {}, &CapturedRequest::number));
            RC_ASSERT(std::ranges::all_of(requests, &CapturedRequest::complete));
        }
        RC_ASSERT(count == run.requests.size());
    });
}

TEST(CaptureProperty, WhateverIsCutOrDamagedCostsOnlyWhatComesBehind)
{
    rc::check([] {
        // A block for each event, so that there are many places to fail at.
        const MadeRun run = run_of(*run_of_steps());
        BytesSink capture;
        CaptureWriter writer(capture);
        RC_ASSERT(writer.begin(header_of({ lamp0(), disk0() })).has_value());
        for (const auto& event : run.events)
            RC_ASSERT(writer.add(event).has_value() && writer.flush().has_value());
        RC_ASSERT(writer.end(Value::object()).has_value());

        const size_t header = capture.borders[1];
        const size_t place
            = *rc::gen::inRange<size_t>(header, capture.bytes.size()).as("place of the damage");
        auto bytes = capture.bytes;
        if (*rc::gen::arbitrary<bool>().as("cut"))
            bytes.resize(place);
        else
            bytes[place] ^= std::byte { 0x40 };
        // Blocks before the place: the header is one, and the first border is the start.
        const auto whole = static_cast<size_t>(
            std::ranges::count_if(capture.borders, [place](size_t end) { return end <= place; }));
        const auto reader = CaptureReader::create("file", source_of(bytes));
        RC_ASSERT(reader.has_value());
        size_t events = 0;
        std::string error;
        for (;;) {
            const auto block = (*reader)->next();
            if (!block)
                error = block.error().message();
            if (!block || !*block)
                break;
            events += (*block)->events.size();
        }
        if (error.empty() && !(*reader)->ended())
            error = missing_end_text(**reader);
        RC_ASSERT(events == std::min(whole - 2, run.events.size()));
        RC_ASSERT(error.find("offset ") != std::string::npos);
        RC_ASSERT(error.find("file: ") == 0);
    });
}

} // namespace
} // namespace vwb::test
