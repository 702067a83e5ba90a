// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/trace/trace_joiner.h"
#include "engine/vhost_user/message.h"
#include "engine/vhost_user/session_stage.h"
#include "tests/support/observed_devices.h"

#include <gtest/gtest.h>

#include <cstring>

namespace vwb::test {
namespace {

class TraceJoinerTest : public testing::Test {
protected:
    ObservedDevice m_device = lamp0();
    TraceJoiner m_joiner { m_device };
};

TEST_F(TraceJoinerTest, ServedRequestIsWholeAtOnce)
{
    const TraceEvent event = served(7, 0, lamp_set(3, 1), lamp_answer(1, 0), 5000, 40);
    const TraceRecord& record = m_joiner.join(event);
    EXPECT_EQ(record.kind, RecordKind::Request);
    EXPECT_EQ(record.device, &m_device);
    EXPECT_EQ(record.time_ns, 5000);
    EXPECT_EQ(record.request, 7u);
    EXPECT_EQ(record.queue, 0);
    EXPECT_EQ(record.queue_name, "requestq");
    EXPECT_EQ(record.name, "SET");
    EXPECT_EQ(record.message, &LAMP_SCHEMA.messages[1]);
    EXPECT_EQ(record.readable_bytes, 8u);
    EXPECT_EQ(record.writable_bytes, std::nullopt); // the trace has no room for it
    EXPECT_EQ(record.used_length, 2u);
    EXPECT_EQ(record.latency_ns, 40);
    EXPECT_EQ(record.readable.size(), 8u);
    EXPECT_EQ(record.written.size(), 2u);
    EXPECT_EQ(record.written[0], std::byte { 1 });
    EXPECT_FALSE(record.injected);
}

TEST_F(TraceJoinerTest, ParkedRequestIsJoinedWhenItCompletes)
{
    const TraceEvent first = popped(9, 1, lamp_event(4), 1, 1000);
    EXPECT_EQ(m_joiner.join(first).kind, RecordKind::Popped);
    EXPECT_EQ(m_joiner.join(first).used_length, std::nullopt);
    EXPECT_EQ(m_joiner.open(), 1u);
    const TraceEvent second = completed(9, 1, { 1 }, 10'000'001'000);
    const TraceRecord& record = m_joiner.join(second);
    EXPECT_EQ(record.kind, RecordKind::Request);
    EXPECT_EQ(record.name, "EVENT");
    EXPECT_EQ(record.latency_ns, 10'000'000'000);
    EXPECT_EQ(record.readable_bytes, 2u);
    EXPECT_EQ(record.writable_bytes, 1u);
    EXPECT_EQ(record.readable[0], std::byte { 4 });
    EXPECT_EQ(record.written[0], std::byte { 1 });
    EXPECT_EQ(m_joiner.open(), 0u);
}

TEST_F(TraceJoinerTest, CompletionWithoutItsFirstHalfIsStillTold)
{
    const TraceEvent event = completed(9, 1, { 0 });
    const TraceRecord& record = m_joiner.join(event);
    EXPECT_EQ(record.kind, RecordKind::Request);
    EXPECT_EQ(record.name, "EVENT"); // its queue has no other message
    EXPECT_EQ(record.readable_bytes, std::nullopt);
    EXPECT_TRUE(record.readable.empty());
    EXPECT_EQ(m_joiner.join(completed(9, 0, { 0 })).name, "UNKNOWN");
}

TEST_F(TraceJoinerTest, UnknownAndShortRequestsAreCalledUnknown)
{
    EXPECT_EQ(m_joiner.join(served(1, 0, { 9, 0, 0, 0 }, {})).name, "UNKNOWN");
    EXPECT_EQ(m_joiner.join(served(2, 0, { 1 }, {})).name, "UNKNOWN");
    EXPECT_EQ(m_joiner.join(served(3, 5, lamp_get(1), {})).name, "UNKNOWN");
    EXPECT_EQ(m_joiner.join(served(3, 5, lamp_get(1), {})).queue_name, "");
}

TEST_F(TraceJoinerTest, OpenRequestsAreBoundedAndTheOldestGoes)
{
    for (uint32_t i = 1; i <= TraceJoiner::MAX_OPEN + 1; ++i)
        m_joiner.join(popped(i, 1, lamp_event(2), 1));
    EXPECT_EQ(m_joiner.open(), TraceJoiner::MAX_OPEN);
    EXPECT_EQ(m_joiner.join(completed(1, 1, { 1 })).readable_bytes, std::nullopt);
    EXPECT_EQ(m_joiner.join(completed(2, 1, { 1 })).readable_bytes, 2u);
}

TEST_F(TraceJoinerTest, LongRequestsAreCutToWhatTheTraceHolds)
{
    Octets readable = lamp_set(1, 1);
    readable.resize(100);
    const TraceEvent event = served(1, 0, readable, lamp_answer(0, 0));
    const TraceRecord& record = m_joiner.join(event);
    EXPECT_EQ(record.readable_bytes, 100u);
    EXPECT_EQ(record.readable.size(), TraceEvent::BYTES);
    EXPECT_EQ(record.used_length, 2u);
    EXPECT_TRUE(record.written.empty());
}

TEST_F(TraceJoinerTest, SizesBeyondTheEventAreNotBelieved)
{
    TraceEvent event = served(1, 0, lamp_get(1), {});
    event.bytes_size = 255;
    event.readable_size = 255;
    EXPECT_EQ(m_joiner.join(event).readable.size(), TraceEvent::BYTES);
}

TEST_F(TraceJoinerTest, InjectedRequestsAreTold)
{
    TraceEvent event = served(1, 0, lamp_get(1), {});
    event.head = TraceEvent::INJECTED_HEAD;
    EXPECT_TRUE(m_joiner.join(event).injected);
}

TEST_F(TraceJoinerTest, OtherEventsHaveTheirNames)
{
    const auto features = static_cast<uint32_t>(FrontEndMessage::SetFeatures);
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Message, features, 3)).name, "SET_FEATURES");
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Message, features, 3)).verdict, 3u);
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Message, 99)).name, "message 99");
    const auto running = static_cast<uint32_t>(SessionStage::Running);
    EXPECT_EQ(m_joiner.join(plain(TraceKind::State, running)).name, "running");
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Signal, 1, 5)).signal, "green");
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Signal, 1, 5)).value, 5u);
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Signal, 2, 5)).signal, "");
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Kick, 4, 0, 1)).queue_name, "eventq");
    EXPECT_EQ(m_joiner.join(plain(TraceKind::Kick, 4, 0, 1)).number, 4u);
    EXPECT_EQ(m_joiner.join(plain(TraceKind::CallSuppressed, 0)).kind, RecordKind::CallSuppressed);
}

