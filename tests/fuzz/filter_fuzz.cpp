// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The filter language: any text is compiled or refused with a reason, and what was compiled answers
// for records of every kind, the same each time, and as its own text compiled anew.
#include "engine/base/assert.h"
#include "engine/filter/filter.h"
#include "engine/trace/trace_joiner.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/observed_devices.h"

#include <array>

namespace vwb::fuzz {
namespace {

using namespace vwb::test;

std::vector<TraceEvent> events()
{
    return { served(1, 0, lamp_set(3, 1), lamp_answer(0, 1), 1000, 500),
        popped(2, 1, lamp_event(5), 1), completed(2, 1, lamp_answer(1, 0)),
        served(3, 0, disk_io(3, -7, uint64_t { 1 } << 60, "tag"), { 1, 2, 3, 0 }),
        plain(TraceKind::Kick, 3), plain(TraceKind::Signal, 1, 1), plain(TraceKind::State, 2) };
}

void run(std::string_view text)
{
    static const std::array schemas { &LAMP_SCHEMA, &DISK_SCHEMA };
    static const auto all = events();
    static const std::array devices { lamp0(), disk0() };
    const auto filter = Filter::compile(text, schemas);
    if (!filter) {
        VWB_ASSERT(!filter.error().message().empty());
        return;
    }
    const auto again = Filter::compile(filter->text(), schemas);
    VWB_ASSERT(again);
    for (const auto& device : devices) {
        TraceJoiner joiner(device);
        for (const auto& event : all) {
            const TraceRecord& record = joiner.join(event);
            const bool matches = filter->matches(record);
            VWB_ASSERT(filter->matches(record) == matches && again->matches(record) == matches);
        }
    }
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    vwb::fuzz::run(vwb::fuzz::as_text({ data, size }));
    return 0;
}
