// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Each fault action on each device, on both ring formats: what the driver finds, and that the
// device answers rightly afterwards.
#include "tests/devices/gate/fault_fixture.h"

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

struct FaultCase {
    const FaultSubject* subject;
    RingFormat format;
};

std::vector<FaultCase> all_fault_cases()
{
    std::vector<FaultCase> cases;
    for (const FaultSubject& subject : fault_subjects()) {
        for (const RingFormat format : { RingFormat::Split, RingFormat::Packed })
            cases.push_back({ &subject, format });
    }
    return cases;
}

class FaultActions : public testing::TestWithParam<FaultCase> {
protected:
    FaultActions()
        : m_device(*GetParam().subject, { .event_index = false, .format = GetParam().format })
    {
    }

    bool split() const { return GetParam().format == RingFormat::Split; }
    void arm(const char* action, uint64_t count = 1)
    {
        m_device.arm({ .match = m_device.subject().match, .action = action, .count = count });
    }
    // All that was done is done.
    void expect_device_lives_on()
    {
        EXPECT_TRUE(m_device.is_right(m_device.request()));
        EXPECT_EQ(m_device.queue().in_flight(), 0u);
    }

    FaultedDevice m_device;
};

INSTANTIATE_TEST_SUITE_P(
    Devices, FaultActions, testing::ValuesIn(all_fault_cases()), [](const auto& entry) {
        return std::string(entry.param.subject->name)
            + (entry.param.format == RingFormat::Packed ? "_packed" : "_split");
    });

} // namespace

TEST_P(FaultActions, NothingArmedAnswersRightly)
{
    expect_device_lives_on();
    EXPECT_EQ(m_device.calls(), 1u);
}

TEST_P(FaultActions, DelayHoldsTheAnswerBack)
{
    arm("delay 200ms");
    const auto ticket = m_device.submit();
    m_device.harness().advance(199ms);
    EXPECT_FALSE(m_device.answer(ticket));
    m_device.harness().advance(1ms);
    const auto answer = m_device.answer(ticket);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(m_device.is_right(*answer));
    expect_device_lives_on();
}

TEST_P(FaultActions, JitterEndsWithinItsBounds)
{
    arm("delay 10ms jitter 90ms", 0);
    const auto ticket = m_device.submit();
    m_device.harness().advance(9ms);
    EXPECT_FALSE(m_device.answer(ticket));
    m_device.harness().advance(92ms);
    EXPECT_TRUE(m_device.answer(ticket));
}

TEST_P(FaultActions, NeverLeavesTheRequestInFlightAndTheNextIsAnswered)
{
    arm("never");
    const auto lost = m_device.submit();
    EXPECT_TRUE(m_device.is_right(m_device.request()));
    m_device.harness().advance(1h);
    EXPECT_FALSE(m_device.answer(lost));
    EXPECT_EQ(m_device.queue().in_flight(), 1u);
    EXPECT_EQ(m_device.harness().rules(), "") << "the device is not blamed for it";
}

TEST_P(FaultActions, ErrorIsTheDevicesOwnStatus)
{
    arm("error");
    EXPECT_TRUE(m_device.is_refusal(m_device.request()));
    expect_device_lives_on();
}

TEST_P(FaultActions, UsedLengthIsShorterThanWhatWasWritten)
{
    arm("used-length -1");
    const auto answer = m_device.request();
    EXPECT_EQ(answer.used_length, m_device.subject().used - 1);
    expect_device_lives_on();
}

TEST_P(FaultActions, UsedLengthIsLongerThanTheBuffer)
{
    arm("used-length 4096");
    const auto entry = m_device.raw_used();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->length, 4096u);
    EXPECT_EQ(m_device.harness().ring(0).violations(), 1u);
    m_device.begin_anew();
    expect_device_lives_on();
}

TEST_P(FaultActions, CorruptTurnsOneBitOver)
{
    FaultedDevice clean(m_device.subject(), { .format = GetParam().format });
    arm("corrupt 1");
    const auto right = clean.request();
    const auto wrong = m_device.request();
    ASSERT_EQ(wrong.used_length, right.used_length);
    int bits = 0;
    for (size_t i = 0; i < right.bytes.size(); ++i)
        bits += __builtin_popcount(static_cast<unsigned>(wrong.bytes[i] ^ right.bytes[i]));
    EXPECT_EQ(bits, 1);
    expect_device_lives_on();
}

