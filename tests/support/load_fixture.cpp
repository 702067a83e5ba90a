// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/load_fixture.h"

#include <cstdlib>
#include <filesystem>

namespace vwb::test {

DriverOptions plain_rings()
{
    DriverOptions options;
    options.event_index = false;
    options.indirect = false;
    return options;
}

LoadFixture::LoadFixture()
{
    std::string name = testing::TempDir() + "vwb-load-XXXXXX";
    m_directory = ::mkdtemp(name.data());
}

LoadFixture::~LoadFixture()
{
    m_bench.reset();
    std::filesystem::remove_all(m_directory);
}

void LoadFixture::serve(DeviceType type, const std::string& text)
{
    const std::string tables = text.empty() ? type.demo_bench : text;
    m_registry.add(std::move(type));
    m_spec = read_bench_text(
        "[bench]\ndirectory = \"" + m_directory + "\"\n" + tables, "b.toml", m_registry)
                 .value();
    m_bench = Bench::start(m_spec, m_clock).value();
}

Result<Value> LoadFixture::outside(std::string_view action, const Value& parameters)
{
    Result<Value> result = Error(ErrorKind::Closed, "the device is gone");
    device().on_loop([&] { result = device().actions()->call_action(action, parameters); });
    return result;
}

void LoadFixture::run(const DriverOptions& options, int connections)
{
    const OutsideCall call = [this](std::string_view action, const Value& parameters) {
        return outside(action, parameters);
    };
    const auto load = m_spec.devices[0].type->demo_load();
    const std::atomic<bool> stop { false };
    for (int connection = 0; connection < connections; ++connection) {
        const auto driver = BuiltinDriver::connect(device().socket_path(), options).value();
        const auto done = load->run(*driver, call, m_counters, stop);
        m_error += done ? "" : done.error().message();
    }
    m_complaint = load->complaint();
    device().on_loop([&] {
        m_problems = device().problems().total();
        if (m_problems > 0)
            m_complaint += device().problems().problems()[0].message;
    });
}

void LoadFixture::expect_all_right(uint64_t requests) const
{
    EXPECT_EQ(m_error, "");
    EXPECT_EQ(m_complaint, "");
    EXPECT_EQ(m_counters.errors, 0u);
    EXPECT_EQ(m_problems, 0u);
    EXPECT_GT(m_counters.requests, requests);
}

} // namespace vwb::test
