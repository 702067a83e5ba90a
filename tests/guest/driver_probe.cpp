// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// driver_probe SOCKET STEP...: the built-in driver on one device, to be run inside a guest against
// a workbench in there. What its bytes mean is the test's business. Each step prints one line:
//   config OFFSET SIZE        bytes of the config space
//   ask QUEUE BYTES ROOM      a request: the bytes that the device wrote
//   park KEY QUEUE BYTES ROOM a request that nobody waits for yet
//   look KEY                  "pending", or what the device wrote
//   wait KEY                  what the device wrote
//   ! COMMAND                 a command of the shell, which prints what it likes
// BYTES is hexadecimal, ROOM a number of writable bytes.
#include "engine/driver/builtin_driver.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

namespace vwb {
namespace {

std::vector<std::byte> bytes_of(const std::string& text)
{
    std::vector<std::byte> bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(
            static_cast<std::byte>(std::strtoul(text.substr(i, 2).c_str(), nullptr, 16)));
    return bytes;
}

std::string text_of(std::span<const std::byte> bytes)
{
    std::string text;
    for (const auto byte : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(byte));
        text += digits;
    }
    return text;
}

std::string text_of(const Answer& answer)
{
    return text_of(std::span(answer.bytes).first(answer.used_length));
}

class Probe {
public:
    explicit Probe(BuiltinDriver& driver)
        : m_driver(driver)
    {
    }

    Result<std::string> step(const std::string& text)
    {
        std::istringstream words(text);
        std::string verb;
        std::string key;
        std::string bytes;
        unsigned queue = 0;
        uint32_t room = 0;
        words >> verb;
        if (verb == "!")
            return run(text.substr(1));
        if (verb == "config") {
            words >> queue >> room;
            return text_of(VWB_TRY(m_driver.read_config(queue, room)));
        }
        if (verb == "ask") {
            words >> queue >> bytes >> room;
            return text_of(VWB_TRY(m_driver.request(queue, bytes_of(bytes), room)));
        }
        words >> key;
        if (verb == "park") {
            words >> queue >> bytes >> room;
            m_parked[key] = { queue, VWB_TRY(m_driver.submit(queue, bytes_of(bytes), room)) };
            return std::string("parked");
        }
        const auto parked = m_parked[key];
        if (verb == "wait")
            return text_of(VWB_TRY(m_driver.wait(parked.queue, parked.ticket)));
        if (verb != "look")
            return Error(ErrorKind::Invalid, "unknown step: " + text);
        const auto answer = VWB_TRY(m_driver.poll(parked.queue, parked.ticket));
        return answer ? text_of(*answer) : std::string("pending");
    }

private:
    struct Parked {
        unsigned queue = 0;
        uint64_t ticket = 0;
    };

    static Result<std::string> run(const std::string& command)
    {
        std::fflush(stdout);
        if (std::system(command.c_str()) != 0)
            return Error(ErrorKind::Io, "failed:" + command);
        return std::string();
    }

    BuiltinDriver& m_driver;
    std::map<std::string, Parked> m_parked;
};

} // namespace
} // namespace vwb

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fputs("usage: driver_probe SOCKET STEP...\n", stderr);
        return 2;
    }
    auto driver = vwb::BuiltinDriver::connect(argv[1]);
    if (!driver) {
        std::puts(driver.error().message().c_str());
        return 1;
    }
    vwb::Probe probe(**driver);
    for (int i = 2; i < argc; ++i) {
        const auto said = probe.step(argv[i]);
        if (!said) {
            std::puts(said.error().message().c_str());
            return 1;
        }
        if (!said->empty())
            std::puts(said->c_str());
    }
    return 0;
}
