// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/scmi/scmi_load.h"
#include "devices/scmi/scmi_type.h"
#include "sim/scmi/sim_scmi.h"
#include "tests/support/load_fixture.h"

using namespace vwb;
using namespace vwb::test;

namespace {

class ScmiLoadTest : public LoadFixture {
protected:
    ScmiLoadTest() { serve(scmi_device_type({ sim_scmi_kind() })); }
};

} // namespace

TEST_F(ScmiLoadTest, SimulatedPlatformAnswersAllRight)
{
    run();
    expect_all_right(5000);
}

TEST_F(ScmiLoadTest, PlainRingsGiveTheSame)
{
    run(plain_rings());
    expect_all_right(5000);
}

TEST_F(ScmiLoadTest, SensorOutOfRangeIsComplainedOf)
{
    ASSERT_TRUE(outside(
        "fault", Value(Value::Object { { "signal", "sensor.accel.z" }, { "kind", "range" } })));
    run();
    EXPECT_GT(m_counters.errors, 0u);
    EXPECT_NE(m_complaint.find("message 0x6 of protocol 0x15"), std::string::npos) << m_complaint;
}
