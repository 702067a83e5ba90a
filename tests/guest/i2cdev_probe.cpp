// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// i2cdev_probe PATH MESSAGE...: one transfer on a real adapter through I2cDevAdapter, to be run
// inside a guest, where there are some. A message is "w48", "w48:01:ff" or "r48:4" (addresses and
// bytes in hexadecimal). Prints the outcome and what was read. "pec" before the messages: see
// SmbusCall.
#include "devices/i2c/i2cdev_adapter.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace vwb {
namespace {

class Probe final : private I2cListener {
public:
    int run(const char* path, std::unique_ptr<I2cTransfer> transfer, bool pec)
    {
        I2cDevOptions options;
        options.path = path;
        options.pec = pec;
        auto adapter = I2cDevAdapter::create(
            *m_loop, system_i2cdev_calls(), options, std::chrono::seconds(5));
        if (!adapter) {
            std::puts(adapter.error().message().c_str());
            return 1;
        }
        (*adapter)->set_listener(this);
        (*adapter)->execute(std::move(transfer));
        while (!m_done)
            m_loop->run_once(std::chrono::seconds(10));
        return tell();
    }

private:
    void transfer_done(std::unique_ptr<I2cTransfer> done) override { m_done = std::move(done); }

    int tell() const
    {
        std::fputs(to_string(m_done->outcome), stdout);
        if (!m_done->detail.empty())
            std::printf(": %s", m_done->detail.c_str());
        for (size_t i = 0; i < m_done->done; ++i) {
            if (m_done->message(i).direction == I2cDirection::Write)
                continue;
            for (const std::byte byte : m_done->data(i))
                std::printf(" %02x", std::to_integer<unsigned>(byte));
        }
        std::puts("");
        return 0;
    }

    MonotonicClock m_clock;
    std::unique_ptr<EventLoop> m_loop = EventLoop::create(m_clock).value();
    std::unique_ptr<I2cTransfer> m_done;
};

void add_message(I2cTransfer& transfer, const char* text)
{
    char* rest = nullptr;
    const auto value = std::strtoul(text + 1, &rest, 16);
    const I2cAddress address { static_cast<uint16_t>(value), false };
    std::vector<std::byte> bytes;
    while (*rest == ':')
        bytes.push_back(static_cast<std::byte>(std::strtoul(rest + 1, &rest, 16)));
    if (text[0] == 'r') {
        transfer.add(
            address, I2cDirection::Read, bytes.empty() ? 0 : std::to_integer<uint32_t>(bytes[0]));
        return;
    }
    transfer.add(address, I2cDirection::Write, static_cast<uint32_t>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), transfer.data(transfer.size() - 1).begin());
}

} // namespace
} // namespace vwb

int main(int argc, char** argv)
{
    const bool pec = argc > 2 && std::strcmp(argv[2], "pec") == 0;
    const int first = pec ? 3 : 2;
    if (argc <= first) {
        std::fputs("usage: i2cdev_probe PATH [pec] MESSAGE...\n", stderr);
        return 2;
    }
    auto transfer = std::make_unique<vwb::I2cTransfer>();
    for (int i = first; i < argc; ++i)
        vwb::add_message(*transfer, argv[i]);
    return vwb::Probe().run(argv[1], std::move(transfer), pec);
}
