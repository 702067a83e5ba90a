// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// A driver whose guest moves from one back-end to another (vhost-user, Migration): no page that the
// back-end writes is missed, and the driver notices nothing.
#include "devices/gpio/gpio_wire.h"
#include "engine/memory/dirty_log.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

using namespace vwb;
using namespace vwb::test;

namespace {

using Pages = std::set<uint64_t>;

constexpr size_t PAGE = DirtyLog::LOG_PAGE;

std::vector<std::byte> contents(DriverMemory& memory)
{
    std::vector<std::byte> bytes(memory.size());
    std::memcpy(bytes.data(), memory.data(), bytes.size());
    return bytes;
}

Pages changed_pages(DriverMemory& memory, const std::vector<std::byte>& before)
{
    Pages pages;
    for (size_t offset = 0; offset < memory.size(); offset += PAGE) {
        if (std::memcmp(memory.data() + offset, &before[offset], PAGE) != 0)
            pages.insert(memory.guest_base() + offset);
    }
    return pages;
}

Pages pages_of(DriverMemory& memory, const std::byte* first, size_t size)
{
    Pages pages;
    const auto offset = static_cast<size_t>(first - memory.data());
    for (size_t page = offset / PAGE; page <= (offset + size - 1) / PAGE; ++page)
        pages.insert(memory.guest_base() + page * PAGE);
    return pages;
}

Pages without(const Pages& from, const Pages& what)
{
    Pages rest;
    std::ranges::set_difference(from, what, std::inserter(rest, rest.end()));
    return rest;
}

// The device does nothing before the ring is enabled, so that what changes from then on is its own
// doing; but for the driver's wish to be called, in the available ring.
void expect_all_writes_logged(BuiltinDriver& driver, const std::vector<uint16_t>& sizes)
{
    ASSERT_TRUE(driver.frontend().set_vring_enable(0, 0));
    std::vector<uint64_t> tickets;
    for (const uint16_t size : sizes)
        tickets.push_back(driver.submit_segments(0, {}, { 1u + size / 3, 1u + size }).value());
    driver.take_dirty_pages();
    const auto before = contents(driver.memory());
    ASSERT_TRUE(driver.frontend().set_vring_enable(0, 1));
    for (const uint64_t ticket : tickets)
        ASSERT_TRUE(driver.wait(0, ticket));

    const auto logged = driver.take_dirty_pages();
    const Pages dirty(logged.begin(), logged.end());
    const Pages changed = changed_pages(driver.memory(), before);
    const RingParts parts = driver.ring(0).raw();
    const size_t size = driver.ring(0).size();
    EXPECT_EQ(
        without(without(changed, dirty), pages_of(driver.memory(), parts.driver, 6 + 2 * size)),
        Pages {})
        << "pages that a migration would miss";
    EXPECT_EQ(
        without(without(dirty, changed), pages_of(driver.memory(), parts.device, 6 + 8 * size)),
        Pages {})
        << "pages that nobody wrote";
}

TestBench& source()
{
    static TestBench bench;
    return bench;
}

class MigrationTest : public testing::Test {
protected:
    std::string target(const std::string& device) { return m_target.device(device).socket_path(); }
    static void wait_for_parked(TestBench& bench, uint32_t count)
    {
        bench.wait_until("gpio0", [count](RunningDevice& device) {
            return device.host().queue(GPIO_EVENTQ).in_flight() == count;
        });
    }
    static std::vector<int> gpio(
        BuiltinDriver& driver, uint16_t type, uint16_t line, uint32_t value = 0)
    {
        const auto answer = driver.request(GPIO_REQUESTQ, gpio_request(type, line, value), 2);
        EXPECT_TRUE(answer) << answer.error().message();
        return answer ? numbers(*answer) : std::vector<int> {};
    }

    TestBench m_source;
    TestBench m_target;
};

} // namespace

RC_GTEST_PROP(MigrationProperty, DirtyLogMissesNoPage, ())
{
    static const auto driver = [] {
        auto fresh = source().connect("rng0");
        EXPECT_TRUE(fresh->start_logging());
        return fresh;
    }();
    auto sizes = *rc::gen::container<std::vector<uint16_t>>(rc::gen::inRange<uint16_t>(0, 20000));
    sizes.resize(std::min<size_t>(sizes.size(), 24));
    expect_all_writes_logged(*driver, sizes);
    RC_ASSERT(!testing::Test::HasFailure());
}

