// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// Arguments of the commands about captures.
#include "engine/cli/command_texts.h"
#include "engine/cli/declarations.h"

namespace vwb {
namespace {

const std::vector<std::string> KINDS { "requests", "popped", "problems", "signals", "messages",
    "states", "gate", "calls" };

void declare_devices(std::vector<std::string>& devices, ArgumentList& list)
{
    list.words({ "--devices", "NAME[,NAME]", "Only these devices" }, devices, {});
}

} // namespace

void declare(RecordOptions& options, ArgumentList& list)
{
    list.argument("FILE", options.file, "New capture file", Need::Optional);
    list.argument("FILTER", options.filter, "Record only what fits, see below", Need::Optional);
    declare_devices(options.devices, list);
    list.word({ "--payload", "off|headers|full",
                  "Bytes of requests: none but their type; the first 32 (default); up to 96 KiB of "
                  "the request and as many of the answer" },
        options.payload, { "off", "headers", "full" });
    list.size({ "--limit", "SIZE", "End before the file is larger (64M, 2G)" }, options.limit);
    list.duration({ "--for", "DURATION", "End after this time (10s, 5min)" }, options.time);
    list.number({ "--count", "N", "End after N answered requests" }, options.count);
    list.size(
        { "--ring", "SIZE", "Keep the last events in memory instead, and return" }, options.ring);
    list.flag("--save", options.save, "Write what a ring has kept to FILE; it goes on");
    list.flag("--stop", options.stop, "End a ring");
    list.text({ "--note", "TEXT", "Write a note into what is being recorded" }, options.note);
    declare(options.observer, list);
    list.explain(texts::FILTERS);
}

void declare(DumpOptions& options, ArgumentList& list)
{
    list.argument("FILE", options.file, "A capture; with --live: the filter", Need::Optional);
    list.argument("FILTER", options.filter, "Show only what fits, see below", Need::Optional);
    list.flag("--live", options.live, "What happens on a bench now, until Ctrl-C");
    list.flag("--dissector", options.dissector,
        "Print the Wireshark dissector (Lua) of all types of devices, and end");
    list.words({ "--kind", "KIND[,KIND]",
                   "requests, popped, problems, signals, messages, states, gate (faults and "
                   "holds), calls (default: requests, problems and gate as text, all in other "
                   "formats)" },
        options.kinds, KINDS);
    declare_devices(options.devices, list);
    list.word({ "-T,--format", "text|json|pcapng|vcd|perfetto", "Format (default: text)" },
        options.format, { "text", "json", "pcapng", "vcd", "perfetto" });
    list.text(
        { "-o,--output", "PATH", "Write to this file (default: standard output)" }, options.output);
    list.duration({ "--for", "DURATION", "With --live: end after this time" }, options.time);
    list.number({ "--count", "N", "With --live: end after N answered requests" }, options.count);
    declare(options.observer, list);
    list.explain(texts::FILTERS);
}

void declare(ExtcapOptions& options, ArgumentList& list)
{
    list.flag("--extcap-interfaces", options.interfaces, "List the devices of the bench");
    list.flag("--extcap-dlts", options.link_types, "Link type of an interface");
    list.flag("--extcap-config", options.config, "Options of an interface");
    list.flag("--capture", options.capture, "Capture to the FIFO until it is closed");
    list.text({ "--extcap-version", "VERSION", "Of Wireshark" }, options.version);
    list.text({ "--extcap-interface", "NAME", "Which interface" }, options.interface);
    list.text({ "--fifo", "PATH", "Where pcapng goes" }, options.fifo);
    list.text({ "--filter", "FILTER", "Record only what fits" }, options.filter);
    list.text({ "--extcap-capture-filter", "FILTER", "The same" }, options.capture_filter);
    declare(options.observer, list);
}

void declare(StatsOptions& options, ArgumentList& list)
{
    list.argument("SUBJECT", options.subject,
        "A capture file, or a device of the bench (default: "
        "all of them)",
        Need::Optional);
    list.argument("FILTER", options.filter, "Count only what fits, see below", Need::Optional);
    list.duration({ "--for", "DURATION",
                      "Watch the bench for this time (default: 1s; on a terminal until Ctrl-C)" },
        options.time);
    declare(options.observer, list);
    list.explain(texts::FILTERS);
}

void declare(CompareOptions& options, ArgumentList& list)
{
    list.argument("ONE", options.one, "A capture", Need::Required);
    list.argument("OTHER", options.other, "Another one", Need::Required);
    list.text({ "--filter", "FILTER", "Compare only what fits" }, options.filter);
    list.flag("--json", options.json, "Print JSON");
}

void declare(ReplayOptions& options, ArgumentList& list)
{
    list.argument("FILE", options.file, "A capture", Need::Required);
    list.argument("SOCKET", options.socket, "vhost-user socket of a device", Need::Optional);
    list.flag("--bench", options.bench, "To the devices of the running bench with the same names");
    declare_devices(options.devices, list);
    list.text({ "--filter", "FILTER", "Give only requests that fit" }, options.filter);
    list.duration({ "--timeout", "DURATION", "Of each answer (default: 5s)" }, options.timeout);
    declare(options.observer, list);
}

} // namespace vwb
