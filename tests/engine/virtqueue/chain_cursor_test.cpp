// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/endian.h"
#include "engine/virtqueue/chain_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <numeric>

using namespace vwb;

namespace {

// A chain of plain buffers, each by itself, so that a sanitizer sees an overrun. Readable bytes are
// numbered from 0 on, writable ones are 0xee.
struct Chain {
    Chain(const std::vector<uint32_t>& readable, const std::vector<uint32_t>& writable)
    {
        uint8_t next = 0;
        for (const uint32_t size : readable) {
            auto& piece = pieces.emplace_back(size);
            for (auto& byte : piece)
                byte = static_cast<std::byte>(next++);
            record.segments.push_back({ piece.data(), size, 0 });
            record.readable_bytes += size;
            ++record.readable_segments;
        }
        for (const uint32_t size : writable) {
            auto& piece = pieces.emplace_back(size, std::byte { 0xee });
            record.segments.push_back({ piece.data(), size, 0 });
            record.writable_bytes += size;
        }
    }
    std::vector<uint8_t> written() const
    {
        std::vector<uint8_t> bytes;
        for (const Segment& segment : record.writable()) {
            for (uint32_t i = 0; i < segment.size; ++i)
                bytes.push_back(std::to_integer<uint8_t>(segment.data[i]));
        }
        return bytes;
    }

    ChainRecord record;
    std::deque<std::vector<std::byte>> pieces;
};

std::vector<uint8_t> read(ChainReader& reader, size_t most)
{
    std::vector<uint8_t> bytes(most);
    bytes.resize(reader.read(std::as_writable_bytes(std::span(bytes))));
    return bytes;
}

std::vector<uint8_t> counting(uint8_t first, size_t count)
{
    std::vector<uint8_t> bytes(count);
    std::iota(bytes.begin(), bytes.end(), first);
    return bytes;
}

// The same 20 bytes in many shapes: where descriptors end must not matter.
const std::vector<std::vector<uint32_t>> SHAPES { { 20 }, { 1, 19 }, { 19, 1 }, { 7, 1, 1, 11 },
    { 3, 5, 12 }, { 10, 10 }, std::vector<uint32_t>(20, 1) };

class ChainCursorTest : public testing::TestWithParam<std::vector<uint32_t>> { };

INSTANTIATE_TEST_SUITE_P(Shapes, ChainCursorTest, testing::ValuesIn(SHAPES));

} // namespace

// --- reading ---

TEST_P(ChainCursorTest, ReadsOverTheBordersOfDescriptors)
{
    const Chain chain(GetParam(), { 5 });
    for (size_t step = 1; step <= 21; ++step) {
        ChainReader reader(chain.record);
        std::vector<uint8_t> all;
        for (auto piece = read(reader, step); !piece.empty(); piece = read(reader, step))
            all.insert(all.end(), piece.begin(), piece.end());
        EXPECT_EQ(all, counting(0, 20)) << "steps of " << step;
        EXPECT_EQ(reader.remaining(), 0u);
        EXPECT_EQ(reader.position(), 20u);
    }
}

TEST_P(ChainCursorTest, ReadsStructsWholeOrNotAtAll)
{
    struct Header {
        le32 a;
        le16 b;
    };
    const Chain chain(GetParam(), {});
    ChainReader reader(chain.record);
    Header header {};
    ASSERT_TRUE(reader.read_struct(header));
    EXPECT_EQ(header.a, 0x03020100u);
    EXPECT_EQ(header.b, 0x0504u);
    ASSERT_TRUE(reader.read_struct(header));
    ASSERT_TRUE(reader.read_struct(header));
    EXPECT_EQ(header.b, 0x1110u);
    EXPECT_FALSE(reader.read_struct(header)); // 2 bytes are left
    EXPECT_EQ(reader.remaining(), 2u);
    EXPECT_EQ(read(reader, 10), counting(18, 2));
}

TEST_P(ChainCursorTest, SkipsExactlyAndNotBeyondTheEnd)
{
    const Chain chain(GetParam(), {});
    for (uint32_t skip = 0; skip <= 20; ++skip) {
        ChainReader reader(chain.record);
        reader.skip(skip);
        EXPECT_EQ(read(reader, 100), counting(static_cast<uint8_t>(skip), 20 - skip));
    }
    ChainReader reader(chain.record);
    reader.skip(UINT32_MAX);
    EXPECT_EQ(reader.remaining(), 0u);
    EXPECT_EQ(reader.position(), 20u);
}

TEST_P(ChainCursorTest, RestComesInPiecesWithoutACopy)
{
    const Chain chain(GetParam(), { 3 });
    ChainReader reader(chain.record);
    reader.skip(4);
    std::vector<uint8_t> all;
    reader.for_each_piece([&all](std::span<const std::byte> piece) {
        EXPECT_FALSE(piece.empty());
        for (const std::byte byte : piece)
            all.push_back(std::to_integer<uint8_t>(byte));
    });
    EXPECT_EQ(all, counting(4, 16));
    EXPECT_EQ(reader.position(), 4u);
}