TEST_P(FaultActions, NoCallShowsTheAnswerToADriverThatLooks)
{
    arm("no-call");
    EXPECT_TRUE(m_device.is_right(m_device.request()));
    EXPECT_EQ(m_device.calls(), 0u);
    expect_device_lives_on();
    EXPECT_EQ(m_device.calls(), 1u);
}

TEST_P(FaultActions, ExtraCallCallsOnceMore)
{
    arm("extra-call");
    EXPECT_TRUE(m_device.is_right(m_device.request()));
    EXPECT_EQ(m_device.calls(), 2u);
    expect_device_lives_on();
    EXPECT_EQ(m_device.calls(), 1u);
}

TEST_P(FaultActions, DuplicateEntryIsThereTwice)
{
    arm("duplicate");
    EXPECT_TRUE(m_device.raw_used());
    EXPECT_FALSE(m_device.harness().ring(0).pop_used());
    // A packed ring's driver does not look as long as nothing is in flight.
    EXPECT_EQ(m_device.harness().ring(0).violations(), split() ? 1u : 0u);
    m_device.begin_anew();
    expect_device_lives_on();
}

TEST_P(FaultActions, ReorderedAnswerComesBehindTheNextOne)
{
    arm("reorder");
    const auto first = m_device.submit();
    EXPECT_FALSE(m_device.answer(first));
    const auto second = m_device.submit();
    const auto late = m_device.answer(first);
    ASSERT_TRUE(late);
    EXPECT_TRUE(m_device.is_right(*late));
    EXPECT_TRUE(m_device.answer(second));
    EXPECT_EQ(m_device.harness().rules(), "") << "without IN_ORDER no rule is broken";
}

TEST_P(FaultActions, StallKeepsTheQueueAndAllBehindIt)
{
    arm("stall 1s");
    const auto [first, second] = m_device.submit_two();
    m_device.harness().advance(999ms);
    EXPECT_FALSE(m_device.answer(first));
    EXPECT_FALSE(m_device.answer(second));
    m_device.harness().advance(1ms);
    EXPECT_TRUE(m_device.answer(first));
    EXPECT_TRUE(m_device.answer(second));
    expect_device_lives_on();
}

TEST_P(FaultActions, DisconnectIsAskedForOnce)
{
    arm("disconnect");
    m_device.request();
    EXPECT_EQ(m_device.disconnects(), 1u);
    expect_device_lives_on();
    EXPECT_EQ(m_device.disconnects(), 1u);
}

TEST_P(FaultActions, CrashIsRefusedWhereTheBenchDoesNotAllowIt)
{
    const auto refusal = m_device.error_of({ .match = "", .action = "crash" });
    EXPECT_NE(refusal.find("allow_crash = true"), std::string::npos) << refusal;
    expect_device_lives_on();
}

TEST_P(FaultActions, UnknownHardwareFailureIsAnsweredWithWhatThereIs)
{
    const auto refusal = m_device.error_of({ .match = "", .action = "call explode" });
    EXPECT_NE(refusal.find("has no action 'explode'"), std::string::npos) << refusal;
}

TEST_P(FaultActions, SameSeedGivesTheSameFaultsAndTheReportSaysWhichRequests)
{
    std::vector<int64_t> fired[3];
    const uint64_t seeds[] { 7, 7, 8 };
    for (size_t run = 0; run < 3; ++run) {
        FaultedDevice device(m_device.subject(), { .format = GetParam().format });
        const uint64_t rule = device.arm({ .match = device.subject().match,
            .action = "error",
            .probability = 0.5,
            .seed = seeds[run] });
        std::vector<int64_t> refused;
        for (int64_t number = 1; number <= 32; ++number) {
            if (device.is_refusal(device.request()))
                refused.push_back(number);
        }
        const Value report = device.gate().faults().report();
        for (const Value& entry : *report.find("fired")->as_list()) {
            fired[run].push_back(entry.find("request")->integer_or(0));
            EXPECT_EQ(*entry.find("fault"), Value(rule));
            EXPECT_EQ(*entry.find("queue"), Value(device.queue_name()));
        }
        EXPECT_EQ(fired[run], refused) << "the report tells what the driver saw";
    }
    EXPECT_EQ(fired[0], fired[1]);
    EXPECT_NE(fired[0], fired[2]);
}

// --- hardware failures, by name ---

