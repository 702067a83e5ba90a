// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/cli/run_of_capture.h"

#include "engine/cli/capture_commands.h"

#include <algorithm>
#include <cstdio>

namespace vwb {

RunOfCapture::RunOfCapture(const CaptureTypes& types)
    : m_schemas(schemas_of(types.registry))
{
}

Result<std::unique_ptr<RunOfCapture>> RunOfCapture::read(const std::string& path,
    const CaptureTypes& types, const std::string& filter, const std::vector<std::string>& devices)
{
    std::unique_ptr<RunOfCapture> captured(new RunOfCapture(types));
    captured->m_reader = VWB_TRY(CaptureReader::open(path));
    captured->m_player = std::make_unique<CapturePlayer>(*captured->m_reader, captured->m_schemas);
    VWB_TRY(captured->m_player->choose(filter, ALL_KINDS));
    VWB_TRY(captured->m_player->choose_devices(devices));
    for (const auto& warning : captured->m_player->warnings())
        std::fprintf(stderr, "vwb: %s\n", warning.c_str());
    const auto played = captured->m_player->play(captured->m_run);
    if (!played)
        std::fprintf(
            stderr, "vwb: %s; going on with what is before\n", played.error().message().c_str());
    return captured;
}

const std::string& RunOfCapture::type_of(const std::string& device) const
{
    const auto& devices = m_player->devices();
    return std::ranges::find(devices, device, &ObservedDevice::name)->type;
}

} // namespace vwb
