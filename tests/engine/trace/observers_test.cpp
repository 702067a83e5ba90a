// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/trace/observers.h"

#include <gtest/gtest.h>

namespace vwb {
namespace {

TEST(ObserversTest, AreNobodyAtFirst)
{
    const auto seen = Observers().look();
    EXPECT_FALSE(seen.any());
    EXPECT_FALSE(seen.readers());
    EXPECT_FALSE(seen.payload_readers());
    EXPECT_FALSE(seen.gate());
}

TEST(ObserversTest, AreOnlyHeadsUntilSomebodyWantsAll)
{
    Observers observers;
    observers.add_reader(TraceDepth::Heads);
    EXPECT_TRUE(observers.look().only_heads());
    EXPECT_TRUE(observers.look().readers());
    EXPECT_FALSE(observers.look().payload_readers());
    observers.add_reader(TraceDepth::Payload);
    EXPECT_FALSE(observers.look().only_heads());
    EXPECT_TRUE(observers.look().payload_readers());
    observers.remove_reader(TraceDepth::Heads);
    EXPECT_TRUE(observers.look().readers()); // who wants all is one, too
    observers.remove_reader(TraceDepth::Payload);
    EXPECT_FALSE(observers.look().any());
}

TEST(ObserversTest, AGateIsNoReader)
{
    Observers observers;
    observers.set_gate(true);
    observers.set_gate(true); // another one in its place
    EXPECT_TRUE(observers.look().any());
    EXPECT_TRUE(observers.look().gate());
    EXPECT_FALSE(observers.look().readers());
    EXPECT_FALSE(observers.look().payload_readers());
    EXPECT_FALSE(observers.look().only_heads());
    observers.add_reader(TraceDepth::Payload);
    observers.set_gate(false);
    EXPECT_FALSE(observers.look().gate());
    EXPECT_TRUE(observers.look().payload_readers());
}

} // namespace
} // namespace vwb
