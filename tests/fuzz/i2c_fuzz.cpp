// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// I2C requests and groups on a simulated bus with two of its chip models, on which everything goes
// wrong meanwhile that can.
#include "devices/i2c/i2c_device.h"
#include "sim/i2c/chips/chips.h"
#include "sim/i2c/sim_i2c_bus.h"
#include "tests/fuzz/device_bed.h"

namespace vwb::fuzz {
namespace {

constexpr uint16_t FIRST_ADDRESS = 0x40;

std::unique_ptr<I2cChip> make_chip(EventLoop& loop, uint16_t address, uint8_t choice)
{
    ConfigNode nothing;
    nothing.kind = ConfigNode::Kind::Table;
    const auto& models = chip_models();
    for (size_t i = 0;; ++i) {
        VWB_ASSERT(i < models.size());
        ConfigReader table(nothing);
        ChipSetup setup { loop, { address, false }, table };
        // Those that need keys are passed over.
        if (auto chip = models[(choice + i) % models.size()].create(setup))
            return std::move(chip).value();
    }
}

void disturb(SimI2cBus& bus, FuzzInput& input)
{
    SimI2cBus::Place& place = bus.places()[input.below(static_cast<uint32_t>(bus.places().size()))];
    switch (input.byte() % 6) {
    case 0:
        bus.set_stuck(input.flag());
        break;
    case 1:
        bus.lose_arbitration(input.byte());
        break;
    case 2:
        bus.set_plugged(place, input.flag());
        break;
    case 3:
        place.naks = input.byte();
        break;
    case 4:
        place.stretch = Duration(int64_t { 1 } << (input.byte() % 31));
        break;
    default: {
        const auto signals = place.chip->signals();
        if (signals.empty())
            return;
        const auto& name = signals[input.below(static_cast<uint32_t>(signals.size()))].name;
        [[maybe_unused]] const auto set
            = place.chip->set(name, Value(int64_t { input.number<int16_t>() }));
        [[maybe_unused]] const auto got = place.chip->get(name);
    }
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
    auto bus = std::make_unique<SimI2cBus>(bed.loop(), std::chrono::milliseconds(25));
    for (uint16_t i = 0; i < 2; ++i) {
        const auto address = static_cast<uint16_t>(FIRST_ADDRESS + 0x10 * i);
        const auto attached = bus->attach(
            { address, false }, "", "chip", make_chip(bed.loop(), address, input.byte()));
        VWB_ASSERT(attached);
    }
    SimI2cBus& outside = *bus;
    I2cDevice device(bed.loop(), std::move(bus));
    bed.run(device, [&](FuzzInput& in) { disturb(outside, in); });
    return 0;
}
