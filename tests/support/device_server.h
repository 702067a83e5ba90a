// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// DeviceServer: a device behind the real listener, on a thread of its own and a socket in a
// directory that goes away with it: what a bench does for one device, for tests of the guest side.
#pragma once

#include "engine/device/device_host.h"
#include "engine/vhost_user/listener.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace vwb::test {

class DeviceServer {
public:
    explicit DeviceServer(std::unique_ptr<Device> device);
    // For devices that need the loop to be made.
    using MakeDevice = std::function<std::unique_ptr<Device>(EventLoop&)>;
    explicit DeviceServer(const MakeDevice& make);
    ~DeviceServer();

    const std::string& path() const { return m_path; }
    // Runs the work on the device's thread and waits for it.
    void run(const std::function<void(DeviceHost&, Listener&)>& work);
    // "rule rule ..." of all problems in order of their first occurrence.
    std::string rules();

private:
    MonotonicClock m_clock;
    std::string m_directory;
    std::string m_path;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<DeviceHost> m_host;
    std::unique_ptr<Listener> m_listener;
    std::thread m_thread;
};

} // namespace vwb::test
