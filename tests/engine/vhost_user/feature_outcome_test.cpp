// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/vhost_user/feature_outcome.h"

#include <gtest/gtest.h>

using namespace vwb;

namespace {

std::string name_of(unsigned bit)
{
    return "F" + std::to_string(bit);
}

// The members of the outcome of one bit, as text.
std::string outcome(const FeatureNegotiation& negotiation, unsigned bit)
{
    const Value list = feature_outcome(negotiation, name_of);
    for (const Value& entry : *list.as_list()) {
        if (entry.find("bit")->integer_or(-1) == bit)
            return to_text(*entry.find("name")) + " " + to_text(*entry.find("offered")) + " "
                + to_text(*entry.find("kept")) + " " + to_text(*entry.find("accepted")) + " "
                + to_text(*entry.find("lost"));
    }
    return "none";
}

constexpr FeatureRange RANGE { .usual = 0b0111, .optional = 0b1000 };

} // namespace

TEST(FeatureOutcomeTest, NothingIsKnownBeforeTheNegotiation)
{
    const FeatureNegotiation negotiation { RANGE, 0b0111 };
    EXPECT_EQ(outcome(negotiation, 0), "F0 yes - - -");
    EXPECT_EQ(outcome(negotiation, 4), "none");
}

TEST(FeatureOutcomeTest, WithheldAndNotTurnedOnAreTheDials)
{
    const FeatureNegotiation negotiation { RANGE, 0b0101, 0b0101 };
    EXPECT_EQ(outcome(negotiation, 1), "F1 no - - withheld by the feature dial");
    EXPECT_EQ(outcome(negotiation, 3), "F3 no - - offered only if the feature dial says so");
}

TEST(FeatureOutcomeTest, AcceptedBitWasKept)
{
    const FeatureNegotiation negotiation { RANGE, 0b0111, 0b0001 };
    EXPECT_EQ(outcome(negotiation, 0), "F0 yes yes yes -");
}

TEST(FeatureOutcomeTest, LostBitIsTheDriversOnlyIfTheFrontEndPassesAll)
{
    FeatureNegotiation negotiation { RANGE, 0b0111, 0b0001 };
    EXPECT_EQ(outcome(negotiation, 1),
        "F1 yes - no the driver did not accept it, or its front-end dropped it");
    negotiation.front_end_passes_all = true;
    EXPECT_EQ(outcome(negotiation, 1), "F1 yes yes no the driver did not accept it");
}

TEST(FeatureOutcomeTest, ProtocolFeatureIsTheFrontEndsAlone)
{
    FeatureNegotiation negotiation { RANGE, 0b0111, 0b0001 };
    negotiation.seen_by_driver = false;
    EXPECT_EQ(outcome(negotiation, 1), "F1 yes no no the front-end did not accept it");
}
