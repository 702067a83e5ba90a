// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GPIO requests and event buffers on a simulated bank, whose lines are driven, pulled and wired
// meanwhile.
#include "devices/gpio/gpio_device.h"
#include "sim/gpio/sim_gpio_bank.h"
#include "tests/fuzz/device_bed.h"

namespace vwb::fuzz {
namespace {

void move_lines(SimGpioBank& bank, FuzzInput& input)
{
    const auto line = [&] { return static_cast<uint16_t>(input.below(bank.line_count())); };
    const uint16_t a = line();
    switch (input.byte() % 6) {
    case 0:
        bank.drive(a, GpioDrive());
        break;
    case 1:
    case 2:
        bank.drive(a, input.flag() ? GpioLevel::High : GpioLevel::Low);
        break;
    case 3:
        bank.set_pull(a, GpioPull { static_cast<uint8_t>(input.below(3)) });
        break;
    case 4:
        bank.wire(a, line());
        break;
    default:
        bank.unwire(a, line());
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
    std::vector<SimGpioLine> lines(1 + input.below(8));
    for (size_t i = 0; i < lines.size(); i += 2)
        lines[i].name = "line" + std::string(i, 'n');
    auto bank = std::make_unique<SimGpioBank>(bed.loop(), lines);
    SimGpioBank& outside = *bank;
    auto device = GpioDevice::create(std::move(bank)).value();
    bed.run(
        *device, [&](FuzzInput& in) { move_lines(outside, in); },
        [](unsigned queue, const ChainRecord&, uint32_t written) {
            VWB_ASSERT(queue == 0 || written <= 1);
        });
    return 0;
}
