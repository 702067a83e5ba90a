// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// GpiochipCalls: what is asked of libgpiod about the gpiochips of this machine, so that tests can
// play its part. Each call is one or a few system calls; all come on the loop of the hardware.
#pragma once

#include "devices/gpio/gpio_hardware.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vwb {

enum class GpiochipDirection : uint8_t { AsIs, Input, Output };
enum class GpiochipBias : uint8_t { AsIs, Disabled, PullUp, PullDown };
enum class GpiochipDrive : uint8_t { PushPull, OpenDrain, OpenSource };

// All that is asked of one line. The kernel takes bias and debouncing of lines with a direction
// only.
struct GpiochipSettings {
    uint32_t offset = 0; // of the line on its chip
    GpiochipDirection direction = GpiochipDirection::AsIs;
    GpioEdges edges = GpioEdges::None; // of inputs
    GpiochipBias bias = GpiochipBias::AsIs;
    GpiochipDrive drive = GpiochipDrive::PushPull; // of outputs
    Duration debounce { 0 }; // of inputs
    bool active_low = false;
    GpioLevel output = GpioLevel::Low;

    bool operator==(const GpiochipSettings&) const = default;
};

struct GpiochipInfo {
    std::string path; // "/dev/gpiochip0"
    std::string name; // "gpiochip0"
    std::string label;
    uint32_t lines = 0;
};

struct GpiochipLineInfo {
    std::string name;
    bool used = false;
    std::string consumer; // who uses it, if that is known
};

struct GpiochipEdge {
    uint32_t offset = 0;
    GpioLevel level = GpioLevel::Low; // after the edge
    uint64_t sequence = 0; // of all edges of the request, from 1 on, dropped ones included
};

// Lines that are held until this is gone, and one descriptor for the edges of all of them. Each
// call answers 0 or more, or -errno.
class GpiochipRequest {
public:
    virtual ~GpiochipRequest() = default;

    // Readable if there are edges, EPOLLHUP if the chip is gone.
    virtual int fd() const = 0;
    // All lines, in the order of the request: whatever is left out would lose its settings.
    virtual int reconfigure(std::span<const GpiochipSettings> lines) = 0;
    virtual int value(uint32_t offset) = 0;
    virtual int set_value(uint32_t offset, GpioLevel level) = 0;
    // How many there were; never waits for one.
    virtual int read_edges(std::span<GpiochipEdge> edges) = 0;
};

class Gpiochip {
public:
    virtual ~Gpiochip() = default;

    virtual const GpiochipInfo& info() const = 0;
    virtual int line_info(uint32_t offset, GpiochipLineInfo& info) = 0;
    // Null pointer with errno: EBUSY if one of the lines is used, and then none is held.
    virtual std::unique_ptr<GpiochipRequest> request(
        std::span<const GpiochipSettings> lines, const std::string& consumer)
        = 0;
};

class GpiochipCalls {
public:
    virtual ~GpiochipCalls() = default;

    // Built with libgpiod; without it there is nothing else to call.
    virtual bool available() const = 0;
    // Those that may be looked at, by number.
    virtual std::vector<GpiochipInfo> chips() = 0;
    // Null pointer with errno.
    virtual std::unique_ptr<Gpiochip> open(const std::string& path) = 0;
};

// The real ones.
std::shared_ptr<GpiochipCalls> system_gpiochip_calls();

} // namespace vwb
