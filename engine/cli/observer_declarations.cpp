// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Arguments of the commands that look at a running bench and act on it.
#include "engine/cli/command_texts.h"
#include "engine/cli/declarations.h"

namespace vwb {

void declare(ObserverOptions& options, ArgumentList& list)
{
    list.text({ "--control", "PATH",
                  "Control socket of the bench; default: $VWB_CONTROL, else the only bench that "
                  "runs" },
        options.control);
    list.flag("--json", options.json, "Print JSON: one object, or one a line for streams");
}

void declare_device(std::string& device, ArgumentList& list)
{
    list.argument("DEVICE", device, "Name of a device, as 'vwb list' shows it", Need::Required);
}

void declare(ListOptions& options, ArgumentList& list)
{
    declare(options.observer, list);
}

void declare(InspectOptions& options, ArgumentList& list)
{
    list.argument("PATH", options.path, "Device, then names down its tree", Need::Optional);
    declare(options.observer, list);
}

void declare(WatchOptions& options, ArgumentList& list)
{
    list.argument("FILTER", options.filter, "Show only what fits, see below", Need::Optional);
    list.words({ "--kind", "KIND[,KIND]",
                   "What to show: requests, popped, problems, signals, messages, states, gate "
                   "(faults and holds), calls (default: requests, problems and gate)" },
        options.kinds,
        { "requests", "popped", "problems", "signals", "messages", "states", "gate", "calls" });
    list.number({ "--count", "N", "End after N events" }, options.count);
    list.duration({ "--timeout", "DURATION",
                      "End after this time (50ms, 2s, 1min); exit code 124 if --count was not "
                      "reached" },
        options.timeout);
    declare(options.observer, list);
    list.explain(texts::FILTERS);
}

void declare(ProblemsOptions& options, ArgumentList& list)
{
    list.argument("DEVICE", options.device, "Only of this device", Need::Optional);
    list.flag("--strict", options.strict, "Exit code 5 if there are problems");
    declare(options.observer, list);
}

void declare(GetOptions& options, ArgumentList& list)
{
    list.arguments(
        "SIGNAL...", options.signals, "DEVICE.SIGNAL, or DEVICE for all of it", Need::Required);
    declare(options.observer, list);
}

void declare(SetOptions& options, ArgumentList& list)
{
    list.arguments("SIGNAL=VALUE...", options.assignments, "DEVICE.SIGNAL=VALUE", Need::Required);
    declare(options.observer, list);
}

void declare(CallOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument("ACTION", options.action, "Action of this device", Need::Optional);
    list.arguments("KEY=VALUE...", options.parameters, "Parameters of the action");
    declare(options.observer, list);
}

void declare(SignalOptions& options, ArgumentList& list)
{
    list.argument("VERB", options.verb,
        "record, ramp, sine, square, random, play, stop; 'vwb call DEVICE' says what each takes",
        Need::Required);
    list.argument("SIGNAL", options.signal, "DEVICE.SIGNAL", Need::Required);
    list.arguments("KEY=VALUE...", options.parameters, "Parameters of a wave");
    list.duration({ "--for", "DURATION", "Record so long (50ms, 2s), at most 1h" }, options.time);
    list.number({ "--changes", "N", "Record until it has changed N times" }, options.changes);
    list.text({ "--to", "FILE", "Record to this file: CSV, or JSON if it ends so" }, options.to);
    declare(options.observer, list);
}

void declare(FeaturesOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.texts({ "--offer", "NAME", "Offer this feature too; may be repeated" }, options.offer);
    list.texts(
        { "--withhold", "NAME", "Do not offer this feature; may be repeated" }, options.withhold);
    list.texts({ "--protocol-offer", "NAME", "The same of vhost-user's protocol features" },
        options.protocol_offer);
    list.texts({ "--protocol-withhold", "NAME", "The same of vhost-user's protocol features" },
        options.protocol_withhold);
    list.number({ "--queues", "N", "Cap on the number of queues; 0: none" }, options.queues);
    list.number(
        { "--queue-size", "N", "Cap on the entries of a queue; 0: none" }, options.queue_size);
    list.number({ "--segments", "N", "Cap on the segments of a chain; 0: none" }, options.segments);
    list.number({ "--shmem-bit", "N", "Protocol feature bit of SHMEM: 20, 21 or 22; 0: the usual" },
        options.shmem_bit);
    list.flag("--usual", options.usual, "Turn everything back first");
    declare(options.observer, list);
}

void declare(ResetOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    declare(options.observer, list);
}

void declare(DisconnectOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    declare(options.observer, list);
}

void declare(QueueOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument(
        "QUEUE", options.queue, "Name or number of a queue; default: the first", Need::Optional);
    list.number({ "--first", "N", "Show entries from this one on" }, options.first);
    list.number(
        { "--count", "N", "Show so many entries, at most 1024 (default: 64)" }, options.count);
    declare(options.observer, list);
}

void declare(HandshakeOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    declare(options.observer, list);
}

void declare(MemoryOptions& options, ArgumentList& list)
{
    declare_device(options.device, list);
    list.argument(
        "ADDRESS", options.address, "Guest physical address, decimal or 0x...", Need::Required);
    list.number(
        { "--length", "BYTES", "So many bytes, at most 65536 (default: 256)" }, options.length);
    declare(options.observer, list);
}

void declare(ShutdownOptions& options, ArgumentList& list)
{
    declare(options.observer, list);
}

} // namespace vwb
