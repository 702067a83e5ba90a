// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/line_frame.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

std::vector<Frame> read_all(FrameReader& reader)
{
    std::vector<Frame> frames;
    while (auto frame = reader.next()) {
        frames.push_back(*frame);
    }
    return frames;
}

TEST(LineFrame, FramesComeOutAsTheyWentInWhateverThePieces)
{
    const std::string bytes = std::string(line_greeting) + encode_frames(FrameType::Output, "abc")
        + encode_frames(FrameType::Input, "") + encode_frames(FrameType::Exit, "\x07");
    const std::vector<Frame> expected { { FrameType::Output, "abc" }, { FrameType::Input, "" },
        { FrameType::Exit, "\x07" } };
    for (size_t piece = 1; piece <= bytes.size(); ++piece) {
        FrameReader reader;
        std::vector<Frame> frames;
        for (size_t at = 0; at < bytes.size(); at += piece) {
            reader.feed(std::string_view(bytes).substr(at, piece));
            for (auto& frame : read_all(reader)) {
                frames.push_back(frame);
            }
        }
        EXPECT_EQ(frames, expected) << "in pieces of " << piece;
    }
}

TEST(LineFrame, PayloadMayHoldEveryByteAndIsSplitWhenLong)
{
    std::string payload;
    for (size_t i = 0; i < 2 * max_frame_payload + 1; ++i) {
        payload.push_back(static_cast<char>(i * 7));
    }
    FrameReader reader;
    reader.feed(line_greeting);
    reader.feed(encode_frames(FrameType::Error, payload));
    const auto frames = read_all(reader);
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].payload.size(), max_frame_payload);
    EXPECT_EQ(frames[0].payload + frames[1].payload + frames[2].payload, payload);
}

TEST(LineFrame, NoiseBeforeTheGreetingIsSkipped)
{
    FrameReader reader;
    reader.feed("systemd[1]: hello\r\n\x1bVWB");
    EXPECT_EQ(reader.state(), FrameReader::State::AwaitingGreeting);
    reader.feed(std::string(line_greeting) + encode_frames(FrameType::Run, ""));
    EXPECT_EQ(reader.state(), FrameReader::State::InStep);
    EXPECT_EQ(read_all(reader), std::vector<Frame>({ { FrameType::Run, "" } }));
}

TEST(LineFrame, GreetingMayComeInTwoHalvesAfterNoise)
{
    FrameReader reader;
    reader.feed(std::string(100, 'x') + std::string(line_greeting.substr(0, 5)));
    reader.feed(line_greeting.substr(5));
    EXPECT_EQ(reader.state(), FrameReader::State::InStep);
}

TEST(LineFrame, UnknownTypeBreaksTheLineForGood)
{
    FrameReader reader;
    reader.feed(line_greeting);
    reader.feed(line_greeting); // the other end started anew
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.state(), FrameReader::State::Broken);
    reader.feed(encode_frames(FrameType::Run, ""));
    EXPECT_FALSE(reader.next());
}

TEST(LineFrame, OverlongFrameBreaksTheLine)
{
    FrameReader reader;
    reader.feed(line_greeting);
    reader.feed("O\xff\xff");
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.state(), FrameReader::State::Broken);
}

TEST(StartOrder, SurvivesTheLine)
{
    const StartOrder order { "/home/a b", "/tmp/x", { "sh", "-c", "", "echo \"\n\"" },
        { "PATH=/bin", "EMPTY=" }, std::nullopt, false };
    EXPECT_EQ(decode_start_order(encode_start_order(order)), order);
    auto with_terminal = order;
    with_terminal.terminal = TerminalSize { 24, 80 };
    with_terminal.error_on_terminal = true;
    EXPECT_EQ(decode_start_order(encode_start_order(with_terminal)), with_terminal);
}

TEST(StartOrder, DamagedBytesAreRefused)
{
    const auto bytes
        = encode_start_order({ "/", "", { "true" }, { "A=1" }, TerminalSize { 1, 2 }, true });
    for (size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode_start_order(bytes.substr(0, size))) << "cut at " << size;
    }
    EXPECT_FALSE(decode_start_order(bytes + "x"));
    EXPECT_FALSE(decode_start_order(encode_start_order({ "/", "", {}, {}, std::nullopt, false })));
}

TEST(TerminalSize, SurvivesTheLine)
{
    EXPECT_EQ(decode_terminal_size(encode_terminal_size({ 24, 132 })), (TerminalSize { 24, 132 }));
    EXPECT_FALSE(decode_terminal_size(""));
    EXPECT_FALSE(decode_terminal_size("24"));
    EXPECT_FALSE(decode_terminal_size("24 x"));
}

} // namespace
} // namespace vwb
