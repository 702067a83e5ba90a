// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//
// The first and only process of the QEMU guest, static, because its initramfs holds nothing else.
// It obeys test_qemu.py over the second serial line: a command a line, answered by lines of which
// the last is "ok" or "failed REASON".
#include "engine/guest/agent/guest_mounts.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

namespace {

using Words = std::vector<std::string>;

// How long the guest waits for an edge; the test waits longer.
constexpr int edge_timeout_ms = 20'000;

class SerialLine {
public:
    explicit SerialLine(const char* path)
        : m_fd(open(path, O_RDWR | O_NOCTTY))
    {
        termios settings {};
        tcgetattr(m_fd, &settings);
        cfmakeraw(&settings);
        tcsetattr(m_fd, TCSANOW, &settings);
    }

    std::string read_line()
    {
        std::string line;
        char character = 0;
        while (read(m_fd, &character, 1) == 1 && character != '\n')
            line += character;
        return line;
    }

    void write_line(std::string line)
    {
        line += '\n';
        for (size_t done = 0; done < line.size();) {
            const ssize_t count = write(m_fd, line.data() + done, line.size() - done);
            if (count <= 0)
                return;
            done += static_cast<size_t>(count);
        }
    }

private:
    int m_fd;
};

std::string failed(const std::string& what)
{
    return "failed " + what + ": " + std::strerror(errno);
}

// A descriptor for one command.
class File {
public:
    File(const std::string& path, int flags)
        : m_fd(open(path.c_str(), flags | O_CLOEXEC))
    {
    }
    ~File() { close(m_fd); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return m_fd; }

private:
    int m_fd;
};

std::string hex(const std::vector<uint8_t>& bytes)
{
    std::string text;
    std::array<char, 3> digits {};
    for (const uint8_t byte : bytes) {
        std::snprintf(digits.data(), digits.size(), "%02x", byte);
        text += digits.data();
    }
    return text;
}

// read PATH COUNT: up to so many bytes, as hexadecimal digits.
std::string read_file(const Words& words, SerialLine& line)
{
    const File file(words.at(1), O_RDONLY);
    std::vector<uint8_t> bytes(std::strtoul(words.at(2).c_str(), nullptr, 10));
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = read(file.fd(), bytes.data() + done, bytes.size() - done);
        if (count < 0)
            return failed(words.at(1));
        if (count == 0)
            break;
        done += static_cast<size_t>(count);
    }
    bytes.resize(done);
    line.write_line(hex(bytes));
    return "ok";
}

// write PATH TEXT
std::string write_file(const Words& words, SerialLine&)
{
    const File file(words.at(1), O_WRONLY);
    const std::string& text = words.at(2);
    return write(file.fd(), text.data(), text.size()) < 0 ? failed(words.at(1)) : "ok";
}

// i2c ADDRESS WRITTEN COUNT: writes bytes given as hexadecimal digits ("-": none), then reads
// COUNT.
std::string transfer_i2c(const Words& words, SerialLine& line)
{
    const File bus("/dev/i2c-0", O_RDWR);
    const auto address = static_cast<uint16_t>(std::strtoul(words.at(1).c_str(), nullptr, 16));
    std::vector<uint8_t> written;
    for (size_t i = 0; i + 1 < words.at(2).size(); i += 2)
        written.push_back(
            static_cast<uint8_t>(std::strtoul(words.at(2).substr(i, 2).c_str(), nullptr, 16)));
    std::vector<uint8_t> read(std::strtoul(words.at(3).c_str(), nullptr, 10));
    std::vector<i2c_msg> messages;
    if (!written.empty())
        messages.push_back({ address, 0, static_cast<uint16_t>(written.size()), written.data() });
    if (!read.empty())
        messages.push_back({ address, I2C_M_RD, static_cast<uint16_t>(read.size()), read.data() });
    i2c_rdwr_ioctl_data transfer { messages.data(), static_cast<uint32_t>(messages.size()) };
    const int done = ioctl(bus.fd(), I2C_RDWR, &transfer);
    if (done != static_cast<int>(messages.size()))
        return failed(std::to_string(done) + " messages were transferred");
    line.write_line(hex(read));
    return "ok";
}

