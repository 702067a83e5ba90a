// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/word_bytes.h"

#include <gtest/gtest.h>

#include <vector>

namespace vwb {
namespace {

std::vector<std::byte> counting(size_t first, size_t count)
{
    std::vector<std::byte> bytes(count);
    for (size_t i = 0; i < count; ++i)
        bytes[i] = static_cast<std::byte>(first + i + 1);
    return bytes;
}

std::vector<std::byte> copy_of(std::span<const std::byte> bytes)
{
    return { bytes.begin(), bytes.end() };
}

TEST(WordBytesTest, StartsEmpty)
{
    const WordBytes bytes;
    EXPECT_EQ(bytes.size(), 0u);
    EXPECT_EQ(bytes.room(), WordBytes::CAPACITY);
    EXPECT_TRUE(bytes.bytes().empty());
}

// Every place in a word, every length that is stored whole.
TEST(WordBytesTest, HoldsWhatWasAppendedInTwoPiecesOfAnyLength)
{
    for (size_t first = 0; first <= WordBytes::CAPACITY; ++first) {
        for (size_t second = 0; first + second <= WordBytes::CAPACITY; ++second) {
            WordBytes bytes;
            bytes.append(counting(0, first));
            bytes.append(counting(first, second));
            ASSERT_EQ(copy_of(bytes.bytes()), counting(0, first + second))
                << first << " and " << second;
        }
    }
}

TEST(WordBytesTest, TakesOnlyWhatThereIsRoomFor)
{
    WordBytes bytes;
    bytes.append(counting(0, 20));
    bytes.append(counting(20, 100));
    EXPECT_EQ(bytes.room(), 0u);
    EXPECT_EQ(copy_of(bytes.bytes()), counting(0, WordBytes::CAPACITY));
    bytes.append(counting(0, 1));
    EXPECT_EQ(copy_of(bytes.bytes()), counting(0, WordBytes::CAPACITY));
}

TEST(WordBytesTest, HasZerosBehindTheLastByteOfAWordAlsoAfterClear)
{
    WordBytes bytes;
    bytes.append(counting(0, 32));
    bytes.clear();
    bytes.append(counting(0, 3));
    const auto all = std::as_bytes(std::span(bytes.words()));
    for (size_t i = 3; i < 8; ++i)
        EXPECT_EQ(all[i], std::byte { 0 }) << i;
}

// Every length, behind every number of whole words: as append(), and nothing behind it is read.
TEST(WordBytesTest, AppendsAWordAsItAppendsAnything)
{
    for (size_t words = 0; words < 4; ++words) {
        for (size_t count = 1; count <= 8; ++count) {
            WordBytes bytes;
            bytes.append(counting(0, 8 * words));
            const auto more = counting(8 * words, count);
            ASSERT_TRUE(bytes.takes_word(count));
            bytes.append_word(more.data(), count);
            ASSERT_EQ(copy_of(bytes.bytes()), counting(0, 8 * words + count))
                << words << " words and " << count;
        }
    }
}

TEST(WordBytesTest, TakesAWordOnlyWhereOneBegins)
{
    WordBytes bytes;
    EXPECT_FALSE(bytes.takes_word(0));
    EXPECT_TRUE(bytes.takes_word(8));
    EXPECT_FALSE(bytes.takes_word(9));
    bytes.append(counting(0, 5));
    EXPECT_FALSE(bytes.takes_word(1));
    bytes.append(counting(5, 27));
    EXPECT_FALSE(bytes.takes_word(1));
}

} // namespace
} // namespace vwb
