// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/uml_guest.h"

#include "engine/base/log.h"
#include "engine/guest/host_program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vwb {

namespace {

constexpr size_t command_line_limit = 4096; // COMMAND_LINE_SIZE of UML, terminator included
constexpr uint64_t smallest_memory = 32U << 20;
constexpr uint64_t memory_margin = 16U << 20; // what UML adds beside mem=
constexpr int first_spare_descriptor = 16; // above every number the keeper expects

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

// Both ends close on exec and lie above the numbers they are moved to in the keeper, so that
// moving one never overwrites another.
Result<Pipe> create_pipe()
{
    std::array<int, 2> ends {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return Error::from_errno("pipe", errno);
    }
    const UniqueFd low_read(ends[0]);
    const UniqueFd low_write(ends[1]);
    Pipe pipe { UniqueFd(fcntl(ends[0], F_DUPFD_CLOEXEC, first_spare_descriptor)),
        UniqueFd(fcntl(ends[1], F_DUPFD_CLOEXEC, first_spare_descriptor)) };
    if (!pipe.read_end || !pipe.write_end) {
        return Error::from_errno("duplicating a pipe", errno);
    }
    return pipe;
}

void set_nonblocking(const UniqueFd& fd)
{
    fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

// The kernel splits its command line at spaces, except between double quotes.
Result<std::string> argument(const std::string& name, const std::string& value)
{
    for (const char byte : value) {
        if (byte == '"' || static_cast<unsigned char>(byte) < 0x20) {
            return Error(ErrorKind::Invalid,
                "a kernel command line cannot carry " + name + " " + value
                    + ": a quote or control character in it");
        }
    }
    const bool quoted = value.find(' ') != std::string::npos;
    return name + "=" + (quoted ? "\"" + value + "\"" : value);
}

Result<std::string> device_argument(const GuestDevice& device)
{
    // The driver cuts at the first colon: PATH:ID.
    if (device.socket_path.find(':') != std::string::npos) {
        return Error(ErrorKind::Invalid,
            "socket " + device.socket_path + " of device " + device.name
                + ": virtio_uml takes no path with a colon");
    }
    return argument(
        "virtio_uml.device", device.socket_path + ":" + std::to_string(device.device_id));
}

// UML keeps its memory in a deleted file that it maps executable. Left to itself it takes
// $TMPDIR, which may be a slow disk, or /dev/shm, which in a container may be too small: a guest
// that outgrows it dies of SIGBUS without a word.
Result<std::string> memory_folder(uint64_t bytes)
{
    std::vector<std::string> candidates { "/dev/shm" };
    for (const char* name : { "XDG_RUNTIME_DIR", "TMPDIR" }) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value == '/') {
            candidates.emplace_back(value);
        }
    }
    candidates.emplace_back("/tmp");
    candidates.emplace_back("/var/tmp");
    for (const auto& folder : candidates) {
        struct statvfs space { };
        if (statvfs(folder.c_str(), &space) == 0 && (space.f_flag & ST_NOEXEC) == 0
            && access(folder.c_str(), W_OK | X_OK) == 0
            && uint64_t { space.f_bavail } * space.f_frsize >= bytes + memory_margin) {
            return folder;
        }
    }
    return Error(ErrorKind::Unavailable,
        "no folder has room for " + std::to_string(bytes >> 20)
            + " MiB of guest memory and may hold executable mappings; looked at /dev/shm, "
              "$XDG_RUNTIME_DIR, $TMPDIR, /tmp, /var/tmp");
}

std::vector<std::string> keeper_environment(const std::string& folder)
{
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (text.rfind("TMPDIR=", 0) != 0) {
            environment.emplace_back(text);
        }
    }
    environment.push_back("TMPDIR=" + folder);
    return environment;
}

struct KeeperEnds {
    int null = -1;
    int console = -1;
    int line_in = -1;
    int line_out = -1;
    int lifeline = -1;
    int report = -1;
};

Result<pid_t> spawn_keeper(const std::vector<std::string>& command,
    const std::vector<std::string>& environment, const KeeperEnds& ends)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends.null, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends.console, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends.console, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends.line_in, keeper_line_in);
    posix_spawn_file_actions_adddup2(&actions, ends.line_out, keeper_line_out);
    posix_spawn_file_actions_adddup2(&actions, ends.lifeline, keeper_lifeline);
    posix_spawn_file_actions_adddup2(&actions, ends.report, keeper_report);
    posix_spawn_file_actions_addclosefrom_np(&actions, keeper_report + 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A session of its own: Ctrl-C on our terminal is ours to handle, not the guest's.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    auto arguments = null_terminated(command);
    auto variables = null_terminated(environment);
    pid_t pid = -1;
    const int failure = posix_spawn(
        &pid, arguments[0], &actions, &attributes, arguments.data(), variables.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        return Error::from_errno("cannot run " + command[0], failure);
    }
    return pid;
}

} // namespace

