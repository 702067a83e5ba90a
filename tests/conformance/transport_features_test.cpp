// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The same requests where front-end and back-end have agreed on more than the usual: notifications
// as messages, and an IOMMU in front of the device.
#include "devices/gpio/gpio_wire.h"
#include "engine/driver/driver_iommu.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

class TransportFeaturesTest : public testing::Test {
protected:
    void offer(const std::string& device, const char* kind, const char* name)
    {
        Value names;
        names.append(name);
        Value wish;
        wish.set(kind, names);
        m_bench.device(device).on_loop([&] {
            const auto turned = m_bench.device(device).turn_features(wish);
            EXPECT_TRUE(turned) << turned.error().message();
        });
    }
    std::vector<int> gpio(BuiltinDriver& driver, uint16_t type, uint16_t line, uint32_t value = 0)
    {
        const auto answer = driver.request(GPIO_REQUESTQ, gpio_request(type, line, value), 2);
        EXPECT_TRUE(answer) << answer.error().message();
        return answer ? numbers(*answer) : std::vector<int> {};
    }
    // A value, and an interrupt.
    void expect_gpio_works(BuiltinDriver& driver)
    {
        using V = std::vector<int>;
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_VALUE, 2, 1), (V { 0, 0 }));
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 2, 1), (V { 0, 0 }));
        EXPECT_EQ(m_bench.get("led"), 1);
        EXPECT_EQ(gpio(driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, 2), (V { 0, 0 }));
        gpio(driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
        const auto ticket = driver.submit(GPIO_EVENTQ, gpio_event(3), 1);
        // Behind an IOMMU the buffer waits for its translation, and that for a driver who waits.
        bool parked = false;
        for (int i = 0; i < 10000 && !parked; ++i) {
            gpio(driver, VIRTIO_GPIO_MSG_GET_VALUE, 3);
            m_bench.device("gpio0").on_loop([&] {
                parked = m_bench.device("gpio0").host().queue(GPIO_EVENTQ).in_flight() == 1;
            });
        }
        ASSERT_TRUE(parked);
        m_bench.set("button", 1);
        const auto event = driver.wait(GPIO_EVENTQ, *ticket);
        ASSERT_TRUE(event) << event.error().message();
        EXPECT_EQ(numbers(*event), V { VIRTIO_GPIO_IRQ_STATUS_VALID });
    }

    TestBench m_bench;
};

} // namespace

TEST_F(TransportFeaturesTest, KicksAndCallsAsMessages)
{
    offer("gpio0", "protocol_offer", "INBAND_NOTIFICATIONS");
    DriverOptions options;
    options.inband = true;
    const auto driver = m_bench.connect("gpio0", options);
    ASSERT_TRUE(driver->frontend().negotiated(ProtocolFeature::InbandNotifications));
    expect_gpio_works(*driver);
    EXPECT_EQ(driver->frontend().refused_requests(), 0u);
    EXPECT_EQ(m_bench.rules("gpio0"), "");
}

TEST_F(TransportFeaturesTest, RequestsThroughAnIommu)
{
    for (const char* device : { "gpio0", "rng0" })
        offer(device, "offer", "bit 33");
    DriverOptions options;
    options.iommu = true;
    const auto gpio_driver = m_bench.connect("gpio0", options);
    ASSERT_TRUE(gpio_driver->iommu());
    expect_gpio_works(*gpio_driver);
    EXPECT_GT(gpio_driver->iommu()->misses(), 0u);
    const auto rng_driver = m_bench.connect("rng0", options);
    for (const uint32_t size : { 1u, 64u, 5000u, 50000u }) {
        const auto answer = rng_driver->request(0, {}, size);
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_GE(answer->used_length, 1u);
    }
    EXPECT_EQ(m_bench.rules("gpio0"), "");
    EXPECT_EQ(m_bench.rules("rng0"), "");
    EXPECT_EQ(gpio_driver->iommu()->failures(), 0u);
}

TEST_F(TransportFeaturesTest, IommuProtectsWhatTheDeviceMayNotWrite)
{
    offer("rng0", "offer", "bit 33");
    DriverOptions options;
    options.iommu = true;
    const auto driver = m_bench.connect("rng0", options);
    ASSERT_TRUE(driver->request(0, {}, 64));
    const auto page = driver->memory().allocate(4096, 4096);
    driver->iommu()->map(
        page.guest_address, page.guest_address - DriverIommu::BUS_OFFSET, 4096, IoAccess::Read);
    const DriverSegment out[] = { page.segment() };
    ASSERT_TRUE(driver->ring(0).add({}, out, 0));
    driver->ring(0).publish();
    driver->kick(0);
    // The front-end answers while it waits.
    EXPECT_TRUE(driver->wait_call(0, std::chrono::seconds(5)));
    EXPECT_EQ(driver->ring(0).pop_used()->length, 0u);
    EXPECT_EQ(m_bench.rules("rng0"), "d.iova-access");
}

// virtio 1.4, 2.7.5.1 and 2.8.15: a device does not read what it is to write.
TEST_F(TransportFeaturesTest, WritableBuffersNeedNoPermissionToRead)
{
    offer("rng0", "offer", "bit 33");
    for (const bool packed : { false, true }) {
        DriverOptions options;
        options.iommu = true;
        options.packed = packed;
        const auto driver = m_bench.connect("rng0", options);
        ASSERT_TRUE(driver->request(0, {}, 64));
        const auto page = driver->memory().allocate(4096, 4096);
        driver->iommu()->map(page.guest_address, page.guest_address - DriverIommu::BUS_OFFSET, 4096,
            IoAccess::Write);
        const DriverSegment out[] = { page.segment() };
        ASSERT_TRUE(driver->ring(0).add({}, out, 0));
        driver->ring(0).publish();
        driver->kick(0);
        EXPECT_TRUE(driver->wait_call(0, std::chrono::seconds(5)));
        EXPECT_GT(driver->ring(0).pop_used()->length, 0u);
    }
    EXPECT_EQ(m_bench.rules("rng0"), "");
}
