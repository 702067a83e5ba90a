// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// FeatureWish: a feature dial as users write it, by names, in a bench file or over the control
// protocol; and what became of it. Nothing of a session is decided here.
#pragma once

#include "engine/base/config.h"
#include "engine/base/value.h"
#include "engine/device/device_host.h"

#include <optional>
#include <string>
#include <vector>

namespace vwb {

// What is not said stays as it is.
struct FeatureWish {
    using Names = std::optional<std::vector<std::string>>;

    Names offer;
    Names withhold;
    Names protocol_offer;
    Names protocol_withhold;
    std::optional<int64_t> queues;
    std::optional<int64_t> queue_size;
    std::optional<int64_t> segments;
    std::optional<int64_t> shmem_bit;
};

// The [device.features] table. Errors name file, line and key.
Result<FeatureWish> read_feature_wish(ConfigReader& table);
// The same as parameters of a call: {offer: ["IN_ORDER"], queue_size: 64, ...}.
Result<FeatureWish> feature_wish_of(const Value& parameters);

// The dial turned as wished. Errors name what cannot be, and what can.
Result<FeatureDial> turn(const FeatureDial& dial, const FeatureWish& wish, const DeviceHost& host);

// {offer, withhold, protocol_offer, protocol_withhold, queues, queue_size, segments, shmem_bit}
Value to_value(const FeatureDial& dial, const DeviceHost& host);

} // namespace vwb
