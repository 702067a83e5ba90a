// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// BenchSession: a running bench with its control server on the main loop, as "vwb run" and "vwb
// guest run" both need it. Main thread only.
#pragma once

#include "engine/bench/bench.h"
#include "engine/control/bench_view.h"
#include "engine/control/control_server.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vwb {

class BenchSession final : private BenchView {
public:
    // The registry behind the spec lives longer. file: what the spec was read from, or empty.
    // control: path of the control socket; empty: the bench's own. on_shutdown: called on the loop
    // when an observer asks for the end.
    static Result<std::unique_ptr<BenchSession>> start(EventLoop& loop, BenchSpec spec,
        const std::string& file, const std::string& control, std::function<void()> on_shutdown);
    ~BenchSession() override;

    const Bench& bench() const { return *m_bench; }
    const std::string& control_path() const { return m_control_path; }

private:
    BenchSession() = default;

    const std::string& name() const override { return m_bench->name(); }
    const std::string& file() const override { return m_file; }
    std::span<BenchDevice* const> devices() const override { return m_devices; }
    std::chrono::system_clock::time_point started() const override { return m_started; }
    void request_shutdown() override { m_on_shutdown(); }

    std::string m_file;
    std::string m_control_path;
    BenchSpec m_spec;
    std::unique_ptr<Bench> m_bench;
    std::vector<BenchDevice*> m_devices;
    std::chrono::system_clock::time_point m_started = std::chrono::system_clock::now();
    std::function<void()> m_on_shutdown;
    std::unique_ptr<ControlServer> m_server;
};

} // namespace vwb