// GPIO lines that the guest holds, each by a request of its own.
class GpioLines {
public:
    // names: the name of each line.
    std::string names(const Words&, SerialLine& line)
    {
        const File chip(path, O_RDWR);
        gpiochip_info info {};
        if (ioctl(chip.fd(), GPIO_GET_CHIPINFO_IOCTL, &info) < 0)
            return failed(path);
        for (uint32_t offset = 0; offset < info.lines; ++offset) {
            gpio_v2_line_info name {};
            name.offset = offset;
            if (ioctl(chip.fd(), GPIO_V2_GET_LINEINFO_IOCTL, &name) < 0)
                return failed("line info");
            line.write_line(name.name);
        }
        return "ok";
    }

    // hold LINE in|out|edges: asks the driver for the line.
    std::string hold(const Words& words, SerialLine&)
    {
        const std::string& how = words.at(2);
        gpio_v2_line_request request {};
        request.offsets[0] = number(words);
        request.num_lines = 1;
        request.config.flags = how == "out" ? GPIO_V2_LINE_FLAG_OUTPUT : GPIO_V2_LINE_FLAG_INPUT;
        if (how == "edges")
            request.config.flags |= GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING;
        const File chip(path, O_RDWR);
        if (ioctl(chip.fd(), GPIO_V2_GET_LINE_IOCTL, &request) < 0)
            return failed("hold");
        m_held[number(words)] = request.fd;
        return "ok";
    }

    // release LINE
    std::string release(const Words& words, SerialLine&)
    {
        close(m_held.at(number(words)));
        m_held.erase(number(words));
        return "ok";
    }

    // set LINE VALUE
    std::string set(const Words& words, SerialLine&)
    {
        gpio_v2_line_values values { words.at(2) == "1" ? 1U : 0U, 1 };
        const int line = m_held.at(number(words));
        return ioctl(line, GPIO_V2_LINE_SET_VALUES_IOCTL, &values) < 0 ? failed("set") : "ok";
    }

    // get LINE
    std::string get(const Words& words, SerialLine& line)
    {
        gpio_v2_line_values values { 0, 1 };
        if (ioctl(m_held.at(number(words)), GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0)
            return failed("get");
        line.write_line(values.bits ? "1" : "0");
        return "ok";
    }

    // edge LINE: waits for the next one.
    std::string edge(const Words& words, SerialLine& line)
    {
        pollfd wait { m_held.at(number(words)), POLLIN, 0 };
        gpio_v2_line_event event {};
        if (poll(&wait, 1, edge_timeout_ms) != 1)
            return "failed no edge came";
        if (read(wait.fd, &event, sizeof(event)) != sizeof(event))
            return failed("edge");
        line.write_line(event.id == GPIO_V2_LINE_EVENT_RISING_EDGE ? "rising" : "falling");
        return "ok";
    }

private:
    static constexpr const char* path = "/dev/gpiochip0";

    static uint32_t number(const Words& words)
    {
        return static_cast<uint32_t>(std::strtoul(words.at(1).c_str(), nullptr, 10));
    }

    std::map<uint32_t, int> m_held;
};

std::string obey(const Words& words, SerialLine& line, GpioLines& lines)
{
    using Command = std::string (*)(const Words&, SerialLine&);
    using LineCommand = std::string (GpioLines::*)(const Words&, SerialLine&);
    static const std::map<std::string, Command> commands { { "read", read_file },
        { "write", write_file }, { "i2c", transfer_i2c } };
    static const std::map<std::string, LineCommand> line_commands { { "names", &GpioLines::names },
        { "hold", &GpioLines::hold }, { "release", &GpioLines::release },
        { "set", &GpioLines::set }, { "get", &GpioLines::get }, { "edge", &GpioLines::edge } };
    const std::string name = words.empty() ? "" : words.front();
    if (const auto found = commands.find(name); found != commands.end())
        return found->second(words, line);
    if (const auto found = line_commands.find(name); found != line_commands.end())
        return (lines.*found->second)(words, line);
    return "failed no such command";
}

} // namespace

int main()
{
    vwb::mount_kernel_file_systems();
    SerialLine line("/dev/ttyS1");
    GpioLines lines;
    line.write_line("up");
    for (;;) {
        std::istringstream text(line.read_line());
        Words words;
        for (std::string word; text >> word;)
            words.push_back(word);
        if (words == Words { "off" })
            break;
        line.write_line(obey(words, line, lines));
    }
    reboot(RB_POWER_OFF);
    return 1;
}
