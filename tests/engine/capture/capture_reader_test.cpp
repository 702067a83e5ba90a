// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/capture_reader.h"
#include "engine/capture/crc32.h"
#include "engine/capture/export_text.h"
#include "tests/support/capture_bytes.h"
#include "tests/support/fake_bench.h"
#include "tests/support/observed_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <rapidcheck.h>

namespace vwb::test {
namespace {

using testing::HasSubstr;

uint32_t checksum_of(std::string_view text)
{
    return crc32(std::as_bytes(std::span(text)));
}

bool same(const TraceEvent& one, const TraceEvent& other)
{
    return std::memcmp(&one, &other, sizeof one) == 0;
}

std::vector<TraceEvent> three_events()
{
    return { served(1, 0, lamp_get(2), lamp_answer(0, 1), 1000, 50),
        popped(2, 1, lamp_event(3), 1, 2000), completed(2, 1, { 1 }, 9000) };
}

// Everything that can be read, then the error or an empty text.
std::string read_all(
    std::vector<std::byte> bytes, std::vector<TraceEvent>& events, size_t piece = SIZE_MAX)
{
    const auto reader = CaptureReader::create("file", source_of(std::move(bytes), piece));
    if (!reader)
        return reader.error().message();
    for (;;) {
        const auto block = (*reader)->next();
        if (!block)
            return block.error().message();
        if (!*block)
            return (*reader)->ended() ? "" : missing_end_text(**reader);
        events.insert(events.end(), (*block)->events.begin(), (*block)->events.end());
    }
}

TEST(Crc32, HasTheCheckValueOfTheAlgorithm)
{
    EXPECT_EQ(checksum_of("123456789"), 0xcbf43926U);
    EXPECT_EQ(checksum_of(""), 0U);
    const std::string_view text = "the quick brown fox jumps";
    const auto bytes = std::as_bytes(std::span(text));
    EXPECT_EQ(crc32(bytes.subspan(11), crc32(bytes.first(11))), crc32(bytes));
}

TEST(CaptureReader, ReadsBackWhatWasWritten)
{
    const auto events = three_events();
    const auto capture = capture_of({ lamp0(), disk0() }, events);
    const auto reader = CaptureReader::create("file", source_of(capture.bytes, 7));
    ASSERT_TRUE(reader) << reader.error().message();
    EXPECT_EQ((*reader)->header(), header_of({ lamp0(), disk0() }));
    std::vector<TraceEvent> read;
    EXPECT_EQ(read_all(capture.bytes, read, 7), "");
    ASSERT_EQ(read.size(), events.size());
    for (size_t i = 0; i < events.size(); ++i)
        EXPECT_TRUE(same(read[i], events[i])) << i;
}

TEST(CaptureReader, AnyEventsComeBackAsTheyWere)
{
    rc::check([](const std::vector<std::array<uint8_t, sizeof(TraceEvent)>>& raw) {
        std::vector<TraceEvent> events;
        for (const auto& bytes : raw) {
            TraceEvent event;
            std::memcpy(&event, bytes.data(), sizeof event);
            event.device = 0;
            events.push_back(event);
        }
        const auto capture = capture_of({ lamp0() }, events);
        std::vector<TraceEvent> read;
        RC_ASSERT(read_all(capture.bytes, read) == "");
        RC_ASSERT(read.size() == events.size());
        for (size_t i = 0; i < events.size(); ++i)
            RC_ASSERT(same(read[i], events[i]));
        // Whatever the bytes say, playing and printing them is safe.
        StringSink text;
        TextExport exporter(text);
        RC_ASSERT(play(capture.bytes, exporter) == "");
    });
}

TEST(CaptureReader, CutAnywhereItReadsWhatIsWholeAndNamesTheOffset)
{
    const auto capture = capture_of({ lamp0() }, three_events());
    ASSERT_EQ(capture.borders.size(), 4U); // header, events, end
    const size_t with_events = capture.borders[2];
    for (size_t size = capture.borders[1]; size < capture.bytes.size(); ++size) {
        auto bytes = capture.bytes;
        bytes.resize(size);
        std::vector<TraceEvent> read;
        const std::string error = read_all(bytes, read);
        EXPECT_EQ(read.size(), size >= with_events ? 3U : 0U) << size;
        EXPECT_THAT(error, HasSubstr("offset ")) << size;
    }
    for (size_t size = 0; size < capture.borders[1]; ++size) {
        auto bytes = capture.bytes;
        bytes.resize(size);
        EXPECT_FALSE(CaptureReader::create("file", source_of(bytes))) << size;
    }
}

TEST(CaptureReader, DamageOfAnyByteIsFound)
{
    const auto capture = capture_of({ lamp0() }, three_events());
    for (size_t i = 0; i < capture.bytes.size(); ++i) {
        auto bytes = capture.bytes;
        bytes[i] ^= std::byte { 0x10 };
        std::vector<TraceEvent> read;
        EXPECT_NE(read_all(bytes, read), "") << i;
    }
}

TEST(CaptureReader, RefusesWhatIsNoCapture)
{
    const auto text = std::as_bytes(std::span("#!/bin/sh\nexit\n"));
    const auto reader = CaptureReader::create("script", source_of({ text.begin(), text.end() }));
    ASSERT_FALSE(reader);
    EXPECT_THAT(reader.error().message(), HasSubstr("script: is no capture of vhost-workbench"));
}

TEST(CaptureReader, RefusesAnotherVersionByName)
{
    Value header = to_value(header_of({ lamp0() }));
    header.set("version", 99);
    const auto wrong = capture_header_of(header);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind(), ErrorKind::Unsupported);
    EXPECT_THAT(wrong.error().message(), HasSubstr("version 99"));
}

TEST(CaptureReader, EventOfAnUnknownDeviceIsDamage)
{
    auto event = three_events()[0];
    event.device = 7;
    std::vector<TraceEvent> read;
    EXPECT_THAT(read_all(capture_of({ lamp0() }, { event }).bytes, read),
        HasSubstr("an event of device 7, which the header does not name"));
}

TEST(BlockSink, OverwritesNoFile)
{
    const TestDirectory directory;
    const std::string path = directory.path("there");
    std::ofstream(path) << "precious";
    const auto sink = open_block_sink(path, 0);
    ASSERT_FALSE(sink);
    EXPECT_THAT(sink.error().message(), HasSubstr("exists already"));
}

TEST(BlockSink, StopsBelowItsLimitWithRoomForTheEnd)
{
    const TestDirectory directory;
    const auto sink = open_block_sink(directory.path("small"), 4096);
    ASSERT_TRUE(sink);
    const std::vector<std::byte> block(1000);
    ASSERT_TRUE((*sink)->begin(block));
    ASSERT_TRUE((*sink)->write(block));
    ASSERT_TRUE((*sink)->write(block));
    const auto full = (*sink)->write(block);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind(), ErrorKind::Limit);
    EXPECT_TRUE((*sink)->finish(block));
    EXPECT_EQ((*sink)->size(), 4000U);
}

TEST(MemorySink, KeepsTheLastBlocksBehindTheHeader)
{
    MemorySink ring(2000);
    BytesSink copy;
    ASSERT_TRUE(ring.begin(std::vector<std::byte>(100, std::byte { 1 })));
    for (const int value : { 2, 3, 4 })
        ASSERT_TRUE(ring.write(std::vector<std::byte>(900, std::byte(value))));
    ASSERT_TRUE(ring.copy_to(copy));
    ASSERT_EQ(copy.bytes.size(), 1900U);
    EXPECT_EQ(copy.bytes[0], std::byte { 1 });
    EXPECT_EQ(copy.bytes[100], std::byte { 3 });
    EXPECT_EQ(copy.bytes[1899], std::byte { 4 });
}

} // namespace
} // namespace vwb::test
