// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Entropy requests from a seeded source, with a rate, starvation and short answers that change
// meanwhile. No answer is empty where there is room for a byte.
#include "devices/rng/rng_device.h"
#include "sim/rng/seeded_rng.h"
#include "tests/fuzz/device_bed.h"

namespace vwb::fuzz {
namespace {

RngRate rate(FuzzInput& input)
{
    RngRate rate {};
    rate.bytes = input.byte();
    rate.period = Duration(int64_t { 1 } << (input.byte() % 31));
    return rate;
}

void disturb(RngDevice& device, FuzzInput& input)
{
    switch (input.byte() % 3) {
    case 0:
        device.set_rate(rate(input));
        break;
    case 1:
        device.set_starved(input.flag());
        break;
    default:
        device.set_longest_answer(input.byte());
    }
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace vwb;
    using namespace vwb::fuzz;
    static DeviceBed bed;
    FuzzInput input(data, size);
    bed.begin(input);
    const RngRate at_first = input.flag() ? rate(input) : RngRate {};
    RngDevice device(bed.loop(), std::make_unique<SeededRng>(1), at_first);
    bed.run(
        device, [&](FuzzInput& in) { disturb(device, in); },
        [](unsigned, const ChainRecord& request, uint32_t written) {
            VWB_ASSERT(written > 0 || request.writable_bytes == 0);
        });
    return 0;
}
