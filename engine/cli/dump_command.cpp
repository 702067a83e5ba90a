// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// "vwb dump": a capture, from a file or live, to text or an open format.
#include "engine/capture/capture_player.h"
#include "engine/capture/export_dissector.h"
#include "engine/capture/export_pcapng.h"
#include "engine/capture/export_perfetto.h"
#include "engine/capture/export_text.h"
#include "engine/capture/export_vcd.h"
#include "engine/cli/capture_commands.h"
#include "engine/cli/file_output.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/live_capture.h"

#include <cstdio>

namespace vwb {
namespace {

std::unique_ptr<RecordSink> make_export(
    const std::string& format, const CaptureTypes& types, ByteSink& out)
{
    if (format == "json")
        return std::make_unique<JsonExport>(out);
    if (format == "pcapng")
        return std::make_unique<PcapngExport>(out, types.two_wire);
    if (format == "vcd")
        return std::make_unique<VcdExport>(out, types.two_wire);
    if (format == "perfetto")
        return std::make_unique<PerfettoExport>(out);
    return std::make_unique<TextExport>(out);
}

int print_dissector(const CaptureTypes& types)
{
    std::vector<DissectedType> dissected;
    for (const auto& type : types.registry.types())
        dissected.push_back({ type.device_id, type.schema });
    std::fputs(dissector_text(dissected).c_str(), stdout);
    return 0;
}

Value start_parameters(const DumpOptions& options)
{
    Value parameters = Value::object();
    parameters.set("filter", options.filter);
    parameters.set("requests", options.count);
    Value devices = Value::list();
    for (const auto& device : options.devices)
        devices.append(device);
    parameters.set("devices", std::move(devices));
    if (options.time.count() > 0)
        parameters.set("time", std::to_string(options.time.count()) + "ns");
    return parameters;
}

Result<uint32_t> kinds_of(const DumpOptions& options, const std::string& format)
{
    if (options.kinds.empty() && format != "text" && format != "json")
        return ALL_KINDS;
    return record_kinds(options.kinds);
}

Result<int> dump(
    CaptureReader& reader, const DumpOptions& options, const CaptureTypes& types, FileOutput& out)
{
    CapturePlayer player(reader, schemas_of(types.registry));
    const std::string format = options.observer.json ? "json" : options.format;
    const uint32_t kinds = VWB_TRY(kinds_of(options, format));
    VWB_TRY(player.choose(options.filter, kinds));
    VWB_TRY(player.choose_devices(options.devices));
    for (const auto& warning : player.warnings())
        std::fprintf(stderr, "vwb: %s\n", warning.c_str());
    const auto sink = make_export(format, types, out);
    const auto played = player.play(*sink);
    VWB_TRY(out.finish());
    VWB_TRY(played);
    if (!reader.ended())
        std::fprintf(stderr, "vwb: %s\n", missing_end_text(reader).c_str());
    return 0;
}

Result<int> dump_live(const DumpOptions& options, const CaptureTypes& types, FileOutput& out)
{
    DumpOptions live = options;
    if (!live.file.empty() && !live.filter.empty())
        return Error(ErrorKind::Invalid, "dump --live reads no file: give a filter only");
    if (!live.file.empty())
        live.filter = std::exchange(live.file, {});
    const Interrupt interrupt;
    const auto control = VWB_TRY(find_control_socket(live.observer.control));
    const auto capture = VWB_TRY(LiveCapture::start(control, start_parameters(live),
        [&out] { return Interrupt::requested() || out.failed(); }));
    return dump(capture->reader(), live, types, out);
}

} // namespace

SchemaFinder schemas_of(const Registry& registry)
{
    return [&registry](const std::string& type) -> const Schema* {
        const DeviceType* known = registry.find(type);
        return known ? known->schema : nullptr;
    };
}

Result<int> dump_command(const DumpOptions& options, const CaptureTypes& types)
{
    if (options.dissector)
        return print_dissector(types);
    if (!options.live && options.file.empty())
        return Error(ErrorKind::Invalid, "dump: name a capture, or --live");
    if (options.live) {
        const auto out = VWB_TRY(FileOutput::open(options.output));
        return dump_live(options, types, *out);
    }
    const auto reader = VWB_TRY(CaptureReader::open(options.file));
    const auto out = VWB_TRY(FileOutput::open(options.output));
    return dump(*reader, options, types, *out);
}

} // namespace vwb
