// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/file_output.h"

#include <cerrno>

namespace vwb {

Result<std::unique_ptr<FileOutput>> FileOutput::open(const std::string& path)
{
    if (path.empty() || path == "-")
        return std::unique_ptr<FileOutput>(new FileOutput(stdout, ""));
    std::FILE* file = std::fopen(path.c_str(), "wbe");
    if (!file)
        return Error::from_errno(path, errno);
    return std::unique_ptr<FileOutput>(new FileOutput(file, path));
}

FileOutput::~FileOutput()
{
    if (!m_path.empty())
        std::fclose(m_file);
}

void FileOutput::write(std::string_view bytes)
{
    if (m_errno == 0 && std::fwrite(bytes.data(), 1, bytes.size(), m_file) != bytes.size())
        m_errno = errno;
}

void FileOutput::flush()
{
    if (m_errno == 0 && std::fflush(m_file) != 0)
        m_errno = errno;
}

Result<void> FileOutput::finish()
{
    flush();
    if (m_errno == 0 || (m_path.empty() && m_errno == EPIPE))
        return {};
    return Error::from_errno(m_path.empty() ? "standard output" : m_path, m_errno);
}

} // namespace vwb
