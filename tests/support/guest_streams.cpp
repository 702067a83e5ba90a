// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/guest_streams.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace vwb {

namespace {

namespace fs = std::filesystem;

std::string read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return { std::istreambuf_iterator<char>(file), {} };
}

bool any_process_mentions(const std::string& word)
{
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") == std::string::npos
            && read_file(entry.path() / "cmdline").find(word) != std::string::npos) {
            return true;
        }
    }
    return false;
}

} // namespace

GuestStreamFiles::GuestStreamFiles()
    : m_folder((fs::temp_directory_path() / "vwb-test-XXXXXX").string())
{
    m_folder = mkdtemp(m_folder.data());
    m_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    m_output = open((m_folder + "/output").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    m_error = open((m_folder + "/error").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    fs::create_directory(m_folder + "/tmp");
    setenv("TMPDIR", (m_folder + "/tmp").c_str(), 1);
}

GuestStreamFiles::~GuestStreamFiles()
{
    for (const int fd : { m_input, m_output, m_error }) {
        close(fd);
    }
    unsetenv("TMPDIR");
    std::error_code ignored;
    fs::remove_all(m_folder, ignored);
}

void GuestStreamFiles::set_input(const std::string& bytes)
{
    std::ofstream(m_folder + "/input", std::ios::binary) << bytes;
    close(m_input);
    m_input = open((m_folder + "/input").c_str(), O_RDONLY | O_CLOEXEC);
}

GuestStreams GuestStreamFiles::streams() const
{
    return { m_input, m_output, m_error };
}
std::string GuestStreamFiles::output() const
{
    return read_file(m_folder + "/output");
}
std::string GuestStreamFiles::error() const
{
    return read_file(m_folder + "/error");
}

bool GuestStreamFiles::nothing_left() const
{
    // Every process of a guest has its temporary folder, or its kernel's, on the command line.
    return fs::is_empty(m_folder + "/tmp") && !any_process_mentions(m_folder);
}

bool no_process_mentions(const std::string& word)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (any_process_mentions(word)) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

} // namespace vwb
