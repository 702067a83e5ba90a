// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Whole requests through a queue, its trace and the joiner that observers have.
#include "engine/trace/trace_joiner.h"
#include "tests/support/device_harness.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

namespace vwb::test {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes counted(size_t size)
{
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
    return bytes;
}

Bytes bytes_of(std::span<const std::byte> part)
{
    Bytes bytes;
    for (const std::byte byte : part)
        bytes.push_back(std::to_integer<uint8_t>(byte));
    return bytes;
}

class PayloadTraceTest : public testing::TestWithParam<RingFormat> {
protected:
    PayloadTraceTest()
        : m_harness(
            [this](EventLoop&) {
                auto device = std::make_unique<EchoDevice>();
                m_device = device.get();
                return device;
            },
            HarnessOptions { .format = GetParam() })
        , m_identity { "echo0", "echo", 0, m_harness.host().traits().schema }
        , m_joiner(m_identity)
    {
    }

    TraceRing& trace() { return m_harness.host().trace(); }

    struct Seen {
        RecordKind kind;
        Bytes readable;
        Bytes written;
        uint32_t readable_bytes;
    };
    // The requests since the last call, and how many events told them.
    std::vector<Seen> requests()
    {
        std::vector<Seen> seen;
        m_payload_events = 0;
        std::array<TraceEvent, 64> events;
        while (const size_t count = trace().read(m_cursor, events).count) {
            for (const TraceEvent& event : std::span(events).first(count)) {
                if (event.kind == TraceKind::Payload) {
                    ++m_payload_events;
                    m_joiner.add_payload(event);
                    continue;
                }
                const TraceRecord& record = m_joiner.join(event);
                if (record.kind == RecordKind::Request || record.kind == RecordKind::Popped)
                    seen.push_back({ record.kind, bytes_of(record.readable),
                        bytes_of(record.written), record.readable_bytes.value_or(0) });
            }
        }
        return seen;
    }

    EchoDevice* m_device = nullptr;
    DeviceHarness m_harness;
    ObservedDevice m_identity;
    TraceJoiner m_joiner;
    uint64_t m_cursor = 0;
    size_t m_payload_events = 0;
};

INSTANTIATE_TEST_SUITE_P(RingFormats, PayloadTraceTest,
    testing::Values(RingFormat::Split, RingFormat::Packed),
    [](const auto& format) { return format.param == RingFormat::Split ? "Split" : "Packed"; });

TEST_P(PayloadTraceTest, WholePartsAreToldWhateverTheirSizes)
{
    trace().add_reader(TraceDepth::Payload);
    for (const size_t size : { 0u, 1u, 15u, 16u, 17u, 31u, 32u, 33u, 63u, 64u, 65u, 1000u }) {
        m_harness.request(0, counted(size), 1024);
        const auto seen = requests();
        ASSERT_EQ(seen.size(), 1u) << size;
        EXPECT_EQ(seen[0].readable, counted(size));
        EXPECT_EQ(seen[0].written, counted(std::min<size_t>(size, 256))); // all that is echoed
    }
}

TEST_P(PayloadTraceTest, PartsInPiecesAreToldAsOne)
{
    trace().add_reader(TraceDepth::Payload);
    const Bytes all = counted(100);
    const auto piece = [&all](size_t from, size_t to) {
        return Bytes(
            all.begin() + static_cast<ptrdiff_t>(from), all.begin() + static_cast<ptrdiff_t>(to));
    };
    m_harness.submit_pieces(
        0, { piece(0, 3), piece(3, 40), piece(40, 41), piece(41, 100) }, { 1, 37, 2, 200 });
    const auto seen = requests();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].readable, all);
    EXPECT_EQ(seen[0].written, all);
}

TEST_P(PayloadTraceTest, ParkedRequestIsWholeInBothOfItsRecords)
{
    trace().add_reader(TraceDepth::Payload);
    m_harness.submit(1, counted(200), 300);
    auto seen = requests();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].kind, RecordKind::Popped);
    EXPECT_EQ(seen[0].readable, counted(200));
    Request request = std::move(m_device->parked[1].front());
    m_device->parked[1].pop_front();
    const Bytes answer = counted(222);
    request.writer().write(std::as_bytes(std::span(answer)));
    std::move(request).complete(222);
    seen = requests();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].kind, RecordKind::Request);
    EXPECT_EQ(seen[0].readable, counted(200));
    EXPECT_EQ(seen[0].written, answer);
}

TEST_P(PayloadTraceTest, EndsAtItsLimit)
{
    trace().add_reader(TraceDepth::Payload);
    m_harness.request(0, counted(MAX_TRACED_PART + 1), 16);
    const auto seen = requests();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].readable, counted(MAX_TRACED_PART));
    EXPECT_EQ(seen[0].readable_bytes, MAX_TRACED_PART + 1);
    EXPECT_EQ(seen[0].written, counted(16));
}

TEST_P(PayloadTraceTest, IsToldOnlyWhileSomebodyWantsIt)
{
    trace().add_reader();
    m_harness.request(0, counted(100), 100);
    auto seen = requests();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(m_payload_events, 0u);
    EXPECT_EQ(seen[0].readable, counted(TraceEvent::BYTES));
    trace().add_reader(TraceDepth::Payload);
    m_harness.request(0, counted(100), 100);
    seen = requests();
    EXPECT_EQ(m_payload_events, 3u + 4u); // 68 bytes of one part, 100 of the other
    trace().remove_reader(TraceDepth::Payload);
    m_harness.request(0, counted(100), 100);
    requests();
    EXPECT_EQ(m_payload_events, 0u);
}

} // namespace
} // namespace vwb::test
