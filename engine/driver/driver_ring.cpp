// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/driver/driver_ring.h"

#include "engine/driver/packed_driver_ring.h"
#include "engine/driver/split_driver_ring.h"

namespace vwb {

std::unique_ptr<DriverRing> make_driver_ring(DriverMemory& memory, const DriverRingOptions& options)
{
    VWB_ASSERT(is_queue_size(options.format, options.size));
    if (options.format == RingFormat::Packed)
        return std::make_unique<PackedDriverRing>(memory, options);
    return std::make_unique<SplitDriverRing>(memory, options);
}

} // namespace vwb
