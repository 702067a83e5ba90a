// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/bench_session.h"

#include "engine/base/paths.h"

namespace vwb {

Result<std::unique_ptr<BenchSession>> BenchSession::start(EventLoop& loop, BenchSpec spec,
    const std::string& file, const std::string& control, std::function<void()> on_shutdown)
{
    std::unique_ptr<BenchSession> session(new BenchSession);
    session->m_file = file;
    session->m_on_shutdown = std::move(on_shutdown);
    session->m_spec = std::move(spec);
    VWB_TRY(ensure_private_directory(runtime_directory()));
    session->m_bench = VWB_TRY(Bench::start(session->m_spec, loop.clock()));
    for (const auto& device : session->m_bench->devices())
        session->m_devices.push_back(device.get());
    session->m_control_path = control.empty() ? session->m_bench->control_path() : control;
    session->m_server = VWB_TRY(ControlServer::start(loop, *session, session->m_control_path));
    return session;
}

BenchSession::~BenchSession()
{
    m_server.reset(); // observers leave before what they observe
}

} // namespace vwb
