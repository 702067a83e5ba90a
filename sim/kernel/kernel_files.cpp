// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/kernel/kernel_files.h"

#include "engine/base/unique_fd.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace vwb {

Result<std::string> read_attribute(const std::string& path)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char text[4096]; // no attribute is longer than a page
    const auto size = fd ? ::read(fd.get(), text, sizeof text) : -1;
    if (size < 0)
        return Error::from_errno(path, errno);
    std::string read(text, static_cast<size_t>(size));
    if (read.ends_with('\n'))
        read.pop_back();
    return read;
}

Result<void> write_attribute(const std::string& path, const std::string& text)
{
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || ::write(fd.get(), text.data(), text.size()) < 0)
        return Error::from_errno("writing '" + text + "' to " + path, errno);
    return {};
}

} // namespace vwb
