// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/host_program.h"

#include "engine/base/unique_fd.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vwb {

namespace {

namespace fs = std::filesystem;

fs::path executable_folder()
{
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).parent_path();
}

Result<std::string> find_first(
    const std::vector<fs::path>& folders, const std::string& name, const std::string& variable)
{
    std::string looked;
    for (const auto& folder : folders) {
        const auto path = folder / name;
        if (!folder.empty() && access(path.c_str(), X_OK) == 0) {
            std::error_code error;
            return fs::weakly_canonical(path, error).string();
        }
        if (!folder.empty()) {
            looked += (looked.empty() ? "" : ", ") + folder.string();
        }
    }
    return Error(ErrorKind::Unavailable,
        "program " + name + " not found; looked in " + looked + " ($" + variable
            + " names another folder)");
}

fs::path from_environment(const char* variable)
{
    const char* value = std::getenv(variable);
    return value != nullptr ? value : "";
}

Result<std::string> read_all(int fd)
{
    std::string text;
    std::array<char, 4096> bytes {};
    for (;;) {
        const auto count = read(fd, bytes.data(), bytes.size());
        if (count == 0) {
            return text;
        }
        if (count > 0) {
            text.append(bytes.data(), static_cast<size_t>(count));
        } else if (errno != EINTR) {
            return Error::from_errno("reading from a program", errno);
        }
    }
}

} // namespace

Result<std::string> find_guest_agent(const std::string& name)
{
    const auto here = executable_folder();
    return find_first(
        { from_environment("VWB_GUEST_AGENTS"), here, here / VWB_INSTALLED_AGENTS, VWB_AGENTS_DIR },
        name, "VWB_GUEST_AGENTS");
}

Result<std::string> find_script(const std::string& name)
{
    return find_first({ from_environment("VWB_SCRIPTS"),
                          executable_folder() / VWB_INSTALLED_SCRIPTS, VWB_SCRIPTS_DIR },
        name, "VWB_SCRIPTS");
}

std::vector<char*> null_terminated(const std::vector<std::string>& strings)
{
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (const auto& text : strings) {
        pointers.push_back(const_cast<char*>(text.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

Result<ProgramOutcome> run_program(const std::vector<std::string>& command, Capture capture)
{
    std::array<int, 2> ends {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return Error::from_errno("pipe", errno);
    }
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (capture != Capture::None) {
        posix_spawn_file_actions_adddup2(
            &actions, writer.get(), capture == Capture::Output ? STDOUT_FILENO : STDERR_FILENO);
    }
    // We ignore SIGPIPE; a script whose pipes end early must not.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    auto arguments = null_terminated(command);
    pid_t pid = -1;
    const int failure
        = posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        return Error::from_errno("cannot run " + command[0], failure);
    }
    writer.reset();
    auto captured = read_all(reader.get());
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) { }
    ProgramOutcome outcome;
    outcome.captured = VWB_TRY(std::move(captured));
    outcome.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return outcome;
}

} // namespace vwb
