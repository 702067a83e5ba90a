// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/rng/seeded_rng.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

std::vector<uint8_t> draw(RngSource& source, size_t count)
{
    std::vector<uint8_t> bytes(count);
    EXPECT_EQ(source.fill(std::as_writable_bytes(std::span(bytes))).value(), count);
    return bytes;
}

uint64_t word_at(const std::vector<uint8_t>& bytes, size_t index)
{
    uint64_t word = 0;
    for (size_t i = 8; i-- > 0;)
        word = word << 8 | bytes[8 * index + i];
    return word;
}

Value restart(RngSource& source, int64_t seed)
{
    Value parameters = Value::object();
    parameters.set("seed", seed);
    return source.actions()->call_action("restart", parameters).value();
}

} // namespace

// The two numbers are those of the C++ standard and of the generator's publication.
TEST(SeededRng, StreamIsTheDocumentedOne)
{
    SeededRng rng(5489);
    const auto bytes = draw(rng, 80000);
    EXPECT_EQ(word_at(bytes, 0), 14514284786278117030u);
    EXPECT_EQ(word_at(bytes, 9999), 9981545732273789042u);
}

TEST(SeededRng, SizesOfRequestsDoNotChangeTheStream)
{
    SeededRng whole(7);
    SeededRng pieces(7);
    const auto expected = draw(whole, 1000);
    std::vector<uint8_t> got;
    for (size_t size = 1; got.size() + size <= 1000; size = size % 19 + 1) {
        const auto piece = draw(pieces, size);
        got.insert(got.end(), piece.begin(), piece.end());
    }
    ASSERT_GT(got.size(), 970u);
    EXPECT_TRUE(std::equal(got.begin(), got.end(), expected.begin()));
}

TEST(SeededRng, SeedsGiveDifferentStreams)
{
    SeededRng one(1);
    SeededRng two(2);
    EXPECT_NE(draw(one, 64), draw(two, 64));
}

TEST(SeededRng, RestartBeginsAgainAlsoInTheMiddleOfAWord)
{
    SeededRng rng(9);
    const auto first = draw(rng, 13);
    rng.actions()->call_action("restart", Value::object()).value();
    EXPECT_EQ(draw(rng, 13), first);
    EXPECT_EQ(restart(rng, 10).find("seed")->integer_or(0), 10);
    EXPECT_NE(draw(rng, 13), first);
    restart(rng, 9);
    EXPECT_EQ(draw(rng, 13), first);
}

TEST(SeededRng, BadActionsNameWhatIsWrong)
{
    SeededRng rng(1);
    Value negative = Value::object();
    negative.set("seed", -3);
    const auto result = rng.actions()->call_action("restart", negative);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message().find("-3"), std::string::npos);
    EXPECT_EQ(
        rng.actions()->call_action("stop", Value::object()).error().kind(), ErrorKind::NotFound);
}

TEST(SeededRng, InspectTellsSeedAndPosition)
{
    SeededRng rng(77);
    draw(rng, 21);
    Inspector inspector;
    rng.inspect(inspector);
    const Value tree = std::move(inspector).tree();
    EXPECT_EQ(tree.find("seed")->integer_or(0), 77);
    EXPECT_EQ(tree.find("position")->integer_or(0), 21);
}

TEST(SeededRng, KindReadsItsSeed)
{
    ManualClock clock;
    const auto loop = EventLoop::create(clock).value();
    ConfigNode seed;
    seed.file = "b.toml";
    seed.line = 4;
    seed.scalar = Value(5489);
    ConfigNode table;
    table.kind = ConfigNode::Kind::Table;
    table.file = "b.toml";
    table.members.push_back({ "seed", seed });
    ConfigReader good(table);
    const auto rng = seeded_rng_kind().create(*loop, good).value();
    EXPECT_EQ(word_at(draw(*rng, 8), 0), 14514284786278117030u);
    table.members[0].node.scalar = Value(-1);
    ConfigReader bad(table);
    const auto refused = seeded_rng_kind().create(*loop, bad);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("b.toml:4: seed"), std::string::npos);
}
