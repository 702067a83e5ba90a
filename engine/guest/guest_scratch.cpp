// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/guest_scratch.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace vwb {

namespace {

namespace fs = std::filesystem;

Result<std::string> writable_folder(const std::string& text)
{
    std::error_code error;
    const auto path = fs::canonical(text, error);
    if (error || !fs::is_directory(path, error)) {
        return Error(ErrorKind::NotFound, "$VWB_GUEST_DIR: no folder " + text);
    }
    return path.string();
}

} // namespace

Result<GuestScratch> GuestScratch::create()
{
    const char* variable = std::getenv("TMPDIR");
    std::string path = variable != nullptr && *variable != '\0' ? variable : "/tmp";
    path += "/vwb-guest-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
        return Error::from_errno("temporary folder " + path, errno);
    }
    GuestScratch scratch(fs::absolute(path).string());
    std::error_code error;
    for (const char* folder : { "/uml", "/files" }) {
        if (!fs::create_directory(scratch.path() + folder, error)) {
            return Error::from_errno(scratch.path() + folder, error.value());
        }
    }
    return scratch;
}

GuestScratch::GuestScratch(GuestScratch&& other) noexcept
    : m_path(std::exchange(other.m_path, {}))
{
}

GuestScratch::~GuestScratch()
{
    std::error_code ignored; // the keeper has usually been here before
    if (!m_path.empty()) {
        fs::remove_all(m_path, ignored);
    }
}

Result<std::string> GuestScratch::guest_directory() const
{
    const char* variable = std::getenv("VWB_GUEST_DIR");
    if (variable == nullptr || *variable == '\0') {
        return m_path + "/files";
    }
    return writable_folder(variable);
}

} // namespace vwb
