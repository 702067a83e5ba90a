// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Runs a harness over files, for compilers without libFuzzer: each argument is a file, or a folder
// of files. A harness that finds something aborts; the file is named before.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

bool replay(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        return false;
    }
    const std::vector<char> bytes { std::istreambuf_iterator<char>(file), {} };
    std::printf("%s, %zu bytes\n", path.c_str(), bytes.size());
    std::fflush(stdout); // before an abort
    const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    size_t files = 0;
    for (int i = 1; i < argc; ++i) {
        std::vector<std::filesystem::path> paths { argv[i] };
        if (std::filesystem::is_directory(argv[i])) {
            const std::filesystem::directory_iterator folder(argv[i]);
            paths.assign(begin(folder), end(folder));
        }
        for (const auto& path : paths) {
            if (!replay(path))
                return 1;
            ++files;
        }
    }
    std::printf("%zu inputs, nothing found\n", files);
    return files > 0 ? 0 : 1; // an empty corpus is no test
}
