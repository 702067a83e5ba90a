// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The config space of a device through the whole way: written by a driver and by a migration, and
// changed by the device itself.
#include "engine/driver/builtin_driver.h"
#include "engine/vhost_user/frontend.h"
#include "tests/support/device_server.h"
#include "tests/support/echo_device.h"
#include "tests/support/test_bench.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;

namespace {

class ConfigTest : public testing::Test {
protected:
    ConfigTest()
        : m_device(new EchoDevice)
        , m_server(std::unique_ptr<Device>(m_device))
        , m_driver(BuiltinDriver::connect(m_server.path()).value())
    {
    }
    // The device changes it by itself.
    void change(std::byte value)
    {
        m_server.run([this, value](auto&, auto&) {
            m_device->config[0] = value;
            m_device->context().config_changed();
        });
    }

    EchoDevice* m_device; // on the server's thread only
    DeviceServer m_server;
    std::unique_ptr<BuiltinDriver> m_driver;
};

using Config = std::vector<std::byte>;

} // namespace

TEST_F(ConfigTest, WhatADriverWritesCanBeRead)
{
    const Config bytes { std::byte { 1 }, std::byte { 2 } };
    ASSERT_TRUE(m_driver->write_config(3, bytes));
    EXPECT_EQ(m_driver->read_config(3, 2).value(), bytes);
    EXPECT_FALSE(m_driver->write_config(7, bytes)) << "one byte too far";
    EXPECT_EQ(m_driver->read_config(7, 1).value(), Config { std::byte { 0 } });
}

TEST_F(ConfigTest, MigrationBringsTheWholeSpace)
{
    Config space = m_driver->read_config(0, 8).value();
    space[5] = std::byte { 55 };
    ASSERT_TRUE(m_driver->frontend().set_config(0, space, CONFIG_WRITE_FOR_MIGRATION));
    EXPECT_EQ(m_driver->read_config(0, 8).value(), space);
    EXPECT_FALSE(m_driver->frontend().set_config(0, space, 2)) << "no such flag";
}

TEST_F(ConfigTest, MigrationOfReadOnlyFieldsIsAcceptedWhereTheyAgree)
{
    TestBench bench;
    const auto gpio = bench.connect("gpio0");
    Config space = gpio->read_config(0, 8).value();
    EXPECT_TRUE(gpio->frontend().set_config(0, space, CONFIG_WRITE_FOR_MIGRATION));
    EXPECT_FALSE(gpio->frontend().set_config(0, Config(2), CONFIG_WRITE_OF_DRIVER));
    space[0] = std::byte { 99 };
    EXPECT_FALSE(gpio->frontend().set_config(0, space, CONFIG_WRITE_FOR_MIGRATION));
    EXPECT_EQ(gpio->read_config(0, 1).value(), Config { std::byte { 8 } });
}

TEST_F(ConfigTest, ChangeOfTheDeviceIsToldAndCounted)
{
    change(std::byte { 7 });
    ASSERT_TRUE(m_driver->read_config(0, 8)); // the message came before this answer
    EXPECT_EQ(m_driver->frontend().config_changes(), 1u);
    EXPECT_EQ(m_driver->read_config(0, 1).value(), Config { std::byte { 7 } });
    m_server.run([](DeviceHost& host, Listener&) {
        Inspector inspector;
        host.inspect(inspector);
        EXPECT_EQ(*std::move(inspector).tree().find("config")->find("generation"), Value(1));
    });
}

TEST_F(ConfigTest, ChangeWhileRingsAreStoppedIsToldWhenTheyRunAgain)
{
    ASSERT_TRUE(m_driver->stop_queues());
    change(std::byte { 7 });
    ASSERT_TRUE(m_driver->read_config(0, 8));
    EXPECT_EQ(m_driver->frontend().config_changes(), 0u);
    ASSERT_TRUE(m_driver->start_queues());
    ASSERT_TRUE(m_driver->read_config(0, 8));
    EXPECT_EQ(m_driver->frontend().config_changes(), 1u);
}
