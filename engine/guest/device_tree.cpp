// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/guest/device_tree.h"

#include "engine/guest/host_program.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace vwb {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view blob_magic = "\xd0\x0d\xfe\xed";

// / { compatible = "vhost-workbench,guest"; chosen { }; };  in dtc's words.
constexpr unsigned char bare_tree[] = { 0xd0, 0x0d, 0xfe, 0xed, 0x00, 0x00, 0x00, 0x87, 0x00, 0x00,
    0x00, 0x38, 0x00, 0x00, 0x00, 0x7c, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00,
    0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x44, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x16, 0x00, 0x00,
    0x00, 0x00, 0x76, 0x68, 0x6f, 0x73, 0x74, 0x2d, 0x77, 0x6f, 0x72, 0x6b, 0x62, 0x65, 0x6e, 0x63,
    0x68, 0x2c, 0x67, 0x75, 0x65, 0x73, 0x74, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x63, 0x68,
    0x6f, 0x73, 0x65, 0x6e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,
    0x00, 0x09, 0x63, 0x6f, 0x6d, 0x70, 0x61, 0x74, 0x69, 0x62, 0x6c, 0x65, 0x00 };

Result<std::string> read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string text { std::istreambuf_iterator<char>(file), {} };
    if (!file.is_open() || file.bad()) {
        return Error::from_errno("device tree " + path, errno);
    }
    return text;
}

Result<void> write_file(const std::string& path, const std::string& text)
{
    std::ofstream file(path, std::ios::binary);
    if (!file.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) {
        return Error::from_errno("writing " + path, errno);
    }
    return {};
}

Result<std::string> compile(
    const std::string& file, std::span<const GuestDevice> devices, const std::string& folder)
{
    const auto text = VWB_TRY(read_file(file));
    auto expanded = expand_socket_names(text, devices);
    if (!expanded) {
        return std::move(expanded).error().within(file);
    }
    const auto source = folder + "/guest.dts";
    const auto blob = folder + "/guest.dtb";
    VWB_TRY(write_file(source, *expanded));
    const auto includes = fs::absolute(file).parent_path().string();
    auto compiler = run_program(
        { "dtc", "-I", "dts", "-O", "dtb", "-i", includes, "-o", blob, source }, Capture::Errors);
    if (!compiler) {
        return Error(ErrorKind::Unavailable,
            compiler.error().message() + "; needed to compile " + file
                + " (apt install device-tree-compiler)");
    }
    if (compiler->exit_status != 0) {
        return Error(ErrorKind::Invalid, file + ": dtc says: " + compiler->captured);
    }
    return blob;
}

// The path is a string property, so its terminator follows it in the blob.
bool names_socket(const std::string& blob, const GuestDevice& device)
{
    return blob.find(device.socket_path + '\0') != std::string::npos;
}

} // namespace

Result<std::string> expand_socket_names(
    std::string_view source, std::span<const GuestDevice> devices)
{
    std::string expanded;
    size_t done = 0;
    for (;;) {
        const auto begin = source.find("${", done);
        const auto end = begin == source.npos ? source.npos : source.find('}', begin);
        if (end == source.npos) {
            expanded += source.substr(done);
            return expanded;
        }
        const auto name = source.substr(begin + 2, end - begin - 2);
        const auto device = std::find_if(devices.begin(), devices.end(),
            [name](const GuestDevice& candidate) { return candidate.name == name; });
        if (device == devices.end()) {
            const auto line = 1 + std::count(source.begin(), source.begin() + begin, '\n');
            std::string known;
            for (const auto& candidate : devices) {
                known += (known.empty() ? "" : ", ") + candidate.name;
            }
            return Error(ErrorKind::Invalid,
                "line " + std::to_string(line) + ": ${" + std::string(name)
                    + "} names no device of the bench (there is: "
                    + (known.empty() ? "none" : known) + ")");
        }
        expanded += source.substr(done, begin - done);
        expanded += device->socket_path;
        done = end + 1;
    }
}

Result<std::string> write_bare_tree(const std::string& folder)
{
    const auto path = folder + "/bare.dtb";
    VWB_TRY(write_file(path, std::string(std::begin(bare_tree), std::end(bare_tree))));
    return path;
}

Result<PreparedTree> prepare_device_tree(
    const std::string& file, std::span<const GuestDevice> devices, const std::string& folder)
{
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
        return Error(ErrorKind::NotFound, "device tree " + file + ": no such file");
    }
    PreparedTree tree;
    tree.blob_path = fs::absolute(file).string();
    if (fs::path(file).extension() == ".dts") {
        tree.blob_path = VWB_TRY(compile(file, devices, folder));
    }
    const auto blob = VWB_TRY(read_file(tree.blob_path));
    if (blob.rfind(blob_magic, 0) != 0) {
        return Error(ErrorKind::Invalid,
            "device tree " + file + ": neither a .dts file nor a compiled blob");
    }
    std::copy_if(devices.begin(), devices.end(), std::back_inserter(tree.other_devices),
        [&blob](const GuestDevice& device) { return !names_socket(blob, device); });
    return tree;
}

} // namespace vwb
