// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Requests behind the back of a guest.
#include "engine/gate/injector.h"
#include "tests/support/device_harness.h"
#include "tests/support/echo_device.h"
#include "tests/support/value_object.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

class InjectorTest : public testing::Test {
protected:
    InjectorTest()
    {
        auto device = std::make_unique<EchoDevice>();
        m_device = device.get();
        m_harness = std::make_unique<DeviceHarness>(std::move(device));
        m_identity = { "echo0", "echo", 0, m_device->traits().schema };
        m_injector = std::make_unique<Injector>(m_harness->host(), m_identity);
    }
    ~InjectorTest() override { m_harness->stop_queues(); }

    void inject(const Value& params)
    {
        m_answer.reset();
        auto request = write_request(*m_identity.schema, params);
        ASSERT_TRUE(request) << request.error().message();
        m_injector->inject(
            std::move(*request), [this](Result<Value> answer) { m_answer = std::move(answer); });
    }
    std::string part(const char* name)
    {
        const Value* value = m_answer && *m_answer ? (*m_answer)->find(name) : nullptr;
        return value ? to_text(*value) : "none";
    }
    std::string error_of(const Value& params)
    {
        const auto request = write_request(*m_identity.schema, params);
        return request ? "no error" : request.error().message();
    }

    EchoDevice* m_device;
    ObservedDevice m_identity;
    std::unique_ptr<DeviceHarness> m_harness;
    std::unique_ptr<Injector> m_injector;
    std::optional<Result<Value>> m_answer;
};

} // namespace

TEST_F(InjectorTest, AnswerComesBackDecodedAndTheRingIsNotTouched)
{
    inject(object({ { "name", "ECHO" }, { "fields", object({ { "text", "hello" } }) } }));
    EXPECT_EQ(part("answer"), "{text=hello}");
    EXPECT_EQ(part("used_length"), "5");
    EXPECT_EQ(part("written"), "68 65 6c 6c 6f");
    EXPECT_EQ(part("origin"), "injected");
    EXPECT_EQ(m_harness->host().queue(0).counters().requests, 0u);
    EXPECT_FALSE(m_harness->ring(0).pop_used());
}

TEST_F(InjectorTest, RawBytesGoToTheQueueThatIsNamed)
{
    inject(object({ { "queue", "echoq" }, { "bytes", "41 42" }, { "writable", 1 } }));
    EXPECT_EQ(part("written"), "41");
}

TEST_F(InjectorTest, TraceTellsThatItWasInjected)
{
    m_harness->host().trace().add_reader();
    inject(object({ { "name", "ECHO" }, { "fields", object({ { "text", "x" } }) } }));
    uint64_t cursor = 0;
    std::array<TraceEvent, 4> events;
    ASSERT_EQ(m_harness->host().trace().read(cursor, events).count, 1u);
    EXPECT_EQ(events[0].head, TraceEvent::INJECTED_HEAD);
    EXPECT_EQ(events[0].kind, TraceKind::Served);
    EXPECT_EQ(events[0].a, 1u);
    EXPECT_EQ(events[0].c, 1u);
    m_harness->host().trace().remove_reader();
}

TEST_F(InjectorTest, RequestThatIsKeptIsAnsweredLater)
{
    inject(object({ { "queue", 1 }, { "bytes", "70" } }));
    EXPECT_FALSE(m_answer);
    auto request = std::move(m_device->parked[1].front());
    m_device->parked[1].pop_front();
    std::move(request).complete(0);
    EXPECT_EQ(part("used_length"), "0");
}

TEST_F(InjectorTest, QueueThatStopsGivesTheRequestBack)
{
    inject(object({ { "queue", 1 }, { "bytes", "70" } }));
    m_harness->stop_queues();
    ASSERT_TRUE(m_answer);
    EXPECT_EQ(m_answer->error().kind(), ErrorKind::Closed);
}

TEST_F(InjectorTest, WithoutADriverTheDeviceStillAnswersAtOnceOrNotAtAll)
{
    m_harness->stop_queues();
    inject(object({ { "name", "ECHO" }, { "fields", object({ { "text", "alone" } }) } }));
    EXPECT_EQ(part("answer"), "{text=alone}");
    inject(object({ { "queue", 0 }, { "bytes", "6b" } })); // 'k': it keeps it
    ASSERT_TRUE(m_answer);
    EXPECT_EQ(m_answer->error().kind(), ErrorKind::Closed);
    inject(object({ { "queue", 1 }, { "bytes", "70" } }));
    ASSERT_TRUE(m_answer);
    EXPECT_EQ(m_answer->error().message(),
        "echo0 keeps requests on parkq for a driver, and none runs that queue");
}

TEST_F(InjectorTest, RequestThatTheDeviceDropsIsFailedAndReported)
{
    inject(object({ { "queue", 0 }, { "bytes", "64" } })); // 'd': it drops it
    EXPECT_EQ(part("written"), "45");
    EXPECT_EQ(m_harness->rules(), "workbench.dropped-request");
}

TEST_F(InjectorTest, TooManyOpenOnesAreRefused)
{
    for (size_t i = 0; i < Injector::MAX_OPEN; ++i)
        inject(object({ { "queue", 1 }, { "bytes", "70" } }));
    EXPECT_FALSE(m_answer);
    inject(object({ { "queue", 1 }, { "bytes", "70" } }));
    ASSERT_TRUE(m_answer);
    EXPECT_EQ(m_answer->error().kind(), ErrorKind::Limit);
    m_answer.reset();
    m_harness->stop_queues();
}

TEST_F(InjectorTest, WrongRequestsAreRefusedBeforeTheDeviceSeesThem)
{
    EXPECT_EQ(error_of(object({})),
        "give the name of a request, or bytes and the queue that they are for");
    EXPECT_EQ(error_of(object({ { "name", "ECHO" }, { "bytes", "00" } })),
        "give a name and fields, or bytes, not both");
    EXPECT_EQ(
        error_of(object({ { "name", "ECH" } })), "echo has no request 'ECH'; did you mean 'ECHO'?");
    EXPECT_EQ(error_of(object({ { "queue", "eventq" }, { "bytes", "00" } })),
        "queue: there is no 'eventq'; there are echoq, parkq");
    EXPECT_EQ(error_of(object({ { "queue", 2 }, { "bytes", "00" } })),
        "queue: there is no '2'; there are echoq, parkq");
    EXPECT_EQ(error_of(object({ { "bytes", "0" } })), "an odd number of hexadecimal digits");
    EXPECT_EQ(error_of(object({ { "bytes", "00" }, { "writable", 1 << 21 } })),
        "writable: expected 0 to 1048576 bytes, found 2097152");
}
