// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/bench/bench.h"

#include "engine/base/paths.h"

#include <unistd.h>

namespace vwb {

static std::string in_directory(const std::string& directory, const std::string& path)
{
    return path.starts_with('/') ? path : directory + "/" + path;
}

Result<std::unique_ptr<Bench>> Bench::start(const BenchSpec& spec, Clock& clock)
{
    std::unique_ptr<Bench> bench(new Bench);
    const std::string runtime = runtime_directory();
    bench->m_name = spec.name;
    bench->m_directory = spec.directory.empty() ? runtime + "/" + spec.name : spec.directory;
    bench->m_control_path = spec.control.empty() ? runtime + "/" + spec.name + ".sock"
                                                 : in_directory(bench->m_directory, spec.control);
    VWB_TRY(ensure_private_directory(bench->m_directory));
    bench->m_directory_is_ours = spec.directory.empty();
    for (const auto& device : spec.devices) {
        const std::string socket = device.socket.empty() ? device.name + ".sock" : device.socket;
        const auto index = static_cast<uint16_t>(bench->m_devices.size());
        auto running
            = RunningDevice::start(device, index, clock, in_directory(bench->m_directory, socket));
        if (!running)
            return std::move(running).error().within("device " + device.name);
        bench->m_devices.push_back(std::move(running).value());
    }
    for (const auto& fault : spec.faults) {
        RunningDevice& device = *bench->m_devices[fault.target];
        Result<uint64_t> armed = Error(ErrorKind::Closed, "the device has ended");
        device.on_loop([&] { armed = device.gate()->arm(fault.spec); });
        if (!armed)
            return std::move(armed).error().within(fault.place);
    }
    return bench;
}

Bench::~Bench()
{
    m_devices.clear();
    if (m_directory_is_ours)
        ::rmdir(m_directory.c_str());
}

RunningDevice* Bench::find(std::string_view name) const
{
    for (const auto& device : m_devices) {
        if (device->name() == name)
            return device.get();
    }
    return nullptr;
}

} // namespace vwb
