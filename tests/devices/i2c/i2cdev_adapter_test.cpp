// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2cdev_adapter.h"
#include "engine/bench/bench_file.h"
#include "tests/support/fake_i2cdev.h"

#include <gtest/gtest.h>

using namespace vwb;
using namespace vwb::test;
using namespace std::chrono_literals;

namespace {

class I2cDevAdapterTest : public testing::Test, private I2cListener {
protected:
    void make()
    {
        I2cDevOptions options;
        options.path = "/dev/i2c-1";
        m_adapter = I2cDevAdapter::create(*m_loop, m_kernel, options, 5s).value();
        m_adapter->set_listener(this);
    }
    static std::unique_ptr<I2cTransfer> transfer()
    {
        auto made = std::make_unique<I2cTransfer>();
        made->add({ 0x48, false }, I2cDirection::Read, 1);
        return made;
    }
    // A transfer that has reached the kernel and stays there.
    void hang()
    {
        m_kernel->hangs = true;
        m_adapter->execute(transfer());
        m_kernel->entered.acquire();
    }
    void wait_until_done()
    {
        while (!m_done)
            m_loop->run_once(5s);
    }
    void advance(Duration step)
    {
        m_clock.advance(step);
        while (m_loop->run_once(Duration(0))) { }
    }
    std::string inspected(const char* field)
    {
        Inspector inspector;
        m_adapter->inspect(inspector);
        return to_text(*std::move(inspector).tree().find(field));
    }

    // From the text of a [device.i2c-dev] table, which begins in line 3.
    std::string error(const std::string& text)
    {
        const auto root = parse_toml("[[device]]\n[device.i2c-dev]\n" + text, "b.toml").value();
        ConfigReader table(*root->find("device")->items[0].find("i2c-dev"));
        const auto adapter = i2cdev_kind(m_kernel).create(*m_loop, table);
        return adapter ? "" : adapter.error().message();
    }

    ManualClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::shared_ptr<FakeI2cDev> m_kernel = std::make_shared<FakeI2cDev>();
    std::unique_ptr<I2cDevAdapter> m_adapter;
    std::unique_ptr<I2cTransfer> m_done;

private:
    void transfer_done(std::unique_ptr<I2cTransfer> done) override { m_done = std::move(done); }
};

} // namespace

TEST_F(I2cDevAdapterTest, TransferComesBackOnTheLoop)
{
    make();
    for (int i = 0; i < 3; ++i) {
        m_done.reset();
        m_adapter->execute(transfer());
        EXPECT_EQ(m_done, nullptr);
        wait_until_done();
        EXPECT_EQ(m_done->outcome, I2cOutcome::Done);
        EXPECT_EQ(m_done->data(0)[0], std::byte { 0x10 });
    }
    EXPECT_EQ(inspected("in_kernel"), "no");
}

TEST_F(I2cDevAdapterTest, CallThatHangsIsGivenUpAndTheLoopGoesOn)
{
    make();
    hang();
    advance(5s - 1ns);
    EXPECT_EQ(m_done, nullptr);
    advance(1ns);
    ASSERT_NE(m_done, nullptr);
    EXPECT_EQ(m_done->outcome, I2cOutcome::Timeout);
    EXPECT_EQ(m_done->detail, "/dev/i2c-1: the kernel did not answer within 5s");
    EXPECT_EQ(inspected("in_kernel"), "yes");
    EXPECT_EQ(inspected("given_up"), "1");
    m_kernel->let_go.release();
}

TEST_F(I2cDevAdapterTest, NextTransferWaitsForTheThreadAndNoLongerThanItsTime)
{
    make();
    hang();
    advance(5s);
    m_done.reset();
    m_adapter->execute(transfer());
    advance(5s);
    ASSERT_NE(m_done, nullptr);
    EXPECT_EQ(m_done->detail, "/dev/i2c-1: an earlier transfer still hangs in the kernel");
    m_done.reset();
    m_adapter->execute(transfer());
    m_kernel->hangs = false;
    m_kernel->let_go.release();
    wait_until_done();
    EXPECT_EQ(m_done->outcome, I2cOutcome::Done);
}

TEST_F(I2cDevAdapterTest, CancelledTransferIsNotToldOf)
{
    make();
    hang();
    m_adapter->cancel();
    m_kernel->hangs = false;
    m_kernel->let_go.release();
    while (inspected("in_kernel") == "yes")
        m_loop->run_once(5s);
    EXPECT_EQ(m_done, nullptr);
    m_adapter->execute(transfer());
    wait_until_done();
    EXPECT_EQ(m_done->outcome, I2cOutcome::Done);
}

TEST_F(I2cDevAdapterTest, AdapterGoesWhileItsThreadHangs)
{
    make();
    hang();
    m_adapter.reset();
    m_kernel->let_go.release();
}

TEST_F(I2cDevAdapterTest, AdapterIsNamedInThreeWays)
{
    m_kernel->names
        = { { "i2c-0", "first" }, { "i2c-7", "other" }, { "i2c-8", "twin" }, { "i2c-9", "twin" } };
    EXPECT_EQ(error("bus = 3\n"), "");
    EXPECT_EQ(error("path = '/dev/i2c-4'\n"), "");
    EXPECT_EQ(error("name = 'other'\n"), "");
    EXPECT_EQ(m_kernel->log, "open /dev/i2c-3; open /dev/i2c-4; open /dev/i2c-7; ");
    EXPECT_EQ(error("name = 'third'\n"),
        "b.toml:3: name: there is no adapter 'third'; there are: i2c-0 (first), i2c-7 (other), "
        "i2c-8 (twin), i2c-9 (twin)");
    EXPECT_EQ(error("name = 'twin'\n").substr(0, 52),
        "b.toml:3: name: there are several adapters 'twin'; t");
    EXPECT_EQ(error("bus = 1\nname = 'first'\n").substr(0, 30), "b.toml:3: bus: expected one of");
    EXPECT_EQ(error("").substr(0, 29), "b.toml:2: bus: expected one o");
    EXPECT_EQ(error("bus = 1\nretrys = 1\n").substr(0, 17), "b.toml:4: retrys:");
}

TEST_F(I2cDevAdapterTest, ExampleIsAccepted)
{
    EXPECT_EQ(error(i2cdev_kind(m_kernel).example), "");
}
