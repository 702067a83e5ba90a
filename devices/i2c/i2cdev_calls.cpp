// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/i2c/i2cdev_calls.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/ioctl.h>

#ifdef VWB_HAVE_LIBI2C
extern "C" {
#include <i2c/smbus.h>
}
#endif

namespace vwb {
namespace {

int answer(int result)
{
    return result < 0 ? -errno : result;
}

class SystemI2cDevCalls final : public I2cDevCalls {
public:
    UniqueFd open(const std::string& path) override
    {
        return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    }
    std::vector<std::pair<std::string, std::string>> adapters() override
    {
        // The folder of adapters alone: chips, which have names too, are elsewhere.
        std::vector<std::pair<std::string, std::string>> found;
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator("/sys/class/i2c-dev", error)) {
            std::ifstream file(entry.path() / "name");
            std::string name;
            if (std::getline(file, name))
                found.emplace_back(entry.path().filename().string(), name);
        }
        return found;
    }
    int functions(int fd, unsigned long& functions) override
    {
        return answer(::ioctl(fd, I2C_FUNCS, &functions));
    }
    int set_timeout(int fd, unsigned long tens_of_ms) override
    {
        return answer(::ioctl(fd, I2C_TIMEOUT, tens_of_ms));
    }
    int set_retries(int fd, unsigned long retries) override
    {
        return answer(::ioctl(fd, I2C_RETRIES, retries));
    }
    int set_pec(int fd, bool on) override { return answer(::ioctl(fd, I2C_PEC, on ? 1UL : 0UL)); }
    int set_address(int fd, uint16_t address, bool ten_bit, bool force) override
    {
        if (const int error = answer(::ioctl(fd, I2C_TENBIT, ten_bit ? 1UL : 0UL)); error < 0)
            return error;
        return answer(::ioctl(fd, force ? I2C_SLAVE_FORCE : I2C_SLAVE, static_cast<long>(address)));
    }
    int transfer(int fd, i2c_rdwr_ioctl_data& messages) override
    {
        return answer(::ioctl(fd, I2C_RDWR, &messages));
    }
#ifdef VWB_HAVE_LIBI2C
    int smbus(int fd, char read_write, uint8_t command, int size, i2c_smbus_data* data) override
    {
        return ::i2c_smbus_access(fd, read_write, command, size, data);
    }
    bool has_smbus() const override
    {
        return true;
    }
#else
    int smbus(int, char, uint8_t, int, i2c_smbus_data*) override
    {
        return -ENOSYS;
    }
    bool has_smbus() const override
    {
        return false;
    }
#endif
};

} // namespace

std::shared_ptr<I2cDevCalls> system_i2cdev_calls()
{
    return std::make_shared<SystemI2cDevCalls>();
}

} // namespace vwb
