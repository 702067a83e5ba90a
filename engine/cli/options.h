// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What the user asked for, as plain data: one struct per command of vwb. command_line fills them,
// main() hands each to whoever does it. No parsing and no defaults that depend on the machine here:
// an empty text or a zero means "not given".
#pragma once

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/cli/capture_options.h"
#include "engine/cli/gate_options.h"
#include "engine/cli/observer_options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vwb {

struct RunOptions {
    std::string bench; // file
    std::string control; // path of the control socket
    int ready_fd = -1; // told when all sockets listen
    bool check = false; // read the bench file, say what is in it, start nothing
};

struct DemoOptions {
    double seconds = 5;
    bool json = false;
    bool quick = false; // as short as an honest check can be
};

struct GuestBuildOptions {
    std::vector<std::string> arguments; // of scripts/guest/build-kernel
};

struct GuestRunOptions {
    std::string kernel;
    std::string bench; // file
    std::string control; // of the running bench to use; empty: see --help
    std::string device_tree;
    uint64_t memory = 0; // bytes
    Duration timeout { 0 }; // of the command
    Duration boot_timeout { 0 };
    bool show_console = false;
    std::vector<std::string> kernel_arguments;
    std::vector<std::string> command;
};

struct DoctorOptions {
    bool json = false;
};

// --- observers of a running bench ---

struct ListOptions {
    ObserverOptions observer;
};

struct InspectOptions {
    ObserverOptions observer;
    std::string path; // "gpio0.queues"; empty: all
};

struct WatchOptions {
    ObserverOptions observer;
    std::string filter;
    std::vector<std::string> kinds; // "requests", "problems", ...; empty: requests
    uint64_t count = 0; // end after so many events
    Duration timeout { 0 };
};

struct GetOptions {
    ObserverOptions observer;
    std::vector<std::string> signals; // "gpio0.line3"
};

struct SetOptions {
    ObserverOptions observer;
    std::vector<std::string> assignments; // "gpio0.line3=1"
};

struct CallOptions {
    ObserverOptions observer;
    std::string device;
    std::string action; // empty: list the actions of the device
    std::vector<std::string> parameters; // "width=50us"
};

struct SignalOptions {
    ObserverOptions observer;
    std::string verb; // "record", or an action of the device that takes a signal
    std::string signal; // "gpio0.line3"
    std::vector<std::string> parameters; // "to=40"
    // --- of a recording ---
    Duration time { 0 }; // 0: until there are enough changes
    uint64_t changes = 0; // 0: until the time is over
    std::string to; // a file; empty: standard output
};

struct ProblemsOptions {
    ObserverOptions observer;
    std::string device; // empty: all
    bool strict = false; // exit code 5 if there are any
};

struct ResetOptions {
    ObserverOptions observer;
    std::string device;
};

struct DisconnectOptions {
    ObserverOptions observer;
    std::string device;
};

// Reads the feature dial; turns it if anything but the device is given.
struct FeaturesOptions {
    ObserverOptions observer;
    std::string device;
    std::vector<std::string> offer;
    std::vector<std::string> withhold;
    std::vector<std::string> protocol_offer;
    std::vector<std::string> protocol_withhold;
    std::optional<uint32_t> queues;
    std::optional<uint32_t> queue_size;
    std::optional<uint32_t> segments;
    std::optional<uint32_t> shmem_bit;
    bool usual = false; // back to nothing turned
};

struct QueueOptions {
    ObserverOptions observer;
    std::string device;
    std::string queue; // name or number; empty: the first
    std::optional<uint32_t> first;
    std::optional<uint32_t> count;
};

struct HandshakeOptions {
    ObserverOptions observer;
    std::string device;
};

struct MemoryOptions {
    ObserverOptions observer;
    std::string device;
    std::string address;
    std::optional<uint32_t> length; // bytes
};

struct ShutdownOptions {
    ObserverOptions observer;
};

using Command = std::variant<RunOptions, DemoOptions, GuestBuildOptions, GuestRunOptions,
    DoctorOptions, ListOptions, InspectOptions, WatchOptions, GetOptions, SetOptions, CallOptions,
    SignalOptions, ProblemsOptions, FeaturesOptions, ResetOptions, DisconnectOptions,
    ShutdownOptions, RecordOptions, DumpOptions, QueueOptions, HandshakeOptions, MemoryOptions,
    ExtcapOptions, StatsOptions, CompareOptions, ReplayOptions, FaultArmOptions, FaultPlanOptions,
    FaultListOptions, FaultReportOptions, FaultClearOptions, InjectOptions, HoldAddOptions,
    HoldListOptions, HoldWaitOptions, HoldRemoveOptions, HoldShowOptions, HoldReleaseOptions,
    HoldStepOptions, HoldFailOptions, HoldEditOptions, HoldAnswerOptions>;

struct CommandLine {
    Command command;
    std::optional<LogLevel> log_level;
};

} // namespace vwb
