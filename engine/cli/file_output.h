// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FileOutput: bytes of an export to a file or standard output. A reader of standard output that
// went away is no error: it has seen enough.
#pragma once

#include "engine/base/result.h"
#include "engine/capture/record_sink.h"

#include <cstdio>
#include <memory>
#include <string>

namespace vwb {

class FileOutput final : public ByteSink {
public:
    // An empty path or "-": standard output. Errors: what the system says.
    static Result<std::unique_ptr<FileOutput>> open(const std::string& path);
    ~FileOutput() override;
    FileOutput(const FileOutput&) = delete;
    FileOutput& operator=(const FileOutput&) = delete;

    void write(std::string_view bytes) override;
    void flush() override;
    bool failed() const { return m_errno != 0; }
    // Errors: the disk is full, and the like.
    Result<void> finish();

private:
    FileOutput(std::FILE* file, std::string path)
        : m_file(file)
        , m_path(std::move(path))
    {
    }

    std::FILE* m_file;
    std::string m_path; // empty: standard output
    int m_errno = 0;
};

} // namespace vwb
