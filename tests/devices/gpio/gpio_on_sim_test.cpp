// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The GPIO device on the simulated bank: what a guest sees of the outside and the other way round.
#include "devices/gpio/gpio_device.h"
#include "sim/gpio/sim_gpio_bank.h"
#include "tests/support/device_harness.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

class GpioOnSimTest : public testing::Test {
protected:
    std::unique_ptr<Device> make(EventLoop& loop)
    {
        auto bank = std::make_unique<SimGpioBank>(loop,
            std::vector<SimGpioLine> {
                { "led" }, { "sense" }, { "button", GpioPull::Up }, { "" } });
        m_bank = bank.get();
        return GpioDevice::create(std::move(bank)).value();
    }
    // The value of an OK answer, or -1.
    int request(uint16_t type, uint16_t line, uint32_t value = 0)
    {
        const auto answer
            = m_guest.request(GPIO_REQUESTQ, wire(le16 { type }, le16 { line }, le32 { value }), 2);
        return answer.bytes[0] == VIRTIO_GPIO_STATUS_OK ? answer.bytes[1] : -1;
    }
    uint64_t unmask(uint16_t line) { return m_guest.submit(GPIO_EVENTQ, wire(le16 { line }), 1); }
    bool valid(uint64_t ticket)
    {
        const auto answer = m_guest.answer(ticket);
        return answer && answer->bytes[0] == VIRTIO_GPIO_IRQ_STATUS_VALID;
    }
    Value act(std::string_view action, Value::Object parameters)
    {
        const auto result
            = m_guest.host().device().actions()->call_action(action, Value(std::move(parameters)));
        m_guest.settle();
        return result.value();
    }
    int outside(const char* signal)
    {
        return static_cast<int>(act("get", { { "signal", signal } }).integer_or(-1));
    }

    SimGpioBank* m_bank = nullptr;
    DeviceHarness m_guest { [this](EventLoop& loop) { return make(loop); } };
};

} // namespace

TEST_F(GpioOnSimTest, OutsideSeesWhatTheGuestDrives)
{
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_VALUE, 0, 1), 0);
    EXPECT_EQ(outside("led"), 0);
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT), 0);
    EXPECT_EQ(outside("led"), 1);
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_VALUE, 0, 0), 0);
    EXPECT_EQ(outside("led"), 0);
    EXPECT_EQ(m_guest.rules(), "");
}

TEST_F(GpioOnSimTest, GuestSeesWhatTheOutsideDrives)
{
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_DIRECTION, 2, VIRTIO_GPIO_DIRECTION_IN), 0);
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_GET_VALUE, 2), 1);
    act("set", { { "signal", "button" }, { "value", 0 } });
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_GET_VALUE, 2), 0);
    act("release", { { "signal", "button" } });
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_GET_VALUE, 2), 1);
}

TEST_F(GpioOnSimTest, OutputInterruptsTheLineItIsWiredTo)
{
    act("wire", { { "a", "led" }, { "b", "sense" } });
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), 0);
    const auto ticket = unmask(1);
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_VALUE, 0, 1), 0);
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT), 0);
    EXPECT_TRUE(valid(ticket));
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_GET_VALUE, 1), 1);
}

TEST_F(GpioOnSimTest, TwoHundredEdgesOfAGeneratorAreAllSeenOnce)
{
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH), 0);
    auto ticket = unmask(3);
    act("square", { { "signal", "line3" }, { "period", "1ms" }, { "count", 100 } });
    int seen = 0;
    for (int half = 0; half < 220; ++half) {
        if (valid(ticket)) {
            ++seen;
            ticket = unmask(3);
        }
        m_guest.advance(500us);
    }
    EXPECT_EQ(seen, 200);
    EXPECT_EQ(m_guest.host().queue(GPIO_EVENTQ).in_flight(), 1u);
}

TEST_F(GpioOnSimTest, LevelInterruptComesUntilTheSourceIsQuiet)
{
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 2, VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW), 0);
    auto ticket = unmask(2);
    act("set", { { "signal", "button" }, { "value", 0 } });
    EXPECT_TRUE(valid(ticket));
    EXPECT_TRUE(valid(unmask(2)));
    act("release", { { "signal", "button" } });
    ticket = unmask(2);
    EXPECT_FALSE(valid(ticket));
}

TEST_F(GpioOnSimTest, ContentionIsSeenFromBothSides)
{
    request(VIRTIO_GPIO_MSG_SET_VALUE, 0, 1);
    request(VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
    const auto state = act("set", { { "signal", "led" }, { "value", 0 } });
    EXPECT_EQ(*state.find("contention"), Value(true));
    EXPECT_EQ(request(VIRTIO_GPIO_MSG_GET_VALUE, 0), 0);
}

TEST_F(GpioOnSimTest, ResetTakesTheGuestsDrivesAwayAndTracesIt)
{
    request(VIRTIO_GPIO_MSG_SET_VALUE, 0, 1);
    request(VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
    auto& trace = m_guest.host().trace();
    trace.add_reader();
    uint64_t cursor = trace.head();
    m_guest.host().reset();
    EXPECT_EQ(outside("led"), 0);
    std::array<TraceEvent, 4> events;
    ASSERT_EQ(trace.read(cursor, events).count, 1u);
    EXPECT_EQ(events[0].kind, TraceKind::Signal);
    EXPECT_EQ(events[0].a, 0u);
    EXPECT_EQ(events[0].b, 0u);
}

TEST_F(GpioOnSimTest, InspectShowsBothSides)
{
    request(VIRTIO_GPIO_MSG_SET_DIRECTION, 2, VIRTIO_GPIO_DIRECTION_IN);
    Inspector inspector;
    m_guest.host().device().inspect(inspector);
    const auto tree = std::move(inspector).tree();
    EXPECT_EQ(*tree.find("ngpio"), Value(4));
    EXPECT_EQ(*tree.find("line2")->find("direction"), Value("in"));
    EXPECT_EQ(*tree.find("line2")->find("name"), Value("button"));
    EXPECT_EQ(*tree.find("hardware")->find("kind"), Value("sim"));
    EXPECT_EQ(*tree.find("hardware")->find("line2")->find("driven_by"), Value("pull-up"));
}
