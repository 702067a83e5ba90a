// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "devices/rng/rng_schema.h"

#include "devices/rng/rng_wire.h"

#include <array>

namespace vwb {
namespace {

// virtio 1.4, 5.4.6: the whole buffer is random data; how much of it is the used length's to say.
constexpr std::array FILL_RESPONSE { SchemaField { .name = "data",
    .kind = FieldKind::Bytes,
    .offset = 0,
    .size = 0,
    .help = "random bytes",
    .varies = true } };

constexpr std::array MESSAGES { SchemaMessage { .name = "FILL",
    .queue = RNG_REQUESTQ,
    .selector_offset = 0,
    .selector_size = 0,
    .selector_value = 0,
    .request = {},
    .response = FILL_RESPONSE,
    .help = "fill the buffer with random bytes, at least one" } };

constexpr std::array QUEUES { "requestq" };

} // namespace

constexpr Schema RNG_SCHEMA {
    .device = "rng", .messages = MESSAGES, .config = {}, .features = {}, .queues = QUEUES
};

} // namespace vwb