TEST(HardwareFailures, ChipDoesNotAnswerToItsAddressForOneRequest)
{
    FaultedDevice i2c(fault_subject("i2c"), {});
    i2c.arm({ .match = "", .action = "call nak chip=0x48 count=1", .count = 1 });
    EXPECT_TRUE(i2c.is_refusal(i2c.request()));
    EXPECT_TRUE(i2c.is_right(i2c.request()));
}

TEST(HardwareFailures, LineOfABusIsHeldUntilSomebodyLetsGo)
{
    FaultedDevice i2c(fault_subject("i2c"), {});
    i2c.arm({ .match = "", .action = "call stick", .count = 1 });
    const auto ticket = i2c.submit();
    EXPECT_FALSE(i2c.answer(ticket)) << "nothing moves";
    i2c.harness().advance(10s); // longer than a transfer may be held up
    const auto answer = i2c.answer(ticket);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(i2c.is_refusal(*answer));
    ASSERT_TRUE(i2c.harness().host().device().actions()->call_action("release", Value::object()));
    EXPECT_TRUE(i2c.is_right(i2c.request()));
}

TEST(HardwareFailures, LineOfAGpioIsStuckWhateverItsPullSays)
{
    FaultedDevice gpio(fault_subject("gpio"), {});
    EXPECT_EQ(gpio.request().bytes[1], 1) << "pulled up";
    gpio.arm({ .match = "gpio.line == 3", .action = "call set signal=line3 value=0", .count = 1 });
    EXPECT_EQ(gpio.request().bytes[1], 0);
    EXPECT_EQ(gpio.request().bytes[1], 0) << "it stays so";
}

TEST(HardwareFailures, SensorIsDead)
{
    FaultedDevice scmi(fault_subject("scmi"), {});
    scmi.arm({ .match = "name == SENSOR_READING_GET",
        .action = "call fault signal=sensor.cpu kind=broken",
        .count = 1 });
    const auto answer = scmi.request();
    EXPECT_EQ(answer.bytes[4], 0xf7) << "HARDWARE_ERROR";
    EXPECT_FALSE(scmi.is_right(scmi.request())) << "it stays dead";
}

TEST(HardwareFailures, SourceOfEntropyRunsDry)
{
    FaultedDevice rng(fault_subject("rng"), {});
    rng.arm({ .match = "", .action = "call starve on=true", .count = 1 });
    const auto ticket = rng.submit();
    EXPECT_FALSE(rng.answer(ticket));
}

TEST(HardwareFailures, FailureThatCannotHappenIsReportedAndTheRequestGoesOn)
{
    FaultedDevice i2c(fault_subject("i2c"), {});
    i2c.arm({ .match = "", .action = "call nak chip=0x49", .count = 1 });
    EXPECT_TRUE(i2c.is_right(i2c.request()));
    EXPECT_EQ(i2c.harness().rules(), "fault.action-failed");
}

// --- IN_ORDER ---

class ReorderInOrder : public testing::TestWithParam<RingFormat> { };

INSTANTIATE_TEST_SUITE_P(Rings, ReorderInOrder,
    testing::Values(RingFormat::Split, RingFormat::Packed), [](const auto& format) {
        return std::string(format.param == RingFormat::Packed ? "Packed" : "Split");
    });

// It breaks what was negotiated, on purpose: that is what a driver is to be tested with.
TEST_P(ReorderInOrder, BreaksTheOrderAndIsSaidToDoSo)
{
    FaultedDevice rng(fault_subject("rng"), { .in_order = true, .format = GetParam() });
    ASSERT_TRUE(rng.harness().host().accepted_features() & F_IN_ORDER);
    rng.arm({ .match = "", .action = "reorder", .count = 1 });
    rng.harness().make_available(0, {}, { 16 });
    rng.harness().make_available(0, {}, { 16 });
    rng.queue().kick();
    DriverRing& ring = rng.harness().ring(0);
    bool used_too_early = false;
    do {
        while (ring.pop_used()) { }
        used_too_early |= ring.in_flight() < rng.queue().in_flight();
    } while (rng.harness().loop().run_once(Duration(0)));
    // The used entry ends a batch: of more than the used index tells in a split ring, and in a
    // packed one the first is taken for used while the device still has it.
    EXPECT_TRUE(ring.violations() > 0 || used_too_early) << "a driver finds it out";
    EXPECT_EQ(rng.harness().rules(), "fault.in-order-broken");
    EXPECT_EQ(rng.queue().in_flight(), 0u);
    rng.begin_anew();
    EXPECT_TRUE(rng.is_right(rng.request()));
}