TEST_F(MigrationTest, RequestsGoOnAtTheTargetFromTheSameRingPositions)
{
    const auto driver = m_source.connect("rng0");
    ASSERT_TRUE(driver->start_logging());
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(driver->request(0, {}, 64));
    ASSERT_TRUE(driver->migrate(target("rng0")));
    for (int i = 0; i < 100; ++i) {
        const auto answer = driver->request(0, {}, 64);
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_GE(answer->used_length, 1u);
    }
    EXPECT_EQ(driver->ring(0).violation(), "");
    EXPECT_EQ(m_source.rules("rng0"), "");
    EXPECT_EQ(m_target.rules("rng0"), "");
}

TEST_F(MigrationTest, RequestsSubmittedWhileNobodyServesAreAnsweredAtTheTarget)
{
    const auto driver = m_source.connect("rng0");
    ASSERT_TRUE(driver->request(0, {}, 64));
    ASSERT_TRUE(driver->stop_queues());
    const auto ticket = driver->submit(0, {}, 64);
    ASSERT_TRUE(driver->migrate(target("rng0")));
    const auto answer = driver->wait(0, *ticket);
    ASSERT_TRUE(answer) << answer.error().message();
}

TEST_F(MigrationTest, LoggingEndsWithTheMigrationAndMayBeginAgain)
{
    const auto driver = m_source.connect("rng0");
    ASSERT_TRUE(driver->start_logging());
    ASSERT_TRUE(driver->stop_logging());
    driver->take_dirty_pages();
    ASSERT_TRUE(driver->request(0, {}, 64));
    EXPECT_TRUE(driver->take_dirty_pages().empty());
    ASSERT_TRUE(driver->start_logging());
    ASSERT_TRUE(driver->request(0, {}, 64));
    EXPECT_FALSE(driver->take_dirty_pages().empty());
}

TEST_F(MigrationTest, LinesAndInterruptsOfAGpioDeviceMoveAlong)
{
    using V = std::vector<int>;
    const auto driver = m_source.connect("gpio0");
    gpio(*driver, VIRTIO_GPIO_MSG_SET_VALUE, 2, 1);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 2, VIRTIO_GPIO_DIRECTION_OUT);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_IN);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = driver->submit(GPIO_EVENTQ, gpio_event(3), 1);
    wait_for_parked(m_source, 1);

    const auto migrated = driver->migrate(target("gpio0"));
    ASSERT_TRUE(migrated) << migrated.error().message();
    wait_for_parked(m_source, 0);
    wait_for_parked(m_target, 1);
    EXPECT_EQ(m_target.get("led"), 1);
    EXPECT_EQ(gpio(*driver, VIRTIO_GPIO_MSG_GET_DIRECTION, 2), (V { 0, 1 }));
    EXPECT_EQ(gpio(*driver, VIRTIO_GPIO_MSG_GET_DIRECTION, 3), (V { 0, 2 }));
    m_target.set("button", 1);
    const auto event = driver->wait(GPIO_EVENTQ, *ticket);
    ASSERT_TRUE(event) << event.error().message();
    EXPECT_EQ(numbers(*event), V { VIRTIO_GPIO_IRQ_STATUS_VALID });
    EXPECT_EQ(m_source.rules("gpio0"), "");
    EXPECT_EQ(m_target.rules("gpio0"), "");
}

TEST_F(MigrationTest, SourceGoesOnWhenTheMigrationFails)
{
    const auto driver = m_source.connect("gpio0");
    gpio(*driver, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_IN);
    gpio(*driver, VIRTIO_GPIO_MSG_SET_IRQ_TYPE, 3, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
    const auto ticket = driver->submit(GPIO_EVENTQ, gpio_event(3), 1);
    wait_for_parked(m_source, 1);
    ASSERT_TRUE(driver->stop_queues());
    auto state = driver->frontend().save_device_state();
    ASSERT_TRUE(state) << state.error().message();
    state->back() = std::byte { 77 };
    EXPECT_FALSE(m_target.connect("rng0")->frontend().load_device_state(*state));

    ASSERT_TRUE(driver->start_queues());
    wait_for_parked(m_source, 1);
    m_source.set("button", 1);
    EXPECT_TRUE(driver->wait(GPIO_EVENTQ, *ticket));
}
