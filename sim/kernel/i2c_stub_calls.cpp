// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "sim/kernel/i2c_stub_calls.h"

#include "sim/kernel/kernel_files.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace vwb {
namespace {

constexpr const char* ADAPTER = "SMBus stub driver";

class SystemI2cStubCalls final : public I2cStubCalls {
public:
    Result<std::string> loaded_chips() override
    {
        return read_attribute("/sys/module/i2c_stub/parameters/chip_addr");
    }
    int load(const std::string& path, const std::string& parameters) override
    {
        const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd || ::syscall(SYS_finit_module, fd.get(), parameters.c_str(), 0) < 0)
            return -errno;
        return 0;
    }
    int unload() override
    {
        return ::syscall(SYS_delete_module, "i2c_stub", O_NONBLOCK) < 0 ? -errno : 0;
    }
    bool probe(const std::string& parameters) override
    {
        std::string words[] = { "modprobe", "i2c-stub", parameters };
        char* const arguments[] = { words[0].data(), words[1].data(), words[2].data(), nullptr };
        pid_t process = 0;
        int status = 0;
        return ::posix_spawnp(&process, "modprobe", nullptr, nullptr, arguments, environ) == 0
            && ::waitpid(process, &status, 0) == process && status == 0;
    }
    std::string adapter() override
    {
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator("/sys/class/i2c-dev", error)) {
            const auto name = read_attribute(entry.path().string() + "/name");
            if (name && *name == ADAPTER)
                return "/dev/" + entry.path().filename().string();
        }
        return {};
    }
    UniqueFd open(const std::string& path) override
    {
        return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    }
    int access(int fd, uint16_t address, bool read, uint8_t index, uint16_t& value) override
    {
        i2c_smbus_data data {};
        data.word = value;
        i2c_smbus_ioctl_data call {};
        call.read_write = read ? I2C_SMBUS_READ : I2C_SMBUS_WRITE;
        call.command = index;
        call.size = I2C_SMBUS_WORD_DATA;
        call.data = &data;
        if (::ioctl(fd, I2C_SLAVE_FORCE, static_cast<long>(address)) < 0
            || ::ioctl(fd, I2C_SMBUS, &call) < 0)
            return -errno;
        value = data.word;
        return 0;
    }
};

} // namespace

std::shared_ptr<I2cStubCalls> system_i2c_stub_calls()
{
    return std::make_shared<SystemI2cStubCalls>();
}

} // namespace vwb
