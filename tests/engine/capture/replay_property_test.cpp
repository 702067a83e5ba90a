// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Runs of any requests, recorded whole at one device and given again to another one.
#include "engine/capture/capture_recorder.h"
#include "engine/capture/replay.h"
#include "tests/support/capture_bytes.h"
#include "tests/support/device_server.h"
#include "tests/support/echo_device.h"

#include <gtest/gtest.h>

#include <random>

namespace vwb::test {
namespace {

struct RecordedRun {
    BytesSink* sink; // the recorder's, which lives longer
    std::unique_ptr<CaptureRecorder> recorder;
};

class ReplayProperty : public testing::TestWithParam<std::tuple<bool, unsigned>> {
protected:
    static bool packed() { return std::get<0>(GetParam()); }
    static unsigned seed() { return std::get<1>(GetParam()); }
    static std::unique_ptr<BuiltinDriver> connect(const DeviceServer& server)
    {
        DriverOptions options;
        options.packed = packed();
        return BuiltinDriver::connect(server.path(), options).value();
    }
    static std::vector<std::byte> random_letters(std::mt19937& random, size_t size)
    {
        std::vector<std::byte> bytes(size);
        for (auto& byte : bytes)
            byte
                = static_cast<std::byte>('A' + random() % 26); // some others are orders to the echo
        return bytes;
    }
    // From the trace of the server on, until stop().
    RecordedRun record(DeviceServer& server)
    {
        auto sink = std::make_unique<BytesSink>();
        BytesSink* kept = sink.get();
        RecordingPlan plan;
        server.run([&](DeviceHost& host, Listener&) {
            const ObservedDevice device { "echo0", "echo", host.index(), host.traits().schema };
            m_schema = host.traits().schema;
            plan.header = header_of({ device });
            plan.header.payload = PayloadMode::Full;
            plan.traces.push_back({ &host.trace(), device });
        });
        auto recorder = CaptureRecorder::start(std::move(plan), std::move(sink), m_clock, {});
        return { kept, std::move(recorder).value() };
    }
    static std::vector<std::byte> stop(RecordedRun& run)
    {
        run.recorder->stop("enough");
        while (run.recorder->status().running)
            std::this_thread::yield();
        EXPECT_EQ(run.recorder->status().lost, 0u);
        return run.sink->bytes;
    }
    CapturedRun& run_of(std::vector<std::byte> bytes)
    {
        m_reader = CaptureReader::create("run", source_of(std::move(bytes))).value();
        m_schemas = [this](const std::string&) { return m_schema; };
        m_player = std::make_unique<CapturePlayer>(*m_reader, m_schemas);
        EXPECT_TRUE(m_player->play(m_run));
        return m_run;
    }

    MonotonicClock m_clock;
    const Schema* m_schema = nullptr;
    SchemaFinder m_schemas;
    std::unique_ptr<CaptureReader> m_reader;
    std::unique_ptr<CapturePlayer> m_player;
    CapturedRun m_run;
};

INSTANTIATE_TEST_SUITE_P(Rings, ReplayProperty,
    testing::Combine(testing::Bool(), testing::Range(1u, 6u)), [](const auto& setting) {
        return (std::get<0>(setting.param) ? "Packed" : "Split")
            + std::to_string(std::get<1>(setting.param));
    });

TEST_P(ReplayProperty, WholeRunIsAnsweredTheSame)
{
    std::mt19937 random(seed());
    DeviceServer first(std::make_unique<EchoDevice>());
    auto recording = record(first);
    const auto driver = connect(first);
    constexpr size_t requests = 40;
    for (size_t i = 0; i < requests; ++i) {
        const size_t size = random() % (i % 10 == 0 ? 9000 : 90);
        const auto bytes = random_letters(random, size);
        ASSERT_TRUE(driver->request(0, bytes, static_cast<uint32_t>(random() % 9000)));
    }
    const CapturedRun& run = run_of(stop(recording));
    ASSERT_EQ(run.requests().begin()->second.size(), requests);

    DeviceServer second(std::make_unique<EchoDevice>());
    const auto again = connect(second);
    Replay replay(*again, *m_schema);
    const auto done = replay.run(run, "echo0");
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_TRUE(replay.same()) << to_text(replay.report("echo0"));
    EXPECT_EQ(*replay.report("echo0").find("same"), Value(requests));
}

// The test above would be nothing if a difference in the last byte was overlooked.
TEST_P(ReplayProperty, DifferenceBehindTheFirstBytesIsFound)
{
    std::mt19937 random(seed());
    DeviceServer first(std::make_unique<EchoDevice>());
    auto recording = record(first);
    const size_t size = 100 + random() % 5000;
    ASSERT_TRUE(
        connect(first)->request(0, random_letters(random, size), static_cast<uint32_t>(size)));
    auto bytes = stop(recording);
    auto events = std::vector<TraceEvent>();
    const auto reader = CaptureReader::create("run", source_of(bytes)).value();
    while (auto block = reader->next().value())
        events.insert(events.end(), block->events.begin(), block->events.end());
    // The last bytes of the answer.
    const auto last = std::find_if(events.rbegin(), events.rend(),
        [](const TraceEvent& event) { return event.kind == TraceKind::Payload; });
    ASSERT_NE(last, events.rend());
    last->bytes[last->bytes_size - 1u] ^= std::byte { 1 };
    const ObservedDevice device { "echo0", "echo", 0, m_schema };
    const CapturedRun& run = run_of(capture_of({ device }, events).bytes);

    DeviceServer second(std::make_unique<EchoDevice>());
    const auto again = connect(second);
    Replay replay(*again, *m_schema);
    ASSERT_TRUE(replay.run(run, "echo0"));
    EXPECT_FALSE(replay.same());
}

} // namespace
} // namespace vwb::test