Result<std::vector<std::string>> uml_command_line(const UmlPlan& plan)
{
    if (plan.memory_bytes < smallest_memory) {
        return Error(ErrorKind::Invalid, "guest memory: expected at least 32M");
    }
    std::vector<std::string> line { plan.kernel };
    line.push_back("mem=" + std::to_string(plan.memory_bytes >> 20) + "M");
    line.insert(line.end(), { "rootfstype=hostfs", "rootflags=/", "ro" });
    line.push_back(VWB_TRY(argument("init", plan.init)));
    // con0 is the kernel's console, con1 (/dev/tty1) the line to init; see keeper_report.h.
    line.insert(line.end(),
        { "con=null", "con0=null,fd:1",
            "con1=fd:" + std::to_string(keeper_line_in) + ",fd:" + std::to_string(keeper_line_out),
            "stderr=1" });
    line.push_back(VWB_TRY(argument("uml_dir", plan.uml_folder)));
    line.push_back("umid=guest");
    if (!plan.device_tree.empty()) {
        line.push_back(VWB_TRY(argument("dtb", plan.device_tree)));
    }
    for (const auto& device : plan.devices) {
        line.push_back(VWB_TRY(device_argument(device)));
    }
    line.insert(line.end(), plan.more_arguments.begin(), plan.more_arguments.end());
    size_t length = 0;
    for (size_t i = 1; i < line.size(); ++i) {
        length += line[i].size() + 1;
    }
    if (length > command_line_limit) {
        return Error(ErrorKind::Limit,
            "kernel command line of " + std::to_string(length) + " bytes, expected at most "
                + std::to_string(command_line_limit));
    }
    return line;
}

Result<std::unique_ptr<UmlGuest>> UmlGuest::start(const UmlPlan& plan, const std::string& scratch)
{
    auto keeper = VWB_TRY(find_guest_agent("vwb-guest-keeper"));
    const auto kernel = VWB_TRY(uml_command_line(plan));
    std::vector<std::string> command { std::move(keeper), scratch };
    command.insert(command.end(), kernel.begin(), kernel.end());
    const auto folder = VWB_TRY(memory_folder(plan.memory_bytes));
    const auto environment = keeper_environment(folder);
    auto console = VWB_TRY(create_pipe());
    auto line_in = VWB_TRY(create_pipe());
    auto line_out = VWB_TRY(create_pipe());
    auto lifeline = VWB_TRY(create_pipe());
    auto report = VWB_TRY(create_pipe());
    const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    std::unique_ptr<UmlGuest> guest(new UmlGuest);
    const KeeperEnds ends { null.get(), console.write_end.get(), line_in.read_end.get(),
        line_out.write_end.get(), lifeline.read_end.get(), report.write_end.get() };
    guest->m_keeper = VWB_TRY(spawn_keeper(command, environment, ends));
    guest->m_console = std::move(console.read_end);
    guest->m_line_input = std::move(line_in.write_end);
    guest->m_line_output = std::move(line_out.read_end);
    guest->m_lifeline = std::move(lifeline.write_end);
    guest->m_report = std::move(report.read_end);
    for (const auto* fd : { &guest->m_console, &guest->m_line_input, &guest->m_line_output }) {
        set_nonblocking(*fd);
    }
    std::string text;
    for (const auto& part : command) {
        text += part + " ";
    }
    log_debug("guest", text);
    return guest;
}

UmlGuest::~UmlGuest()
{
    end();
}

std::optional<KeeperReport> UmlGuest::end()
{
    if (m_keeper < 0) {
        return std::nullopt;
    }
    m_lifeline.reset();
    KeeperReport report;
    ssize_t count = 0;
    do {
        count = read(m_report.get(), &report, sizeof report);
    } while (count < 0 && errno == EINTR);
    while (waitpid(m_keeper, nullptr, 0) < 0 && errno == EINTR) { }
    m_keeper = -1;
    if (count != sizeof report) {
        return std::nullopt;
    }
    return report;
}

} // namespace vwb
