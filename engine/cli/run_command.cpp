// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/run_command.h"

#include "engine/cli/bench_session.h"
#include "engine/event/signal_fd.h"

#include <csignal>
#include <cstdio>

#include <unistd.h>

namespace vwb {
namespace {

int check_bench(const RunOptions& options, const BenchSpec& spec)
{
    std::printf("%s: bench %s, %zu device%s\n", options.bench.c_str(), spec.name.c_str(),
        spec.devices.size(), spec.devices.size() == 1 ? "" : "s");
    for (const auto& device : spec.devices)
        std::printf("  %-12s %-8s on %s hardware\n", device.name.c_str(), device.type->name.c_str(),
            device.hardware.c_str());
    return 0;
}

// Sockets listen: told on standard output for people and pipes, and on the descriptor for runners.
Result<void> tell_ready(const BenchSession& session, int ready_fd)
{
    std::printf("ready %s\n", session.control_path().c_str());
    for (const auto& device : session.bench().devices())
        std::printf("%s %s %s\n", device->name().c_str(), device->type().c_str(),
            device->socket_path().c_str());
    std::fflush(stdout);
    if (ready_fd < 0)
        return {};
    if (::write(ready_fd, "READY=1\n", 8) != 8)
        return Error(
            ErrorKind::Invalid, "--ready-fd " + std::to_string(ready_fd) + " cannot be written to");
    ::close(ready_fd);
    return {};
}

} // namespace

Result<int> run_command(const RunOptions& options, const Registry& registry)
{
    auto spec = VWB_TRY(read_bench_file(options.bench, registry));
    if (options.check)
        return check_bench(options, spec);
    MonotonicClock clock;
    const auto loop = VWB_TRY(EventLoop::create(clock));
    // Before any thread is made, so that all of them leave these signals to this loop.
    auto signals = VWB_TRY(SignalFd::create(*loop, { SIGTERM, SIGINT }, [&loop](int) {
        // The clean end may take a moment; a second signal does not wait for it.
        std::signal(SIGTERM, SIG_DFL);
        std::signal(SIGINT, SIG_DFL);
        unblock_signals({ SIGTERM, SIGINT });
        loop->stop();
    }));
    auto session = VWB_TRY(BenchSession::start(
        *loop, std::move(spec), options.bench, options.control, [&loop] { loop->stop(); }));
    VWB_TRY(tell_ready(*session, options.ready_fd));
    loop->run();
    return 0;
}

} // namespace vwb
