// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/kernel/gpio_sim_chip.h"

#include "engine/base/log.h"
#include "sim/kernel/kernel_files.h"

#include <atomic>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vwb {
namespace {

namespace fs = std::filesystem;

constexpr const char* PREFIX = "vwb-";

Result<void> make_folder(const std::string& path)
{
    if (::mkdir(path.c_str(), 0755) == 0)
        return {};
    const int error = errno;
    auto failed = Error::from_errno(path, error);
    if (error == EACCES || error == EPERM)
        return Error(failed.kind(), failed.message() + "; cure: run as root");
    return failed;
}

// The folders of a chip, from the innermost on; the attributes in them go with them.
void remove_folders(const fs::path& folder)
{
    std::vector<fs::path> inner;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.is_directory(error))
            inner.push_back(entry.path());
    }
    for (const auto& path : inner)
        remove_folders(path);
    ::rmdir(folder.c_str());
}

void remove_chip(const std::string& folder)
{
    if (const auto ended = write_attribute(folder + "/live", "0"); !ended)
        log_debug("gpio-sim", ended.error().message());
    remove_folders(folder);
    if (fs::exists(folder))
        log_warning("gpio-sim", folder + " could not be removed");
}

// The lock of a folder, if nobody else has it.
UniqueFd try_lock(const std::string& folder)
{
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0)
        return fd;
    return {};
}

// Nobody may look between the making of a chip and its lock: the caller has the lock above.
void remove_left_overs(const std::string& root)
{
    std::vector<std::string> left_over;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root, error)) {
        if (entry.path().filename().string().starts_with(PREFIX) && try_lock(entry.path()))
            left_over.push_back(entry.path());
    }
    for (const auto& folder : left_over) {
        remove_chip(folder);
        log_warning("gpio-sim", "removed " + folder + ", left over by a bench that died");
    }
}

Result<std::string> find_root(const GpioSimPaths& paths)
{
    auto root = paths.configfs + "/gpio-sim";
    std::error_code error;
    if (fs::is_directory(root, error))
        return root;
    if (error && error.value() == EACCES)
        return Error(ErrorKind::Unavailable, root + ": permission denied; cure: run as root");
    // An empty or absent folder: nothing is mounted there.
    const bool mounted
        = fs::is_directory(paths.configfs, error) && !fs::is_empty(paths.configfs, error);
    return Error(ErrorKind::Unavailable,
        root + " is not there; cure: "
            + (mounted ? "" : "mount -t configfs none " + paths.configfs + ", or ")
            + "modprobe gpio-sim (a kernel with CONFIG_GPIO_SIM)");
}

} // namespace

Result<std::unique_ptr<GpioSimChip>> GpioSimChip::create(
    const GpioSimOptions& options, const GpioSimPaths& paths)
{
    if (options.lines.empty() || options.lines.size() > MAX_LINES)
        return Error(ErrorKind::Invalid,
            "a chip of " + std::to_string(options.lines.size()) + " lines; expected 1 to "
                + std::to_string(MAX_LINES));
    const auto root = VWB_TRY(find_root(paths));
    const UniqueFd all(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!all || ::flock(all.get(), LOCK_EX) < 0)
        return Error::from_errno("locking " + root, errno);
    remove_left_overs(root);
    static std::atomic<unsigned> next { 0 };
    const auto name = PREFIX + std::to_string(::getpid()) + "-" + std::to_string(next++);
    VWB_TRY(make_folder(root + "/" + name));
    // From here on the destructor cleans up.
    std::unique_ptr<GpioSimChip> chip(
        new GpioSimChip(root + "/" + name, name, options.lines.size()));
    VWB_TRY(chip->describe(options));
    VWB_TRY(chip->bring_to_life(paths));
    for (uint32_t line = 0; line < chip->m_lines; ++line) {
        const auto& pull = options.lines[line].pull;
        if (!pull.empty())
            VWB_TRY(chip->set_pull(line, pull == "up" ? GpioLevel::High : GpioLevel::Low));
    }
    return chip;
}

GpioSimChip::GpioSimChip(std::string folder, std::string name, size_t lines)
    : m_folder(std::move(folder))
    , m_name(std::move(name))
    , m_lines(static_cast<uint32_t>(lines))
    , m_lock(try_lock(m_folder))
{
}

GpioSimChip::~GpioSimChip()
{
    remove_chip(m_folder);
}

Result<void> GpioSimChip::describe(const GpioSimOptions& options)
{
    const auto bank = m_folder + "/bank0";
    VWB_TRY(make_folder(bank));
    VWB_TRY(write_attribute(bank + "/num_lines", std::to_string(options.lines.size())));
    if (!options.label.empty())
        VWB_TRY(write_attribute(bank + "/label", options.label));
    for (size_t number = 0; number < options.lines.size(); ++number) {
        const auto& line = options.lines[number];
        if (!line.name.empty() || !line.hog.empty())
            VWB_TRY(describe_line(bank, number, line));
    }
    return {};
}

Result<void> GpioSimChip::describe_line(
    const std::string& bank, size_t number, const GpioSimLine& line)
{
    const auto folder = bank + "/line" + std::to_string(number);
    VWB_TRY(make_folder(folder));
    if (!line.name.empty())
        VWB_TRY(write_attribute(folder + "/name", line.name));
    if (line.hog.empty())
        return {};
    VWB_TRY(make_folder(folder + "/hog"));
    VWB_TRY(write_attribute(folder + "/hog/name",
        (line.name.empty() ? "line" + std::to_string(number) : line.name) + "-hog"));
    return write_attribute(folder + "/hog/direction", line.hog);
}

Result<void> GpioSimChip::bring_to_life(const GpioSimPaths& paths)
{
    VWB_TRY(write_attribute(m_folder + "/live", "1"));
    const auto device = VWB_TRY(read_attribute(m_folder + "/dev_name"));
    const auto chip = VWB_TRY(read_attribute(m_folder + "/bank0/chip_name"));
    m_sysfs = paths.platform + "/" + device + "/" + chip;
    m_path = paths.dev + "/" + chip;
    if (::access(m_path.c_str(), F_OK) < 0)
        return Error(ErrorKind::Unavailable,
            m_path + ": the kernel has the chip, but nobody made its node; cure: mount devtmpfs on "
                + paths.dev);
    return {};
}

std::string GpioSimChip::attribute(uint32_t line, const char* name) const
{
    return m_sysfs + "/sim_gpio" + std::to_string(line) + "/" + name;
}

Result<void> GpioSimChip::set_pull(uint32_t line, GpioLevel level)
{
    return write_attribute(
        attribute(line, "pull"), level == GpioLevel::High ? "pull-up" : "pull-down");
}

Result<GpioLevel> GpioSimChip::pull(uint32_t line) const
{
    const auto text = VWB_TRY(read_attribute(attribute(line, "pull")));
    return text == "pull-up" ? GpioLevel::High : GpioLevel::Low;
}

Result<GpioLevel> GpioSimChip::value(uint32_t line) const
{
    const auto text = VWB_TRY(read_attribute(attribute(line, "value")));
    return text == "1" ? GpioLevel::High : GpioLevel::Low;
}

} // namespace vwb
