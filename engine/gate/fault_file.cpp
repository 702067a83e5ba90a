// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/gate/fault_file.h"

#include <algorithm>

namespace vwb {
namespace {

Result<FileFault> read_fault(ConfigReader& table)
{
    Value value = Value::object();
    for (const char* key : { "match", "do", "at" }) {
        if (table.has(key))
            value.set(key, VWB_TRY(table.string(key)));
    }
    for (const char* key : { "count", "seed" }) {
        if (table.has(key))
            value.set(key, VWB_TRY(table.integer(key, 0, INT64_MAX)));
    }
    if (table.has("probability"))
        value.set("probability", VWB_TRY(table.number("probability")));
    FileFault fault;
    fault.device = VWB_TRY(table.string_or("device", ""));
    VWB_TRY(table.finish());
    auto spec = fault_spec_of(value);
    fault.place = table.error("fault", "").message();
    fault.place = fault.place.substr(0, fault.place.find(": "));
    if (!spec)
        return std::move(spec).error().within(fault.place);
    fault.spec = std::move(*spec);
    return fault;
}

// What the plan of such a device says to the rule.
Result<void> check(const FaultTarget& target, const FaultSpec& spec)
{
    FaultPlan plan(*target.schema);
    VWB_TRY(plan.arm(spec));
    return {};
}

Result<size_t> find_target(const std::string& name, std::span<const FaultTarget> targets)
{
    std::vector<std::string> names;
    for (const auto& target : targets)
        names.push_back(target.name);
    const auto found = std::ranges::find(names, name);
    if (found != names.end())
        return static_cast<size_t>(found - names.begin());
    const auto near = nearest_word(name, names);
    return Error(ErrorKind::NotFound,
        "device: there is no '" + name.substr(0, 100) + "'"
            + (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
}

Result<void> assign(const FileFault& fault, std::span<const FaultTarget> targets,
    std::vector<AssignedFault>& assigned)
{
    if (!fault.device.empty()) {
        const size_t target = VWB_TRY(find_target(fault.device, targets));
        VWB_TRY(check(targets[target], fault.spec));
        assigned.push_back({ target, fault.spec, fault.place });
        return {};
    }
    if (fault.spec.match.empty())
        return Error(ErrorKind::Invalid, "give a device, or a match that tells which are meant");
    Result<void> refusal = Error(ErrorKind::Invalid, "there is no device");
    bool any = false;
    for (size_t i = 0; i < targets.size(); ++i) {
        auto checked = check(targets[i], fault.spec);
        if (checked) {
            assigned.push_back({ i, fault.spec, fault.place });
            any = true;
        } else {
            refusal = std::move(checked);
        }
    }
    return any ? Result<void>() : std::move(refusal);
}

} // namespace

Result<std::vector<FileFault>> read_faults(ConfigReader& file)
{
    std::vector<FileFault> faults;
    auto tables = VWB_TRY(file.tables("fault"));
    for (auto& table : tables)
        faults.push_back(VWB_TRY(read_fault(table)));
    return faults;
}

Result<std::vector<AssignedFault>> assign_faults(
    const std::vector<FileFault>& faults, std::span<const FaultTarget> targets)
{
    std::vector<AssignedFault> assigned;
    for (const auto& fault : faults) {
        auto done = assign(fault, targets, assigned);
        if (!done)
            return std::move(done).error().within(fault.place);
    }
    return assigned;
}

} // namespace vwb
