// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/config.h"
#include "engine/bench/bench_file.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace std::chrono_literals;

namespace {

class ConfigTest : public testing::Test {
protected:
    // A reader of the text as TOML.
    ConfigReader read(const std::string& text)
    {
        m_root = parse_toml(text, "b.toml").value();
        return ConfigReader(*m_root);
    }
    template <typename T> static std::string message(const Result<T>& result)
    {
        return result ? "no error" : result.error().message();
    }

private:
    std::unique_ptr<ConfigNode> m_root;
};

} // namespace

TEST_F(ConfigTest, ReadsEveryType)
{
    auto reader = read("text = \"x\"\nword = \"up\"\nnumber = 5\nflag = true\ntime = \"50us\"\n"
                       "size = \"4K\"\nbytes = 12\nnames = [\"a\", \"b\"]\n");
    EXPECT_EQ(reader.string("text").value(), "x");
    EXPECT_EQ(reader.word_or("word", "down", { "up", "down" }).value(), "up");
    EXPECT_EQ(reader.integer("number", 0, 10).value(), 5);
    EXPECT_TRUE(reader.boolean_or("flag", false).value());
    EXPECT_EQ(reader.duration_or("time", 1s).value(), 50us);
    EXPECT_EQ(reader.size_or("size", 1).value(), 4096u);
    EXPECT_EQ(reader.size_or("bytes", 1).value(), 12u);
    EXPECT_EQ(reader.strings("names").value(), (std::vector<std::string> { "a", "b" }));
    EXPECT_TRUE(reader.finish());
}

TEST_F(ConfigTest, NumbersAreWholeOrNot)
{
    auto reader = read("whole = 5\npart = -2.5\ntext = \"5\"\n");
    EXPECT_EQ(reader.number("whole").value(), 5.0);
    EXPECT_EQ(reader.number_or("part", 1).value(), -2.5);
    EXPECT_EQ(reader.number_or("other", 1.5).value(), 1.5);
    EXPECT_EQ(
        message(reader.number("text")), "b.toml:3: text: expected a number, found a string '5'");
    EXPECT_EQ(
        message(reader.number("nothing")), "b.toml:1: nothing: is missing; expected a number");
}

TEST_F(ConfigTest, MissingKeysHaveTheirFallbacks)
{
    auto reader = read("");
    EXPECT_FALSE(reader.has("text"));
    EXPECT_EQ(reader.string_or("text", "none").value(), "none");
    EXPECT_EQ(reader.word_or("word", "down", { "up", "down" }).value(), "down");
    EXPECT_EQ(reader.integer_or("number", 3, 0, 10).value(), 3);
    EXPECT_FALSE(reader.boolean_or("flag", false).value());
    EXPECT_EQ(reader.duration_or("time", 1s).value(), 1s);
    EXPECT_EQ(reader.size_or("size", 1).value(), 1u);
    EXPECT_TRUE(reader.strings("names").value().empty());
    EXPECT_TRUE(reader.tables("parts").value().empty());
    EXPECT_FALSE(reader.table("part").value());
}

TEST_F(ConfigTest, RequiredKeyThatIsMissingIsNamedWithWhatWasExpected)
{
    auto reader = read("\nother = 1\n");
    EXPECT_EQ(message(reader.string("path")), "b.toml:1: path: is missing; expected a string");
    EXPECT_EQ(
        message(reader.integer("count", 1, 2)), "b.toml:1: count: is missing; expected an integer");
}

TEST_F(ConfigTest, WrongTypeNamesPlaceKeyAndBothSides)
{
    auto reader = read("a = 5\nb = \"x\"\nc = 1.5\n\nd = [1]\ne = { x = 1 }\n");
    EXPECT_EQ(message(reader.string("a")), "b.toml:1: a: expected a string, found an integer '5'");
    EXPECT_EQ(message(reader.integer("b", 0, 9)),
        "b.toml:2: b: expected an integer from 0 to 9, found a string 'x'");
    EXPECT_EQ(message(reader.integer_or("c", 0, 0, 9)),
        "b.toml:3: c: expected an integer from 0 to 9, found a number '1.5'");
    EXPECT_EQ(message(reader.string("d")), "b.toml:5: d: expected a string, found an array");
    EXPECT_EQ(message(reader.boolean_or("e", true)),
        "b.toml:6: e: expected true or false, found a table");
    EXPECT_EQ(message(reader.duration_or("a", 1s)),
        "b.toml:1: a: expected a duration like \"50us\", found an integer '5'");
    EXPECT_EQ(message(reader.table("a")), "b.toml:1: a: expected a table, found an integer '5'");
    EXPECT_EQ(
        message(reader.tables("e")), "b.toml:6: e: expected an array of tables, found a table");
    EXPECT_EQ(message(reader.strings("d")),
        "b.toml:5: d: expected a string in the array, found an integer '1'");
}

