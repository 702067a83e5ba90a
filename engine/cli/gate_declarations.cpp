// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Arguments of the commands that step in between a driver and a device.
#include "engine/cli/declarations.h"
#include "engine/cli/gate_texts.h"

namespace vwb {
namespace {

void declare_point(std::string& at, ArgumentList& list)
{
    list.word(
        { "--at", "POINT", "popped: before the device sees it; completed: before the driver does" },
        at, { "popped", "completed" });
}

void declare_some_device(std::string& device, ArgumentList& list)
{
    list.argument("DEVICE", device, "Only of this device", Need::Optional);
}

} // namespace

void declare(FaultArmOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument("FILTER", options.match, "Which requests; '' means all", Need::Required);
    list.argument("ACTION", options.action, "What is done to them, see below", Need::Required);
    declare_point(options.at, list);
    list.number({ "--count", "N", "Fire N times at most" }, options.count);
    list.real({ "--probability", "P", "Of each request that matches, from 0 to 1" },
        options.probability, 0, 1);
    list.number({ "--seed", "N", "Of whatever is left to chance" }, options.seed);
    declare(options.observer, list);
    list.explain(texts::FAULT_ACTIONS);
}

void declare(FaultPlanOptions& options, ArgumentList& list)
{
    list.argument("FILE", options.file, "TOML file with [[fault]] tables", Need::Required);
    declare(options.observer, list);
}

void declare(InjectOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument("REQUEST", options.name, "Its name: GET_VALUE, WRITE, ...", Need::Optional);
    list.arguments("FIELD=VALUE...", options.fields, "Fields of it; others are zero");
    list.text({ "--bytes", "HEX", "Instead: the bytes of its readable part" }, options.bytes);
    list.text({ "--queue", "QUEUE", "That the bytes are for (default: the first)" }, options.queue);
    list.number({ "--writable", "N", "Bytes of its writable part (default: as it needs, or 64)" },
        options.writable);
    list.duration({ "--timeout", "DURATION", "How long to wait for the answer (default: 3s)" },
        options.timeout);
    list.flag("--as-guest", options.as_guest,
        "Over the device's socket, as a driver does; nobody else may be connected");
    list.flag("--packed", options.packed, "With --as-guest: on a packed ring");
    list.word({ "--broken", "HOW", "With --as-guest: a chain that is wrong" }, options.broken,
        { "writable-first", "loop", "next-out-of-range", "address-outside", "length-beyond",
            "unknown-flags", "empty-chain", "head-out-of-range" });
    declare(options.observer, list);
}

void declare(FaultListOptions& options, ArgumentList& list)
{
    declare_some_device(options.device, list);
    declare(options.observer, list);
}

void declare(FaultReportOptions& options, ArgumentList& list)
{
    declare_some_device(options.device, list);
    declare(options.observer, list);
}

void declare(FaultClearOptions& options, ArgumentList& list)
{
    declare_some_device(options.device, list);
    list.argument("FAULT", options.fault, "Only the rule of this number", Need::Optional);
    declare(options.observer, list);
}

void declare(HoldAddOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument("FILTER", options.match, "Which requests (default: all)", Need::Optional);
    declare_point(options.at, list);
    list.duration({ "--timeout", "DURATION", "Goes on by itself after this time (default: 30s)" },
        options.timeout);
    list.number({ "--count", "N", "Hold N requests at most" }, options.count);
    declare(options.observer, list);
}

void declare(HoldListOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    declare(options.observer, list);
}

void declare(HoldWaitOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.duration({ "--timeout", "DURATION", "Exit code 124 after this time (default: 30s)" },
        options.timeout);
    declare(options.observer, list);
}

void declare(HoldRemoveOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument(
        "BREAKPOINT", options.breakpoint, "Number that 'vwb hold add' printed", Need::Required);
    declare(options.observer, list);
}

void declare(HoldRequestOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument("REQUEST", options.request, "Number of a request that is held", Need::Required);
    declare(options.observer, list);
}

void declare(HoldChangeOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument("REQUEST", options.request, "Number of a request that is held", Need::Required);
    list.arguments("FIELD=VALUE...", options.fields, "Fields of the answer");
    list.text({ "--bytes", "HEX", "First bytes of the answer" }, options.bytes);
    list.number(
        { "--used-length", "N", "How long the answer is; usually as it was" }, options.used_length);
    declare(options.observer, list);
}

} // namespace vwb
