// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/doctor_command.h"

#include "engine/base/paths.h"
#include "engine/cli/exit_code.h"
#include "engine/control/json.h"
#include "engine/event/event_loop.h"
#include "engine/guest/kernel_cache.h"
#include "engine/memory/memory_region.h"
#include "engine/memory/userfault.h"
#include "engine/memory/xen_libraries.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sys/mman.h>
#include <unistd.h>

namespace vwb {
namespace {

Finding good(std::string name, std::string detail, std::string needed_for)
{
    return { std::move(name), Finding::State::Good, std::move(detail), std::move(needed_for), "" };
}

std::string find_program(const std::string& name)
{
    const char* path = std::getenv("PATH");
    std::string directories = path ? path : "/usr/bin:/bin";
    for (size_t start = 0; start <= directories.size();) {
        const size_t end = std::min(directories.find(':', start), directories.size());
        const std::string candidate = directories.substr(start, end - start) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
        start = end + 1;
    }
    return "";
}

Finding program(const std::string& name, const std::string& needed_for, const std::string& package)
{
    const std::string path = find_program(name);
    if (!path.empty())
        return good(name, path, needed_for);
    return { name, Finding::State::Missing, "not in PATH", needed_for, "apt install " + package };
}

Finding event_loop()
{
    MonotonicClock clock;
    const auto loop = EventLoop::create(clock);
    if (loop)
        return good("event loop", "epoll and eventfd work", "everything");
    return { "event loop", Finding::State::Broken, loop.error().message(), "everything",
        "run on a Linux kernel of 5.11 or newer, outside of a sandbox that forbids epoll" };
}

Finding shared_memory()
{
    UniqueFd memory(::memfd_create("vwb-doctor", MFD_CLOEXEC));
    MemoryRegionInfo info;
    info.size = 4096;
    if (memory && ::ftruncate(memory.get(), 4096) == 0
        && MemoryRegion::map(info, std::move(memory)))
        return good("shared memory", "memfd can be made and mapped", "everything");
    return { "shared memory", Finding::State::Broken, "memfd cannot be made and mapped",
        "everything", "allow memfd_create and mmap in this container or sandbox" };
}

Finding userfault()
{
    const char* needed_for = "postcopy migration (protocol feature PAGEFAULT)";
    const auto opened = Userfault::open();
    if (opened)
        return good("userfaultfd", "can be opened", needed_for);
    return { "userfaultfd", Finding::State::Missing, opened.error().message(), needed_for,
        "sysctl vm.unprivileged_userfaultfd=1, or run as root" };
}

Finding xen()
{
    const char* needed_for = "guests of Xen (protocol feature XEN_MMAP)";
    const std::string obstacle = XenLibraries::obstacle();
    if (obstacle.empty())
        return good("Xen", "memory of other domains can be mapped", needed_for);
    return { "Xen", Finding::State::Missing, obstacle, needed_for,
        "in a Xen domain: apt install libxenforeignmemory1 libxengnttab1, run as root" };
}

Finding runtime_place()
{
    const std::string directory = runtime_directory();
    const auto made = ensure_private_directory(directory);
    if (made)
        return good("runtime directory", directory, "sockets of benches");
    return { "runtime directory", Finding::State::Broken, made.error().message(),
        "sockets of benches", "set XDG_RUNTIME_DIR to a directory of your own" };
}

Finding guest_kernel()
{
    const auto kernel = find_guest_kernel("");
    if (kernel)
        return good("guest kernel", *kernel, "vwb guest run");
    return { "guest kernel", Finding::State::Missing, kernel.error().message(), "vwb guest run",
        "vwb guest build" };
}

Finding kernel_source()
{
    std::string newest;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/src", ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("linux-source-6.") && name.ends_with(".tar.xz"))
            newest = std::max(newest, entry.path().string());
    }
    if (!newest.empty())
        return good("kernel source", newest, "vwb guest build");
    return { "kernel source", Finding::State::Missing, "no /usr/src/linux-source-6.*.tar.xz",
        "vwb guest build", "apt install linux-source-6.12" };
}

const char* state_text(Finding::State state)
{
    switch (state) {
    case Finding::State::Good:
        return "good";
    case Finding::State::Missing:
        return "missing";
    case Finding::State::Broken:
        return "BROKEN";
    }
    return "unknown";
}

void print_json(const std::vector<Finding>& findings)
{
    for (const auto& finding : findings) {
        Value value = Value::object();
        value.set("name", finding.name);
        value.set("state",
            finding.state == Finding::State::Broken ? "broken" : state_text(finding.state));
        value.set("detail", finding.detail);
        value.set("needed_for", finding.needed_for);
        value.set("cure", finding.cure);
        std::printf("%s\n", to_json(value).c_str());
    }
}

void print_text(const std::vector<Finding>& findings)
{
    for (const auto& finding : findings) {
        std::printf("%-8s %-18s %s\n", state_text(finding.state), finding.name.c_str(),
            finding.detail.c_str());
        if (!finding.cure.empty())
            std::printf("%-8s %-18s needed for: %s; cure: %s\n", "", "", finding.needed_for.c_str(),
                finding.cure.c_str());
    }
}

} // namespace

std::vector<Finding> examine_machine()
{
    return { event_loop(), shared_memory(), userfault(), xen(), runtime_place(), guest_kernel(),
        kernel_source(), program("gcc", "vwb guest build", "gcc"),
        program("make", "vwb guest build", "make"), program("flex", "vwb guest build", "flex"),
        program("bison", "vwb guest build", "bison"), program("bc", "vwb guest build", "bc"),
        program("dtc", "vwb guest run --dt FILE.dts", "device-tree-compiler"),
        program("gpiomon", "watching lines in a guest (libgpiod v2)",
            "gpiod (on Debian 12: -t bookworm-backports)") };
}

int doctor_command(const DoctorOptions& options)
{
    const auto findings = examine_machine();
    if (options.json)
        print_json(findings);
    else
        print_text(findings);
    const bool broken = std::ranges::any_of(
        findings, [](const Finding& finding) { return finding.state == Finding::State::Broken; });
    return static_cast<int>(broken ? ExitCode::Unavailable : ExitCode::Success);
}

} // namespace vwb
