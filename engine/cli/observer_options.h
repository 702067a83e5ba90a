// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What every command that talks to a running bench takes: see options.h.
#pragma once

#include <string>

namespace vwb {

struct ObserverOptions {
    std::string control; // path of the control socket
    bool json = false;
};

} // namespace vwb
