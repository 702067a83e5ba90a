// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Arguments of the commands that run benches and guests.
#include "engine/cli/declarations.h"

namespace vwb {

void declare(RunOptions& options, ArgumentList& list)
{
    list.argument("BENCH.toml", options.bench, "Bench file", Need::Required);
    list.text({ "--control", "PATH",
                  "Control socket to make; default: named after the bench, in "
                  "$XDG_RUNTIME_DIR/vhost-workbench" },
        options.control);
    list.number({ "--ready-fd", "N", "Write READY=1 to this descriptor when all sockets listen" },
        options.ready_fd);
    list.flag("--check", options.check, "Check the bench file and exit");
}

void declare(DemoOptions& options, ArgumentList& list)
{
    list.real(
        { "--seconds", "N", "How long to drive them (default: 5)" }, options.seconds, 0.1, 86400.0);
    list.flag("--quick", options.quick, "As short as an honest check can be");
    list.flag("--json", options.json, "Print the summary as JSON");
}

void declare(DoctorOptions& options, ArgumentList& list)
{
    list.flag("--json", options.json, "Print JSON");
}

void declare(GuestRunOptions& options, ArgumentList& list)
{
    list.arguments("-- COMMAND...", options.command, "Command to run in the guest", Need::Required);
    list.text(
        { "--kernel", "FILE",
            "User-Mode Linux kernel; default: $VWB_GUEST, else the one of 'vwb guest build'" },
        options.kernel);
    list.text(
        { "--bench", "FILE", "Bench file; default: the bench that runs, else one of every device" },
        options.bench);
    list.text({ "--control", "PATH", "Control socket of a running bench to use" }, options.control);
    list.exclusive("--control", "--bench");
    list.text(
        { "--dt", "FILE",
            "Device tree for the guest: a blob, or a .dts with ${gpio0} for the socket path of "
            "gpio0" },
        options.device_tree);
    list.size({ "--memory", "SIZE", "Memory of the guest" }, options.memory);
    list.duration({ "--timeout", "DURATION", "End the guest after this time, exit code 124" },
        options.timeout);
    list.duration(
        { "--boot-timeout", "DURATION", "How long the guest may take until the command starts" },
        options.boot_timeout);
    list.flag("--console", options.show_console, "Show the guest's console on standard error");
    list.texts({ "--append", "ARGUMENT", "One more argument for the kernel; may be repeated" },
        options.kernel_arguments);
}

} // namespace vwb
