// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/virtqueue/ring_fault.h"

#include <gtest/gtest.h>

#include <set>

using namespace vwb;
using enum RingFaultKind;

namespace {

constexpr int KINDS = static_cast<int>(InOrderIndirect) + 1;

// Those that one format alone can have.
const std::set<RingFaultKind> SPLIT_ONLY { NextOutOfRange, ChainTooLong, IndirectInIndirect,
    IndirectWithNext, InOrderNext, InOrderIndirect };
const std::set<RingFaultKind> PACKED_ONLY { ListTooLong, ListNotAvailable, IndirectInList,
    IndirectFlags };

const std::set<RingFaultKind> NOT_OF_VIRTIO { TooManySegments, TranslationDenied,
    TranslationMissing };

bool can_happen(RingFaultKind kind, RingFormat format)
{
    return (format == RingFormat::Split ? PACKED_ONLY : SPLIT_ONLY).count(kind) == 0;
}

} // namespace

TEST(RingFault, EveryKindHasARuleAClauseAndASentence)
{
    for (const auto format : { RingFormat::Split, RingFormat::Packed }) {
        const std::string chapter = format == RingFormat::Split ? "2.7" : "2.8";
        for (int number = 0; number < KINDS; ++number) {
            const RingFault fault { static_cast<RingFaultKind>(number), 3, 17, 9, format };
            const auto text = fault_text(fault);
            EXPECT_EQ(std::string(text.rule) != "d.unknown", can_happen(fault.kind, format))
                << number;
            const std::string clause = text.clause;
            EXPECT_TRUE(clause.rfind("virtio 1.4, " + chapter, 0) == 0
                || clause == "virtio 1.4, 2.6" || NOT_OF_VIRTIO.count(fault.kind) > 0)
                << number;
            const std::string sentence = describe(fault);
            EXPECT_EQ(sentence.find("unknown fault"), std::string::npos) << number;
            EXPECT_GT(sentence.size(), 20u);
        }
    }
}

TEST(RingFault, OnlyFaultsOfTheRingBreakTheQueue)
{
    const std::set<RingFaultKind> of_the_ring { AvailIndexOverrun, HeadOutOfRange, HeadInFlight,
        ListTooLong, ListNotAvailable };
    const std::set<RingFaultKind> harmless { IndirectFlags, InOrderNext, InOrderIndirect };
    for (int number = 0; number < KINDS; ++number) {
        const auto kind = static_cast<RingFaultKind>(number);
        const auto expected = of_the_ring.count(kind) ? FaultCost::Queue
            : harmless.count(kind)                    ? FaultCost::Nothing
                                                      : FaultCost::Chain;
        EXPECT_EQ(cost_of(kind), expected) << number;
    }
}

TEST(RingFault, SentencesNameWhatWasFoundAndWhatIsAllowed)
{
    EXPECT_EQ(describe({ AvailIndexOverrun, 0, 9, 8 }),
        "available index is 9 ahead, the queue has 8 entries");
    EXPECT_EQ(describe({ AddressOutsideMemory, 5, 0x1000, 64 }),
        "chain 5: address 0x1000 with length 64 is outside the memory regions");
    EXPECT_EQ(describe({ IndirectLength, 2, 17, 16384 }),
        "chain 2: indirect table of 17 bytes: not a multiple of 16 from 16 to 16384");
    EXPECT_EQ(describe({ HeadOutOfRange, 9, 9, 8, RingFormat::Packed }),
        "buffer id 9, the queue has 8 entries");
    EXPECT_EQ(
        describe({ EmptyChain, 5, 0, 0, RingFormat::Packed }), "buffer 5: no buffer of any length");
}