TraceEvent payload(uint32_t request, uint32_t offset, const Octets& octets, bool readable)
{
    TraceEvent event = plain(TraceKind::Payload, offset);
    event.request = request;
    event.bytes_size = static_cast<uint8_t>(octets.size());
    event.readable_size = readable ? event.bytes_size : uint8_t { 0 };
    std::memcpy(event.bytes.data(), octets.data(), octets.size());
    return event;
}

TEST_F(TraceJoinerTest, PayloadBehindAGapIsLeftOut)
{
    const Octets piece(32, 1);
    m_joiner.add_payload(payload(1, 32, piece, true));
    m_joiner.add_payload(payload(1, 96, piece, true)); // that from 64 on was lost
    m_joiner.add_payload(payload(1, 5, piece, false)); // what is before it was lost
    const TraceRecord& record = m_joiner.join(served(1, 0, Octets(32, 0), Octets(100, 2)));
    EXPECT_EQ(record.readable.size(), 64u);
    EXPECT_EQ(record.readable[63], std::byte { 1 });
    EXPECT_EQ(record.written.size(), 0u);
}

TEST_F(TraceJoinerTest, PayloadBelongsToItsRequestAndGoesWithIt)
{
    m_joiner.add_payload(payload(2, 8, { 9 }, true));
    EXPECT_EQ(m_joiner.join(served(1, 0, lamp_get(1), {})).readable.size(), 8u);
    EXPECT_EQ(m_joiner.join(served(2, 0, lamp_get(1), {})).readable.size(), 9u);
    EXPECT_EQ(m_joiner.join(served(2, 0, lamp_get(1), {})).readable.size(), 8u);
}

TEST_F(TraceJoinerTest, PayloadsThatNobodyFetchesAreForgotten)
{
    const Octets piece(32, 1);
    const auto many = static_cast<uint32_t>(TraceJoiner::MAX_PAYLOADS / piece.size());
    for (uint32_t i = 0; i <= many; ++i)
        m_joiner.add_payload(payload(i, 8, piece, true));
    EXPECT_EQ(m_joiner.join(served(0, 0, lamp_get(1), {})).readable.size(), 8u);
    EXPECT_EQ(m_joiner.join(served(many, 0, lamp_get(1), {})).readable.size(), 40u);
}

TEST_F(TraceJoinerTest, GateStepIsNamed)
{
    TraceEvent event = plain(TraceKind::Gate, 3, static_cast<uint32_t>(GateStep::Held), 1);
    event.request = 7;
    event.c = 1;
    std::memcpy(event.bytes.data(), "error", 5);
    event.bytes_size = 5;
    const TraceRecord& record = m_joiner.join(event);
    EXPECT_EQ(record.kind, RecordKind::Gate);
    EXPECT_EQ(record.name, "held");
    EXPECT_EQ(record.text, "error");
    EXPECT_EQ(record.point, "completed");
    EXPECT_EQ(record.request, 7u);
    EXPECT_EQ(record.number, 3u);
    EXPECT_EQ(record.queue_name, "eventq");
}

} // namespace
} // namespace vwb::test
