// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Bench file: the TOML description of a bench, read and checked as far as no device is needed for
// it. Every error names file, line, key and what was expected.
#pragma once

#include "engine/base/config.h"
#include "engine/base/result.h"
#include "engine/device/registry.h"
#include "engine/gate/fault_file.h"

#include <memory>
#include <string>
#include <vector>

namespace vwb {

struct DeviceSpec {
    std::string name; // "gpio0"
    std::string socket; // path as written, or empty: made from the name
    std::string hardware; // kind
    const DeviceType* type = nullptr;
    const ConfigNode* table = nullptr; // the [[device]] table, in BenchSpec::root
    bool allow_crash = false; // [bench] lets a fault plan end the process
};

struct BenchSpec {
    std::string name;
    std::string directory; // for relative socket paths; empty: the runtime directory
    std::string control; // control socket as written; empty: made from the name
    bool allow_crash = false;
    std::vector<DeviceSpec> devices;
    std::vector<AssignedFault> faults; // armed from the start; targets are the devices
    std::unique_ptr<ConfigNode> root; // keeps the tables of the devices
};

Result<std::unique_ptr<ConfigNode>> parse_toml(const std::string& text, const std::string& file);

// Errors: Invalid with "file:line: key: ...", NotFound if there is no such file.
Result<BenchSpec> read_bench_file(const std::string& path, const Registry& registry);
// The same from text; name: what errors call it.
Result<BenchSpec> read_bench_text(
    const std::string& text, const std::string& name, const Registry& registry);

// A bench of that name with one device of every type that has a demo, as text.
std::string every_device_text(const Registry& registry, const std::string& name);

} // namespace vwb
