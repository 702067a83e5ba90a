// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_type.h"

#include "devices/rng/rng_device.h"
#include "devices/rng/rng_load.h"
#include "devices/rng/rng_schema.h"
#include "devices/rng/rng_wire.h"

#include <algorithm>

namespace vwb {
namespace {

constexpr const char* DEMO_BENCH = R"([[device]]
type = "rng"
name = "rng0"
hardware = "seeded"
seeded = { seed = 42 }
)";

// rate = { bytes = 1024, period = "1s" }
Result<RngRate> read_rate(ConfigReader& device)
{
    auto table = VWB_TRY(device.table("rate"));
    if (!table)
        return RngRate {};
    RngRate rate;
    rate.bytes = VWB_TRY(table->size_or("bytes", 0));
    rate.period = VWB_TRY(table->duration_or("period", rate.period));
    if (rate.bytes == 0)
        return table->error("bytes",
            std::string(table->has("bytes") ? "is 0" : "is missing")
                + "; expected the bytes of each period, at least 1");
    if (rate.period <= Duration(0))
        return table->error("period", "is 0; expected a duration like \"1s\"");
    VWB_TRY(table->finish());
    return rate;
}

Result<std::unique_ptr<Device>> create_device(
    const std::vector<RngSourceKind>& kinds, DeviceSetup& setup)
{
    const auto kind = std::ranges::find(kinds, setup.hardware, &RngSourceKind::name);
    if (kind == kinds.end())
        return Error(ErrorKind::NotFound, "rng has no hardware kind '" + setup.hardware + "'");
    const RngRate rate = VWB_TRY(read_rate(setup.device));
    auto source = VWB_TRY(kind->create(setup.loop, setup.parameters));
    return std::unique_ptr<Device>(
        std::make_unique<RngDevice>(setup.loop, std::move(source), rate));
}

} // namespace

DeviceType rng_device_type(std::vector<RngSourceKind> kinds)
{
    DeviceType type;
    type.name = "rng";
    type.help = "entropy device: random bytes, with a rate limit if wanted";
    type.device_id = VIRTIO_ID_ENTROPY;
    type.schema = &RNG_SCHEMA;
    for (const auto& kind : kinds)
        type.hardware.push_back({ kind.name, kind.help, kind.example });
    type.create
        = [kinds = std::move(kinds)](DeviceSetup& setup) { return create_device(kinds, setup); };
    type.demo_bench = DEMO_BENCH;
    type.demo_load = make_rng_load;
    return type;
}

} // namespace vwb
