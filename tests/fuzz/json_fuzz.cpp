// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// JSON of clients that are not trusted: any text is refused with a reason or becomes a value within
// the limits, whose own text is read back as the same value; and whatever it is, it is a request or
// is answered with an error line.
#include "engine/base/assert.h"
#include "engine/control/json.h"
#include "engine/control/rpc.h"
#include "tests/fuzz/fuzz_input.h"

namespace vwb::fuzz {
namespace {

void run(std::string_view text)
{
    JsonLimits limits;
    limits.depth = 8;
    limits.values = 64;
    auto value = parse_json(text, limits);
    if (!value) {
        VWB_ASSERT(!value.error().message().empty());
        return;
    }
    const std::string line = to_json(*value);
    VWB_ASSERT(line.find('\n') == std::string::npos);
    const auto again = parse_json(line, limits);
    VWB_ASSERT(again && to_json(*again) == line);
    const auto request = read_rpc_request(std::move(*value));
    if (const auto* fault = std::get_if<RpcRequestFault>(&request)) {
        VWB_ASSERT(parse_json(rpc_error_line(fault->id, fault->error)));
        return;
    }
    const auto& made = std::get<RpcRequest>(request);
    VWB_ASSERT(parse_json(rpc_request_line({}, made.method, made.params)));
    VWB_ASSERT(parse_json(rpc_result_line(made.id.value_or(Value()), made.params)));
}

} // namespace
} // namespace vwb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    vwb::fuzz::run(vwb::fuzz::as_text({ data, size }));
    return 0;
}
