// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/guest_run.h"

#include "engine/base/units.h"
#include "engine/guest/device_tree.h"
#include "engine/guest/guest_scratch.h"
#include "engine/guest/guest_session.h"
#include "engine/guest/host_program.h"
#include "engine/guest/kernel_cache.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <sys/wait.h>
#include <unistd.h>

namespace vwb {

namespace {

int status_of(GuestExit exit)
{
    return static_cast<int>(exit);
}

// The kernel's error stream is our caller's: blocking writes, after the session has ended.
void say(const GuestOptions& options, std::string text)
{
    text = "vwb guest: " + text + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto written = write(options.streams.error, rest.data(), rest.size());
        if (written <= 0 && errno != EINTR) {
            return;
        }
        rest.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
    }
}

std::string with_console(std::string text, const GuestOptions& options, const GuestConsole& console)
{
    const auto lines = console.last_lines();
    if (lines.empty()) {
        return text + "\nits console said nothing";
    }
    if (options.show_console) {
        return text; // the lines are above already
    }
    text += "\n--- the last its console said";
    for (const auto& line : lines) {
        text += "\n" + line;
    }
    return text;
}

std::string describe_wait_status(int status)
{
    return WIFSIGNALED(status) ? std::string("ended by signal: ") + strsignal(WTERMSIG(status))
                               : "exit status " + std::to_string(WEXITSTATUS(status));
}

StartOrder start_order(const GuestOptions& options, const std::string& guest_directory)
{
    StartOrder order;
    std::error_code error;
    order.directory = std::filesystem::current_path(error).string();
    if (error) {
        order.directory = "/";
    }
    order.guest_directory = guest_directory;
    order.command = options.command;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        // A TMPDIR of the host need not be writable in the guest; /tmp is.
        if (text.rfind("TMPDIR=", 0) != 0 && text.rfind("VWB_GUEST_DIR=", 0) != 0) {
            order.environment.emplace_back(text);
        }
    }
    order.environment.push_back("VWB_GUEST_DIR=" + guest_directory);
    const auto& streams = options.streams;
    if (isatty(streams.input) == 1 && !is_foreign_terminal(streams.input)) {
        order.terminal = terminal_size(streams.output);
        order.error_on_terminal = order.terminal && isatty(streams.error) == 1;
    }
    return order;
}

Result<UmlPlan> plan_guest(const GuestOptions& options, std::span<const GuestDevice> devices,
    const std::string& kernel, const GuestScratch& scratch)
{
    UmlPlan plan;
    plan.kernel = kernel;
    plan.init = VWB_TRY(find_guest_agent("vwb-guest-init"));
    plan.memory_bytes = VWB_TRY(parse_size(options.memory));
    plan.uml_folder = scratch.uml_folder();
    plan.devices.assign(devices.begin(), devices.end());
    if (options.device_tree.empty()) {
        plan.device_tree = VWB_TRY(write_bare_tree(scratch.path()));
    } else {
        auto tree = VWB_TRY(prepare_device_tree(options.device_tree, devices, scratch.path()));
        plan.device_tree = std::move(tree.blob_path);
        plan.devices = std::move(tree.other_devices);
    }
    plan.more_arguments = options.kernel_arguments;
    return plan;
}

// What the user is told, and the number they get.
Result<int> conclude(const GuestEnd& end, const GuestOptions& options, const std::string& kernel,
    const GuestConsole& console)
{
    const auto failed = [&](GuestExit exit, const std::string& text) {
        say(options, with_console(text, options, console));
        return status_of(exit);
    };
    switch (end.cause) {
    case EndCause::Exited:
        return end.detail;
    case EndCause::NotStarted:
        return Error::from_errno("cannot execute guest kernel " + kernel, end.detail);
    case EndCause::BootHang:
        return failed(GuestExit::BootHang,
            "the guest did not boot within " + duration_text(options.boot_timeout) + " (kernel "
                + kernel + ")");
    case EndCause::TimedOut:
        return failed(GuestExit::Timeout,
            "the command ran longer than " + duration_text(options.timeout) + " and was ended");
    case EndCause::Panicked:
        return failed(
            GuestExit::Panic, "the guest kernel panicked: " + console.panic().value_or(""));
    case EndCause::Vanished:
        return failed(GuestExit::Panic,
            "the guest ended before its command did (kernel process: "
                + describe_wait_status(end.detail) + ")");
    case EndCause::Restarted:
        return failed(GuestExit::Panic, "the guest was restarted under its command");
    case EndCause::LineBroken:
        return failed(GuestExit::Panic,
            "the line to the guest is out of step: something in it writes to /dev/tty1");
    case EndCause::Interrupted:
        return 128 + end.detail;
    case EndCause::OutputFailed:
        if (end.detail == EPIPE) {
            return 128 + SIGPIPE;
        }
        return Error::from_errno("writing the command's output", end.detail);
    }
    VWB_ASSERT(false);
}

} // namespace

Result<int> run_guest(const GuestOptions& options, std::span<const GuestDevice> devices)
{
    if (options.command.empty()) {
        return Error(ErrorKind::Invalid, "no command to run in the guest");
    }
    auto found = find_guest_kernel(options.kernel);
    if (!found && found.error().kind() == ErrorKind::NotFound) {
        say(options, found.error().message());
        return status_of(GuestExit::MissingKernel);
    }
    const auto kernel = VWB_TRY(std::move(found));
    const auto scratch = VWB_TRY(GuestScratch::create());
    const auto guest_directory = VWB_TRY(scratch.guest_directory());
    const auto order = start_order(options, guest_directory);
    const auto plan = VWB_TRY(plan_guest(options, devices, kernel, scratch));
    auto signals = VWB_TRY(SignalWatch::create());
    const auto guest = VWB_TRY(UmlGuest::start(plan, scratch.path()));
    GuestSession session(*guest, signals, options, order);
    const auto end = session.run();
    return conclude(end, options, kernel, session.console());
}

} // namespace vwb
