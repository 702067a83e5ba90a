// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The same requests in every ring mode, and over every way in which a session can be interrupted.
#include "devices/gpio/gpio_wire.h"
#include "engine/device/features.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace vwb;
using namespace vwb::test;

namespace {

struct RingMode {
    bool event_index;
    bool indirect;
    bool packed;
};

class SessionTest : public testing::TestWithParam<RingMode> {
protected:
    DriverOptions options() const
    {
        DriverOptions options;
        options.event_index = GetParam().event_index;
        options.indirect = GetParam().indirect;
        options.packed = GetParam().packed;
        return options;
    }

    std::vector<int> gpio(BuiltinDriver& driver, uint16_t type, uint16_t line, uint32_t value)
    {
        const auto answer = driver.request(GPIO_REQUESTQ, gpio_request(type, line, value), 2);
        EXPECT_TRUE(answer) << answer.error().message();
        if (!answer)
            return {};
        EXPECT_EQ(answer->used_length, 2u);
        return numbers(*answer);
    }

    // Every request of both devices, and an interrupt.
    void expect_gpio_works(BuiltinDriver& driver)
    {
        using V = std::vector<int>;
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_VALUE, 2, 1), (V { 0, 0 }));
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 2, 1), (V { 0, 0 }));
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_GET_DIRECTION, 2, 0), (V { 0, 1 }));
        EXPECT_EQ(m_bench.get("led"), 1);
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_VALUE, 2, 0), (V { 0, 0 }));
        EXPECT_EQ(m_bench.get("led"), 0);
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2), (V { 0, 0 }));
        m_bench.set("button", 1);
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_GET_VALUE, 3, 0), (V { 0, 1 }));
        m_bench.set("button", 0);
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_GET_VALUE, 3, 0), (V { 0, 0 }));
        expect_interrupt_works(driver);
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 0), (V { 0, 0 }));
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 2, 0), (V { 0, 0 }));
    }

    void expect_interrupt_works(BuiltinDriver& driver)
    {
        gpio(driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
        const auto ticket = driver.submit(GPIO_EVENTQ, gpio_event(3), 1);
        ASSERT_TRUE(ticket);
        wait_for_parked(1);
        m_bench.set("button", 1);
        const auto event = driver.wait(GPIO_EVENTQ, *ticket);
        ASSERT_TRUE(event) << event.error().message();
        EXPECT_EQ(event->used_length, 1u);
        EXPECT_EQ(numbers(*event), std::vector<int> { VIRTIO_GPIO_IRQ_STATUS_VALID });
        m_bench.set("button", 0);
        gpio(driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_NONE);
    }

    void wait_for_parked(uint32_t count)
    {
        m_bench.wait_until("gpio0", [count](RunningDevice& device) {
            return device.host().queue(GPIO_EVENTQ).in_flight() == count;
        });
    }

    void expect_rng_works(BuiltinDriver& driver)
    {
        for (const uint32_t size : { 1u, 64u, 5000u }) {
            const auto answer = driver.request(0, {}, size);
            ASSERT_TRUE(answer) << answer.error().message();
            EXPECT_GE(answer->used_length, 1u);
            EXPECT_LE(answer->used_length, size);
        }
        const auto scattered = driver.submit_segments(0, {}, { 1, 7, 64, 3 });
        ASSERT_TRUE(scattered);
        EXPECT_GE(driver.wait(0, *scattered).value().used_length, 1u);
    }

    TestBench m_bench;
};

INSTANTIATE_TEST_SUITE_P(RingModes, SessionTest,
    testing::Values(RingMode { false, false, false }, RingMode { true, false, false },
        RingMode { false, true, false }, RingMode { true, true, false },
        RingMode { false, false, true }, RingMode { true, false, true },
        RingMode { false, true, true }, RingMode { true, true, true }),
    [](const auto& mode) {
        return std::string(mode.param.packed ? "Packed" : "Split")
            + (mode.param.event_index ? "EventIdx" : "Flags")
            + (mode.param.indirect ? "Indirect" : "Direct");
    });

} // namespace

TEST_P(SessionTest, RequestsWorkOnAFreshSession)
{
    expect_gpio_works(*m_bench.connect("gpio0", options()));
    expect_rng_works(*m_bench.connect("rng0", options()));
    EXPECT_EQ(m_bench.rules("gpio0"), "");
    EXPECT_EQ(m_bench.rules("rng0"), "");
}

TEST_P(SessionTest, RequestsWorkInOrder)
{
    DriverOptions in_order = options();
    in_order.in_order = true;
    const auto driver = m_bench.connect("rng0", in_order);
    EXPECT_EQ(driver->features() & F_IN_ORDER, F_IN_ORDER);
    for (int i = 0; i < 50; ++i)
        expect_rng_works(*driver);
    ASSERT_TRUE(driver->reconnect());
    expect_rng_works(*driver);
    EXPECT_EQ(m_bench.rules("rng0"), "");
    // Buffers of eventq come back in whatever order lines change.
    EXPECT_EQ(m_bench.connect("gpio0", in_order)->features() & F_IN_ORDER, 0u);
}

