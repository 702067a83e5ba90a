// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/base/paths.h"

#include <cerrno>
#include <cstdlib>

#include <sys/stat.h>
#include <unistd.h>

namespace vwb {

std::string runtime_directory()
{
    const char* directory = std::getenv("XDG_RUNTIME_DIR");
    if (directory && *directory)
        return std::string(directory) + "/vhost-workbench";
    return "/tmp/vhost-workbench-" + std::to_string(::geteuid());
}

static Result<void> check_private(const std::string& path)
{
    struct stat status { };
    if (::lstat(path.c_str(), &status) != 0)
        return Error::from_errno(path, errno);
    if (!S_ISDIR(status.st_mode))
        return Error(ErrorKind::Unavailable, path + " is not a directory");
    if (status.st_uid != ::geteuid())
        return Error(ErrorKind::Unavailable, path + " belongs to another user");
    if (status.st_mode & (S_IWGRP | S_IWOTH))
        return Error(ErrorKind::Unavailable,
            path + " is writable for others; make it private: chmod 700 " + path);
    return {};
}

Result<void> ensure_private_directory(const std::string& path)
{
    for (size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
        const std::string parent = path.substr(0, slash);
        if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST)
            return Error::from_errno("cannot make " + parent, errno);
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return Error::from_errno("cannot make " + path, errno);
    return check_private(path);
}

} // namespace vwb
