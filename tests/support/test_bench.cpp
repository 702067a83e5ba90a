// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/test_bench.h"

#include "devices/gpio/gpio_type.h"
#include "devices/gpio/gpio_wire.h"
#include "devices/rng/rng_type.h"
#include "sim/gpio/sim_gpio.h"
#include "sim/rng/seeded_rng.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace vwb::test {
namespace {

std::string bench_text(const std::string& directory)
{
    return "[bench]\nname = 'test'\ndirectory = '" + directory + R"('
[[device]]
type = 'gpio'
[device.sim]
lines = 8
[[device.sim.line]]
number = 2
name = 'led'
[[device.sim.line]]
number = 3
name = 'button'
pull = 'down'
[[device]]
type = 'rng'
hardware = 'seeded'
[device.seeded]
seed = 42
)";
}

std::string make_directory()
{
    std::string path = std::filesystem::temp_directory_path() / "vwb-test-XXXXXX";
    if (!::mkdtemp(path.data()))
        ADD_FAILURE() << "cannot make " << path;
    return path;
}

} // namespace

TestBench::TestBench()
    : m_directory(make_directory())
{
    m_registry.add(gpio_device_type({ sim_gpio_kind() }));
    m_registry.add(rng_device_type({ seeded_rng_kind() }));
    auto spec = read_bench_text(bench_text(m_directory), "test.toml", m_registry);
    VWB_ASSERT(spec);
    m_spec = std::move(spec).value();
    auto bench = Bench::start(m_spec, m_clock);
    if (!bench)
        ADD_FAILURE() << bench.error().message();
    m_bench = std::move(bench).value();
}

TestBench::~TestBench()
{
    m_bench.reset();
    std::filesystem::remove_all(m_directory);
}

std::unique_ptr<BuiltinDriver> TestBench::connect(
    const std::string& device, const DriverOptions& options)
{
    auto driver = BuiltinDriver::connect(m_bench->find(device)->socket_path(), options);
    if (driver)
        return std::move(driver).value();
    ADD_FAILURE() << driver.error().message();
    std::abort(); // no test can go on without its driver
}

Value TestBench::call(const std::string& name, const std::string& action, Value parameters)
{
    Value answer;
    device(name).on_loop([&] {
        auto result = device(name).actions()->call_action(action, parameters);
        if (!result)
            ADD_FAILURE() << result.error().message();
        else
            answer = std::move(result).value();
    });
    return answer;
}

int64_t TestBench::get(const std::string& signal)
{
    Value parameters;
    parameters.set("signal", signal);
    return call("gpio0", "get", parameters).integer_or(-1);
}

void TestBench::set(const std::string& signal, int64_t value)
{
    Value parameters;
    parameters.set("signal", signal);
    parameters.set("value", value);
    call("gpio0", "set", parameters);
}

std::vector<Problem> TestBench::problems(const std::string& name)
{
    std::vector<Problem> list;
    device(name).on_loop([&] { list = device(name).problems().problems(); });
    return list;
}

std::string TestBench::rules(const std::string& name)
{
    std::string text;
    for (const auto& problem : problems(name))
        text += (text.empty() ? "" : " ") + problem.rule;
    return text;
}

void TestBench::wait_until(
    const std::string& name, const std::function<bool(RunningDevice&)>& holds)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    bool held = false;
    while (!held && std::chrono::steady_clock::now() < deadline) {
        device(name).on_loop([&] { held = holds(device(name)); });
        if (!held)
            std::this_thread::yield();
    }
    EXPECT_TRUE(held) << "not within five seconds";
}

Bytes gpio_request(uint16_t type, uint16_t line, uint32_t value)
{
    const virtio_gpio_request request { type, line, value };
    const auto bytes = std::as_bytes(std::span(&request, 1));
    return { bytes.begin(), bytes.end() };
}

Bytes gpio_event(uint16_t line)
{
    const virtio_gpio_irq_request request { line };
    const auto bytes = std::as_bytes(std::span(&request, 1));
    return { bytes.begin(), bytes.end() };
}

std::vector<int> numbers(const Answer& answer)
{
    std::vector<int> out;
    for (const std::byte byte : answer.bytes)
        out.push_back(std::to_integer<int>(byte));
    return out;
}

} // namespace vwb::test