TEST_P(SessionTest, RequestsWorkAfterAReconnect)
{
    const auto gpio_driver = m_bench.connect("gpio0", options());
    const auto rng_driver = m_bench.connect("rng0", options());
    for (int i = 0; i < 5; ++i) {
        expect_gpio_works(*gpio_driver);
        expect_rng_works(*rng_driver);
        ASSERT_TRUE(gpio_driver->reconnect());
        ASSERT_TRUE(rng_driver->reconnect());
    }
    expect_gpio_works(*gpio_driver);
    expect_rng_works(*rng_driver);
}

TEST_P(SessionTest, RequestsWorkAfterResetDevice)
{
    const auto gpio_driver = m_bench.connect("gpio0", options());
    const auto rng_driver = m_bench.connect("rng0", options());
    expect_gpio_works(*gpio_driver);
    expect_rng_works(*rng_driver);
    ASSERT_TRUE(gpio_driver->reset_device());
    ASSERT_TRUE(rng_driver->reset_device());
    expect_gpio_works(*gpio_driver);
    expect_rng_works(*rng_driver);
}

TEST_P(SessionTest, ResetDeviceLetsGoOfLinesAndParkedBuffers)
{
    const auto driver = m_bench.connect("gpio0", options());
    gpio(*driver, VIRTIO_GPIO_MSG_SET_VALUE, 2, 1);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 2, 1);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    ASSERT_TRUE(driver->submit(GPIO_EVENTQ, gpio_event(3), 1));
    wait_for_parked(1);
    ASSERT_TRUE(driver->reset_device());
    wait_for_parked(0);
    EXPECT_EQ(gpio(*driver, VIRTIO_GPIO_MSG_GET_DIRECTION, 2, 0), (std::vector<int> { 0, 0 }));
    EXPECT_EQ(m_bench.get("led"), 0);
}

TEST_P(SessionTest, ParkedBufferSurvivesAStopAndAStart)
{
    const auto driver = m_bench.connect("gpio0", options());
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = driver->submit(GPIO_EVENTQ, gpio_event(3), 1);
    wait_for_parked(1);
    ASSERT_TRUE(driver->stop_queues());
    wait_for_parked(0);
    ASSERT_TRUE(driver->start_queues());
    wait_for_parked(1);
    m_bench.set("button", 1);
    const auto event = driver->wait(GPIO_EVENTQ, *ticket);
    ASSERT_TRUE(event) << event.error().message();
    EXPECT_EQ(numbers(*event), std::vector<int> { VIRTIO_GPIO_IRQ_STATUS_VALID });
}

TEST_P(SessionTest, EdgeWhileTheQueuesAreStoppedIsLatched)
{
    const auto driver = m_bench.connect("gpio0", options());
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = driver->submit(GPIO_EVENTQ, gpio_event(3), 1);
    wait_for_parked(1);
    ASSERT_TRUE(driver->stop_queues());
    m_bench.set("button", 1);
    ASSERT_TRUE(driver->start_queues());
    const auto event = driver->wait(GPIO_EVENTQ, *ticket);
    ASSERT_TRUE(event) << event.error().message();
    EXPECT_EQ(numbers(*event), std::vector<int> { VIRTIO_GPIO_IRQ_STATUS_VALID });
}

TEST_P(SessionTest, FrontEndThatVanishesWithParkedBuffersLeavesACleanDevice)
{
    auto driver = m_bench.connect("gpio0", options());
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    ASSERT_TRUE(driver->submit(GPIO_EVENTQ, gpio_event(3), 1));
    wait_for_parked(1);
    driver->disconnect();
    driver = m_bench.connect("gpio0", options());
    wait_for_parked(0);
    EXPECT_EQ(gpio(*driver, VIRTIO_GPIO_MSG_GET_DIRECTION, 3, 0), (std::vector<int> { 0, 0 }));
    expect_gpio_works(*driver);
}

TEST_P(SessionTest, ObserverThatDisconnectsLeavesAServingSocket)
{
    auto driver = m_bench.connect("rng0", options());
    expect_rng_works(*driver);
    m_bench.device("rng0").on_loop([this] { m_bench.device("rng0").disconnect(); });
    EXPECT_FALSE(driver->request(0, {}, 64));
    driver = m_bench.connect("rng0", options());
    expect_rng_works(*driver);
}

TEST_P(SessionTest, BenchEndsWithRequestsParked)
{
    const auto driver = m_bench.connect("gpio0", options());
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
    ASSERT_TRUE(driver->submit(GPIO_EVENTQ, gpio_event(3), 1));
    wait_for_parked(1);
    const std::string socket = m_bench.device("gpio0").socket_path();
    m_bench.stop();
    EXPECT_FALSE(std::filesystem::exists(socket));
    const auto answer = driver->request(0, gpio_request(VIRTIO_GPIO_MSG_GET_VALUE, 3, 0), 2);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind(), ErrorKind::Closed);
}
