// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/support/device_server.h"

#include <filesystem>

#include <stdlib.h>

namespace vwb::test {

DeviceServer::DeviceServer(std::unique_ptr<Device> device)
    : DeviceServer([&device](EventLoop&) { return std::move(device); })
{
}

DeviceServer::DeviceServer(const MakeDevice& make)
    : m_loop(EventLoop::create(m_clock).value())
    , m_host(std::make_unique<DeviceHost>("dut", uint16_t { 0 }, *m_loop, make(*m_loop)))
{
    std::string name = (std::filesystem::temp_directory_path() / "vwb-test-XXXXXX").string();
    VWB_ASSERT(::mkdtemp(name.data()));
    m_directory = name;
    m_path = name + "/dut.sock";
    m_listener = Listener::bind(*m_host, m_path).value();
    m_thread = std::thread([this] {
        m_loop->move_to_this_thread();
        m_loop->run();
        m_listener.reset();
        m_host.reset();
    });
}

DeviceServer::~DeviceServer()
{
    m_loop->stop();
    m_thread.join();
    std::filesystem::remove_all(m_directory);
}

void DeviceServer::run(const std::function<void(DeviceHost&, Listener&)>& work)
{
    VWB_ASSERT(m_loop->run_and_wait([this, &work] { work(*m_host, *m_listener); }));
}

std::string DeviceServer::rules()
{
    std::string out;
    run([&out](DeviceHost& host, Listener&) {
        for (const Problem& problem : host.problems().problems())
            out += (out.empty() ? "" : " ") + std::string(problem.rule);
    });
    return out;
}

} // namespace vwb::test