// What a trace has shown is what the device gets, even if the driver writes to it meanwhile.
TEST_P(ChainCursorTest, HeaderThatWasCopiedAtThePopIsWhatIsRead)
{
    Chain chain(GetParam(), {});
    const auto snapshot = counting(100, 8);
    chain.record.header.append(std::as_bytes(std::span(snapshot)));
    auto expected = counting(0, 20);
    std::ranges::copy(snapshot, expected.begin());
    for (size_t step = 1; step <= 21; ++step) {
        ChainReader reader(chain.record);
        std::vector<uint8_t> all;
        for (auto piece = read(reader, step); !piece.empty(); piece = read(reader, step))
            all.insert(all.end(), piece.begin(), piece.end());
        EXPECT_EQ(all, expected) << "steps of " << step;
    }
    ChainReader reader(chain.record);
    reader.skip(5);
    EXPECT_EQ(read(reader, 6), std::vector<uint8_t>(expected.begin() + 5, expected.begin() + 11));
}

// --- writing ---

TEST_P(ChainCursorTest, WritesOverTheBordersOfDescriptors)
{
    for (size_t step = 1; step <= 21; ++step) {
        const Chain chain({ 5 }, GetParam());
        ChainWriter writer(chain.record);
        const auto bytes = counting(0, 20);
        for (size_t done = 0; done < 20; done += step) {
            const auto piece = std::span(bytes).subspan(done, std::min(step, 20 - done));
            EXPECT_EQ(writer.write(std::as_bytes(piece)), piece.size());
        }
        EXPECT_EQ(chain.written(), bytes) << "steps of " << step;
        EXPECT_EQ(writer.position(), 20u);
        EXPECT_EQ(writer.remaining(), 0u);
        EXPECT_EQ(writer.write(std::as_bytes(std::span(bytes))), 0u);
    }
}

TEST_P(ChainCursorTest, WritesNoMoreThanFits)
{
    const Chain chain({}, GetParam());
    ChainWriter writer(chain.record);
    const auto bytes = counting(1, 50);
    EXPECT_EQ(writer.write(std::as_bytes(std::span(bytes))), 20u);
    EXPECT_EQ(chain.written(), counting(1, 20));
}

TEST_P(ChainCursorTest, WritesStructsWholeOrNotAtAll)
{
    const Chain chain({}, GetParam());
    ChainWriter writer(chain.record);
    const le64 word = 0x0807060504030201;
    EXPECT_TRUE(writer.write_struct(word));
    EXPECT_TRUE(writer.write_struct(word));
    EXPECT_FALSE(writer.write_struct(word)); // 4 bytes are left
    EXPECT_EQ(writer.position(), 16u);
    auto expected = counting(1, 8);
    expected.insert(expected.end(), expected.begin(), expected.end());
    expected.resize(20, 0xee);
    EXPECT_EQ(chain.written(), expected);
}

TEST_P(ChainCursorTest, FillsAndStopsAtTheEnd)
{
    const Chain chain({}, GetParam());
    ChainWriter writer(chain.record);
    writer.fill(std::byte { 1 }, 6);
    EXPECT_EQ(writer.position(), 6u);
    writer.fill(std::byte { 2 }, 100);
    EXPECT_EQ(writer.position(), 20u);
    std::vector<uint8_t> expected(6, 1);
    expected.resize(20, 2);
    EXPECT_EQ(chain.written(), expected);
}

TEST_P(ChainCursorTest, PiecesAreFilledInPlaceAsFarAsTheyWereReallyWritten)
{
    const Chain chain({ 1 }, GetParam());
    ChainWriter writer(chain.record);
    uint8_t next = 0;
    while (writer.remaining() > 0) {
        const auto piece = writer.piece(3);
        ASSERT_FALSE(piece.empty());
        ASSERT_LE(piece.size(), 3u);
        piece[0] = static_cast<std::byte>(next++); // a short write each time
        writer.commit(1);
    }
    EXPECT_EQ(chain.written(), counting(0, 20));
    EXPECT_TRUE(writer.piece(3).empty());
    writer.commit(0);
    EXPECT_EQ(writer.position(), 20u);
}

TEST(ChainCursor, PartsThatAreNotThereAreEmpty)
{
    const Chain chain({}, {});
    ChainReader reader(chain.record);
    ChainWriter writer(chain.record);
    uint8_t byte = 0;
    EXPECT_EQ(reader.remaining(), 0u);
    EXPECT_FALSE(reader.read_struct(byte));
    EXPECT_EQ(writer.remaining(), 0u);
    EXPECT_FALSE(writer.write_struct(byte));
    EXPECT_TRUE(writer.piece(1).empty());
}

TEST(ChainCursor, CommittingMoreThanThePieceIsABug)
{
    const Chain chain({}, { 4, 4 });
    ChainWriter writer(chain.record);
    EXPECT_DEATH(writer.commit(5), "vhost-workbench: bug");
}
