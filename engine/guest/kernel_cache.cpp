// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/kernel_cache.h"

#include "engine/guest/host_program.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

namespace vwb {

namespace {

constexpr int builder_says_absent = 3;

Result<std::string> check_kernel(const std::string& path, const std::string& origin)
{
    const auto what = "guest kernel " + path + " (" + origin + ")";
    struct stat status { };
    if (stat(path.c_str(), &status) != 0) {
        return Error(
            errno == ENOENT || errno == ENOTDIR ? ErrorKind::NotFound : ErrorKind::Unavailable,
            Error::from_errno(what, errno).message());
    }
    if (!S_ISREG(status.st_mode)) {
        return Error(ErrorKind::Invalid, what + ": not a regular file");
    }
    if (access(path.c_str(), X_OK) != 0) {
        return Error(ErrorKind::Invalid,
            what + ": not executable (a User-Mode Linux kernel is an ordinary program)");
    }
    std::error_code error;
    return std::filesystem::absolute(path, error).string();
}

} // namespace

Result<std::string> find_guest_kernel(const std::string& choice)
{
    if (!choice.empty()) {
        return check_kernel(choice, "--kernel");
    }
    const char* variable = std::getenv("VWB_GUEST");
    if (variable != nullptr && *variable != '\0') {
        return check_kernel(variable, "$VWB_GUEST");
    }
    const auto builder = VWB_TRY(find_script("guest/build-kernel"));
    const auto outcome = VWB_TRY(run_program({ builder, "--print-path" }, Capture::Output));
    auto path = outcome.captured.substr(0, outcome.captured.find('\n'));
    if (outcome.exit_status == builder_says_absent) {
        return Error(ErrorKind::NotFound,
            "no guest kernel" + (path.empty() ? "" : " at " + path)
                + "; `vwb guest build` makes one, --kernel FILE or $VWB_GUEST names your own");
    }
    if (outcome.exit_status != 0) {
        return Error(ErrorKind::Unavailable,
            builder + " --print-path: exit status " + std::to_string(outcome.exit_status));
    }
    return path;
}

Result<int> build_guest_kernel(const std::vector<std::string>& arguments)
{
    auto builder = VWB_TRY(find_script("guest/build-kernel"));
    std::vector<std::string> command { std::move(builder) };
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto outcome = VWB_TRY(run_program(command, Capture::None));
    return outcome.exit_status;
}

} // namespace vwb
