// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// The hardware port of the entropy device: where random bytes come from. A source never blocks the
// loop: what cannot be read without waiting is waited for elsewhere. Knows no request and no limit.
#pragma once

#include "engine/base/actions.h"
#include "engine/base/config.h"
#include "engine/base/inspector.h"
#include "engine/event/event_loop.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace vwb {

// Belongs to the loop of its device.
class RngSource {
public:
    virtual ~RngSource() = default;

    // Called when bytes may be there after fill() had none, from the loop and never from within
    // fill(). A source that always has bytes never calls it.
    virtual void set_listener(std::function<void()>) { }

    // Fills the front of out, which may be guest memory, and answers how much of it.
    // 0: nothing now, the listener will be called. Errors: nothing, for a reason that the next call
    // may or may not find again (ended, unplugged); the listener is not called.
    virtual Result<size_t> fill(std::span<std::byte> out) = 0;

    virtual void inspect(Inspector& inspector) const = 0;
    // Verbs for observers, or null pointer if there are none.
    virtual Actions* actions() { return nullptr; }
};

// A kind of source as users name it in a bench file. create reads all keys of its table; errors
// name file, line and key.
struct RngSourceKind {
    std::string name; // "getrandom"
    std::string help; // one line
    std::string example; // TOML of its table, without header; may be empty
    std::function<Result<std::unique_ptr<RngSource>>(EventLoop&, ConfigReader& parameters)> create;
};

} // namespace vwb
