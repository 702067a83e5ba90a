// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/file_rng.h"
#include "devices/rng/getrandom_rng.h"
#include "devices/rng/rng_load.h"
#include "devices/rng/rng_type.h"
#include "sim/rng/seeded_rng.h"
#include "tests/support/load_fixture.h"

using namespace vwb;
using namespace vwb::test;

namespace {

class RngLoadTest : public LoadFixture {
protected:
    static DeviceType type()
    {
        return rng_device_type(
            { getrandom_rng_kind(), file_rng_kind(), hwrng_kind(), seeded_rng_kind() });
    }
};

} // namespace

TEST_F(RngLoadTest, SeededDeviceGivesEveryByteAsForetold)
{
    serve(type());
    run({}, 1);
    expect_all_right(10000);
}

TEST_F(RngLoadTest, PlainRingsGiveTheSame)
{
    serve(type());
    run(plain_rings(), 1);
    expect_all_right(10000);
}

TEST_F(RngLoadTest, SourcesThatCannotBeForetoldAreCheckedForTheRest)
{
    serve(type(), "[[device]]\ntype = \"rng\"\n");
    run({}, 1);
    expect_all_right(1);
}

TEST_F(RngLoadTest, StreamThatIsNotTheSeedsIsComplainedOf)
{
    // The load cannot restart this one: somebody else's "restart" is answered, the bytes are zero.
    serve(type(),
        "[[device]]\ntype = \"rng\"\nhardware = \"file\"\nfile = { path = \"/dev/zero\" }\n");
    const auto driver = BuiltinDriver::connect(device().socket_path(), {}).value();
    const auto load = make_rng_load();
    const std::atomic<bool> stop { true };
    const OutsideCall pretend
        = [](std::string_view, const Value&) { return Result<Value>(Value()); };
    ASSERT_TRUE(load->run(*driver, pretend, m_counters, stop));
    EXPECT_GT(m_counters.errors, 0u);
    EXPECT_NE(load->complaint().find("is not what the seed gives"), std::string::npos);
}
