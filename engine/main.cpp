// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// vwb: the composition root, the only file that sees engine, devices and simulated hardware
// together. What this program can do is what is added here.
#include "devices/gpio/gpio_type.h"
#include "devices/gpio/gpiochip_find.h"
#include "devices/i2c/i2c_transfer.h"
#include "devices/i2c/i2c_type.h"
#include "devices/i2c/i2cdev_adapter.h"
#include "devices/rng/file_rng.h"
#include "devices/rng/getrandom_rng.h"
#include "devices/rng/rng_type.h"
#include "devices/scmi/iio_scmi.h"
#include "devices/scmi/scmi_type.h"
#include "engine/cli/capture_commands.h"
#include "engine/cli/command_line.h"
#include "engine/cli/demo_command.h"
#include "engine/cli/doctor_command.h"
#include "engine/cli/exit_code.h"
#include "engine/cli/guest_command.h"
#include "engine/cli/observer_commands.h"
#include "engine/cli/run_command.h"
#include "engine/guest/kernel_cache.h"
#include "sim/gpio/sim_gpio.h"
#include "sim/i2c/sim_i2c.h"
#include "sim/kernel/gpio_sim.h"
#include "sim/kernel/i2c_stub.h"
#include "sim/rng/seeded_rng.h"
#include "sim/scmi/sim_scmi.h"

#include <csignal>
#include <cstdio>

namespace vwb {
namespace {

Registry make_registry()
{
    Registry registry;
    registry.add(gpio_device_type({ sim_gpio_kind(), gpiochip_kind(), gpio_sim_kind() }));
    registry.add(i2c_device_type({ sim_i2c_kind(), i2cdev_kind(), i2c_stub_kind() }));
    registry.add(rng_device_type(
        { getrandom_rng_kind(), file_rng_kind(), hwrng_kind(), seeded_rng_kind() }));
    registry.add(scmi_device_type({ sim_scmi_kind(), iio_scmi_kind() }));
    return registry;
}

TwoWireView two_wire_view(const std::string& type)
{
    return type == "i2c" ? i2c_transfer : nullptr;
}

struct Runner {
    const Registry& registry;
    const TwoWireFinder& two_wire;

    Result<int> operator()(const RunOptions& options) { return run_command(options, registry); }
    Result<int> operator()(const DemoOptions& options) { return demo_command(options, registry); }
    Result<int> operator()(const GuestRunOptions& options)
    {
        return guest_run_command(options, registry);
    }
    Result<int> operator()(const GuestBuildOptions& options)
    {
        return build_guest_kernel(options.arguments);
    }
    Result<int> operator()(const DoctorOptions& options) { return doctor_command(options); }
    Result<int> operator()(const DumpOptions& options)
    {
        return dump_command(options, { registry, two_wire });
    }
    Result<int> operator()(const ExtcapOptions& options)
    {
        return extcap_command(options, { registry, two_wire });
    }
    Result<int> operator()(const StatsOptions& options)
    {
        return stats_command(options, { registry, two_wire });
    }
    Result<int> operator()(const CompareOptions& options)
    {
        return compare_command(options, { registry, two_wire });
    }
    Result<int> operator()(const ReplayOptions& options)
    {
        return replay_command(options, { registry, two_wire });
    }
    // All others are clients of a running bench.
    template <typename Options> Result<int> operator()(const Options& options)
    {
        return observer_command(options);
    }
};

int run(const std::vector<std::string>& arguments)
{
    const auto parsed = parse_command_line(arguments);
    if (const auto* end = std::get_if<CommandLineEnd>(&parsed)) {
        std::fputs(end->output.c_str(), stdout);
        std::fputs(end->errors.c_str(), stderr);
        return end->status;
    }
    const auto& line = std::get<CommandLine>(parsed);
    if (line.log_level)
        set_log_level(*line.log_level);
    const Registry registry = make_registry();
    const TwoWireFinder two_wire = two_wire_view;
    const auto status = std::visit(Runner { registry, two_wire }, line.command);
    if (status)
        return *status;
    std::fprintf(stderr, "vwb: %s\n", status.error().message().c_str());
    return static_cast<int>(exit_code_of(status.error().kind()));
}

} // namespace
} // namespace vwb

int main(int argc, char** argv)
{
    // A peer that goes away is an error of one write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    return vwb::run({ argv + 1, argv + argc });
}
