// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/guest_command.h"

#include "engine/cli/bench_session.h"
#include "engine/control/client.h"
#include "engine/guest/guest_run.h"

#include <csignal>
#include <cstdio>
#include <future>
#include <thread>

#include <unistd.h>

namespace vwb {
namespace {

// A bench session on a loop and thread of its own, because the guest keeps the main thread busy.
class BackgroundBench {
public:
    static Result<std::unique_ptr<BackgroundBench>> start(BenchSpec spec, const std::string& file)
    {
        std::unique_ptr<BackgroundBench> bench(new BackgroundBench);
        std::promise<Result<void>> started;
        auto outcome = started.get_future();
        bench->m_thread
            = std::thread([self = bench.get(), given = std::move(spec), &file, &started]() mutable {
                  self->run(std::move(given), file, started);
              });
        VWB_TRY(outcome.get());
        return bench;
    }
    ~BackgroundBench()
    {
        if (m_loop)
            m_loop->stop();
        m_thread.join();
    }

    const Bench& bench() const { return m_session->bench(); }

private:
    void run(BenchSpec spec, const std::string& file, std::promise<Result<void>>& started)
    {
        // Signals are run_guest()'s, on the main thread.
        sigset_t ended_by;
        sigemptyset(&ended_by);
        for (const int signal : { SIGINT, SIGTERM, SIGHUP, SIGCHLD })
            sigaddset(&ended_by, signal);
        ::pthread_sigmask(SIG_BLOCK, &ended_by, nullptr);
        auto ready = open(std::move(spec), file);
        const bool good = ready.has_value();
        started.set_value(std::move(ready)); // from here on start() may have returned
        if (good) {
            m_loop->run();
            m_session.reset();
        }
    }
    Result<void> open(BenchSpec spec, const std::string& file)
    {
        m_loop = VWB_TRY(EventLoop::create(m_clock));
        m_session = VWB_TRY(BenchSession::start(*m_loop, std::move(spec), file, "", [] {}));
        return {};
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<BenchSession> m_session;
    std::thread m_thread;
};

GuestOptions guest_options(const GuestRunOptions& options)
{
    GuestOptions guest;
    guest.kernel = options.kernel;
    guest.device_tree = options.device_tree;
    guest.command = options.command;
    if (options.memory > 0)
        guest.memory = std::to_string(options.memory / 1024) + "K";
    using std::chrono::ceil;
    using std::chrono::seconds;
    guest.timeout = ceil<seconds>(options.timeout);
    if (options.boot_timeout.count() > 0)
        guest.boot_timeout = ceil<seconds>(options.boot_timeout);
    guest.show_console = options.show_console;
    guest.kernel_arguments = options.kernel_arguments;
    return guest;
}

// What the guest's drivers did wrong is told even if the command was happy.
void tell_problems(const Bench& bench)
{
    for (const auto& device : bench.devices()) {
        device->on_loop([&device] {
            for (const auto& problem : device->host().problems().problems())
                std::fprintf(stderr, "vwb: %s: %s %s: %s (%s; %llu times)\n",
                    device->name().c_str(), to_string(problem.side), to_string(problem.severity),
                    problem.message.c_str(), problem.clause.c_str(),
                    static_cast<unsigned long long>(problem.count));
        });
    }
}

// The bench that runs already, or an empty text if there is none. Several are an error.
Result<std::string> running_bench(const GuestRunOptions& options)
{
    auto found = find_control_socket(options.control);
    if (found || found.error().kind() == ErrorKind::Invalid)
        return found;
    return std::string();
}

Result<std::vector<GuestDevice>> devices_of(const std::string& control)
{
    const auto client = VWB_TRY(ControlClient::connect(control));
    const Value result = VWB_TRY(client->call("device.list"));
    const Value* list = result.find("devices");
    std::vector<GuestDevice> devices;
    for (const auto& device : list && list->as_list() ? *list->as_list() : Value::List()) {
        const auto text = [&device](const char* name) {
            const Value* member = device.find(name);
            return member ? member->string_or("") : std::string();
        };
        const Value* id = device.find("device_id");
        devices.push_back(
            { text("name"), static_cast<uint32_t>(id ? id->integer_or(0) : 0), text("socket") });
    }
    return devices;
}

Result<BenchSpec> spec_of(const GuestRunOptions& options, const Registry& registry)
{
    if (!options.bench.empty())
        return read_bench_file(options.bench, registry);
    const std::string name = "guest-" + std::to_string(::getpid());
    return read_bench_text(every_device_text(registry, name), "every device", registry);
}

Result<int> run_on_own_bench(const GuestRunOptions& options, const Registry& registry)
{
    auto spec = VWB_TRY(spec_of(options, registry));
    const auto background = VWB_TRY(BackgroundBench::start(std::move(spec), options.bench));
    std::vector<GuestDevice> devices;
    for (const auto& device : background->bench().devices())
        devices.push_back({ device->name(), device->device_id(), device->socket_path() });
    const int status = VWB_TRY(run_guest(guest_options(options), devices));
    tell_problems(background->bench());
    return status;
}

} // namespace

Result<int> guest_run_command(const GuestRunOptions& options, const Registry& registry)
{
    if (!options.bench.empty())
        return run_on_own_bench(options, registry);
    const std::string control = VWB_TRY(running_bench(options));
    if (control.empty())
        return run_on_own_bench(options, registry);
    return run_guest(guest_options(options), VWB_TRY(devices_of(control)));
}

} // namespace vwb