TEST_F(ConfigTest, ValuesOutOfRangeNameTheRange)
{
    auto reader = read("low = 0\nhigh = 11\nword = \"sideways\"\ntime = \"soon\"\nsize = -1\n");
    EXPECT_EQ(message(reader.integer("low", 1, 10)),
        "b.toml:1: low: expected an integer from 1 to 10, found an integer '0'");
    EXPECT_EQ(message(reader.integer("high", 1, 10)),
        "b.toml:2: high: expected an integer from 1 to 10, found an integer '11'");
    EXPECT_EQ(message(reader.word_or("word", "up", { "up", "down" })),
        "b.toml:3: word: expected one of up, down, found a string 'sideways'");
    EXPECT_EQ(message(reader.duration_or("time", 1s)),
        "b.toml:4: time: 'soon' is not a duration like 50us, 1.5ms or 2s");
    EXPECT_EQ(message(reader.size_or("size", 1)),
        "b.toml:5: size: expected a size like 512 or \"64K\", found an integer '-1'");
}

TEST_F(ConfigTest, TablesAreReadersOfTheirOwn)
{
    auto reader = read("[one]\nx = 1\n[[many]]\nx = 2\n[[many]]\nx = 3\ny = 4\n");
    auto one = reader.table("one").value();
    ASSERT_TRUE(one);
    EXPECT_EQ(one->integer("x", 0, 9).value(), 1);
    auto many = reader.tables("many").value();
    ASSERT_EQ(many.size(), 2u);
    EXPECT_EQ(many[0].integer("x", 0, 9).value(), 2);
    EXPECT_EQ(many[1].integer("x", 0, 9).value(), 3);
    EXPECT_TRUE(many[0].finish());
    EXPECT_EQ(message(many[1].finish()), "b.toml:7: y: unknown key; did you mean 'x'?");
    EXPECT_TRUE(reader.finish());
}

TEST_F(ConfigTest, UnknownKeyNamesTheNearestKnownOne)
{
    auto reader = read("name = \"x\"\nsokcet = \"y\"\n");
    reader.string_or("name", "").value();
    reader.string_or("socket", "").value();
    EXPECT_EQ(message(reader.finish()), "b.toml:2: sokcet: unknown key; did you mean 'socket'?");
}

TEST_F(ConfigTest, UnknownKeyUnlikeAnyOtherListsTheKnownOnes)
{
    auto reader = read("temperature = 5\n");
    EXPECT_EQ(message(reader.finish()),
        "b.toml:1: temperature: unknown key; there are no keys to set here");
    reader.string_or("name", "").value();
    reader.string_or("socket", "").value();
    EXPECT_EQ(
        message(reader.finish()), "b.toml:1: temperature: unknown key; known here: name, socket");
}

TEST_F(ConfigTest, ErrorsOfTheirOwnNameThePlaceOfTheKeyOrElseOfTheTable)
{
    auto reader = read("\n[part]\nx = 1\n");
    const auto part = reader.table("part").value();
    EXPECT_EQ(part->error("x", "is odd").message(), "b.toml:3: x: is odd");
    EXPECT_EQ(part->error("y", "is missing").message(), "b.toml:2: y: is missing");
}

TEST(NearestWord, FindsTypingErrorsAndNothingElse)
{
    const std::vector<std::string> words { "period", "bytes", "path" };
    EXPECT_EQ(nearest_word("perod", words), "period");
    EXPECT_EQ(nearest_word("Bytes", words), "bytes");
    EXPECT_EQ(nearest_word("pth", words), "path");
    EXPECT_EQ(nearest_word("temperature", words), "");
    EXPECT_EQ(nearest_word("x", {}), "");
}

TEST_F(ConfigTest, NamesAndNumbersAreBothText)
{
    auto reader = read("name = \"led\"\nnumber = 3\nempty = \"\"\nless = -1\n");
    EXPECT_EQ(reader.name_or_number("name").value(), "led");
    EXPECT_EQ(reader.name_or_number("number").value(), "3");
    EXPECT_EQ(message(reader.name_or_number("empty")),
        "b.toml:3: empty: expected a name or a number, found a string ''");
    EXPECT_EQ(message(reader.name_or_number("less")),
        "b.toml:4: less: expected a name or a number, found an integer '-1'");
    EXPECT_EQ(message(reader.name_or_number("none")),
        "b.toml:1: none: is missing; expected a name or a number");
}

TEST_F(ConfigTest, ShortItemsStandForTables)
{
    auto reader = read("lines = [\"led\", 3,\n { line = \"key\", low = true }, [1]]\nbad = 1\n");
    auto items = reader.tables_or("lines", "line").value();
    ASSERT_EQ(items.size(), 4u);
    EXPECT_EQ(items[0].name_or_number("line").value(), "led");
    EXPECT_TRUE(items[0].finish());
    EXPECT_EQ(items[1].name_or_number("line").value(), "3");
    EXPECT_EQ(items[2].name_or_number("line").value(), "key");
    EXPECT_EQ(message(items[2].finish()), "b.toml:2: low: unknown key; known here: line");
    EXPECT_EQ(message(items[3].name_or_number("line")),
        "b.toml:2: line: expected a name or a number, found an array");
    EXPECT_EQ(message(reader.tables_or("bad", "line")),
        "b.toml:3: bad: expected an array, found an integer '1'");
    EXPECT_TRUE(reader.tables_or("none", "line").value().empty());
}
