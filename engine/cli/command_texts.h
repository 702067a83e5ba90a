// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What --help says: each command's one line and its examples, and the texts they share; of commands
// that step in between driver and device: gate_texts.h. Words only; the options and their help are
// in the declarations.
#pragma once

namespace vwb::texts {

struct CommandText {
    const char* name;
    const char* group;
    const char* description;
    const char* examples;
};

inline constexpr const char* BENCHES = "Benches";
inline constexpr const char* OBSERVING = "Looking at a running bench";
inline constexpr const char* ACTING = "Acting on a running bench";
inline constexpr const char* CAPTURES = "Captures";
inline constexpr const char* GUESTS = "Guests";

inline constexpr const char* PROGRAM
    = "Workbench for virtio drivers: devices on real or simulated hardware, seen live.";

inline constexpr const char* PROGRAM_EXAMPLES
    = "  vwb demo                      all devices, driven and checked, in seconds\n"
      "  vwb run bench.toml            serve the devices of a bench file\n"
      "  vwb watch 'status == ERR'     see the requests that fail, as they fail\n"
      "  vwb set gpio0.line3=1         drive a line from outside\n"
      "  vwb guest run -- gpioinfo     run a command in a guest with these devices\n";

inline constexpr const char* ENVIRONMENT
    = "Environment:\n"
      "  VWB_CONTROL  control socket of the bench, where --control is not given\n"
      "  VWB_LOG      debug, info, warning, error or off\n";

inline constexpr CommandText RUN { "run", BENCHES,
    "Serve the devices of a bench file until SIGTERM or 'vwb shutdown'",
    "  vwb run bench.toml\n"
    "  vwb run bench.toml --check               only read the file and report errors\n"
    "  vwb run bench.toml --ready-fd 3 3>ready  tell a script when all sockets listen\n" };

inline constexpr CommandText DEMO { "demo", BENCHES,
    "Show all devices on simulated hardware, every answer checked",
    "  vwb demo\n"
    "  vwb demo --seconds 30\n"
    "  vwb demo --quick --json     for scripts: exit code 0 if every answer was right\n" };

inline constexpr CommandText DOCTOR { "doctor", BENCHES,
    "Say what this machine can do: kernel, permissions, guests, tools",
    "  vwb doctor\n"
    "  vwb doctor --json\n" };

inline constexpr CommandText LIST { "list", OBSERVING, "List the devices",
    "  vwb list\n"
    "  vwb list --json\n" };

inline constexpr CommandText INSPECT { "inspect", OBSERVING,
    "Print the state of anything on the bench, by path",
    "  vwb inspect                                       everything\n"
    "  vwb inspect gpio0.queues                          one branch\n"
    "  vwb inspect gpio0.queues.requestq.last_avail_idx  one value\n" };

inline constexpr CommandText WATCH { "watch", OBSERVING,
    "Show decoded requests, and more, as they happen",
    "  vwb watch\n"
    "  vwb watch 'gpio.line == 3 && latency > 1ms'\n"
    "  vwb watch 'device == gpio0 && name ~ \"*VALUE*\" || status == ERR'\n"
    "  vwb watch --kind problems,signals\n"
    "  vwb watch --count 10 --timeout 30s --json    wait for ten requests, as JSON\n" };

inline constexpr const char* FILTERS
    = "Filters:\n"
      "  FIELD OP VALUE with == != < <= > >=, and FIELD ~ PATTERN; combined with &&,\n"
      "  || and ! (or the words and, or, not) and parentheses.\n"
      "  Fields of every request: device type queue name status latency used_length\n"
      "  readable_bytes writable_bytes request origin. Fields of a type of device:\n"
      "  gpio.line, gpio.value, ... ('vwb inspect control.filter' lists a bench's).\n"
      "  VALUE is a number (7, 0x1f), a size (4K), a duration (50us, 1.5ms), a name\n"
      "  (ERR, GET_VALUE) or a \"text\". PATTERN is a part of the text or, with * and ?,\n"
      "  all of it, in upper or lower case.\n"
      "  A comparison with a field that a request does not have is false. The bare name\n"
      "  of a device's field asks whether it is there.\n";

inline constexpr CommandText PROBLEMS { "problems", OBSERVING,
    "List what went wrong, who did it and which rule says so",
    "  vwb problems\n"
    "  vwb problems gpio0 --strict    exit code 5 if there are any\n" };

inline constexpr CommandText GET { "get", OBSERVING, "Print signals: lines, sensors, ...",
    "  vwb get gpio0.line3\n"
    "  vwb get gpio0.button gpio0.led\n"
    "  vwb get gpio0                  all signals of a device\n" };

inline constexpr CommandText SET { "set", ACTING, "Drive signals from outside",
    "  vwb set gpio0.line3=1\n"
    "  vwb set gpio0.button=1 gpio0.door=0\n" };

inline constexpr CommandText CALL { "call", ACTING,
    "Call an action of a device; without ACTION: list what there is",
    "  vwb call gpio0\n"
    "  vwb call gpio0 pulse signal=button width=50us\n" };

inline constexpr CommandText SIGNAL { "signal", ACTING,
    "Let a signal follow a wave or a recording, and record what it does",
    "  vwb signal ramp i2c0.room.temperature to=40 time=10s\n"
    "  vwb signal square gpio0.line3 period=1ms count=100\n"
    "  vwb signal record gpio0.line3 --for 1s --to line3.csv\n"
    "  vwb signal record scmi0.sensor.cpu --changes 10 --json\n"
    "  vwb signal play gpio0.line3 file=line3.csv end=repeat\n" };

inline constexpr CommandText FEATURES { "features", ACTING,
    "Which features a device offers, and who dropped which; turn the dial",
    "  vwb features gpio0\n"
    "  vwb features gpio0 --withhold EVENT_IDX --queue-size 16\n"
    "  vwb features rng0 --usual\n" };

inline constexpr CommandText QUEUE { "queue", OBSERVING,
    "Show a virtqueue as it lies in guest memory, and what is in flight",
    "  vwb queue gpio0                           the first queue\n"
    "  vwb queue gpio0 eventq --count 16         the first 16 entries of another one\n"
    "  vwb queue i2c0 0 --json                   by number, for scripts\n" };

inline constexpr CommandText HANDSHAKE { "handshake", OBSERVING,
    "Show how the front-end set a device up: messages, features, memory, config",
    "  vwb handshake gpio0\n"
    "  vwb handshake gpio0 --json\n" };

inline constexpr CommandText MEMORY { "memory", OBSERVING, "Show bytes of guest memory",
    "  vwb memory gpio0 0x1000                   256 bytes from there on\n"
    "  vwb memory gpio0 0x1000 --length 16\n" };

inline constexpr CommandText RESET { "reset", ACTING, "Reset a device as if by power",
    "  vwb reset gpio0\n" };

inline constexpr CommandText DISCONNECT { "disconnect", ACTING,
    "Drop the front-end of a device; it may connect again", "  vwb disconnect gpio0\n" };

inline constexpr CommandText SHUTDOWN { "shutdown", ACTING, "End the bench", "  vwb shutdown\n" };

inline constexpr CommandText RECORD { "record", CAPTURES,
    "Record what devices do, until Ctrl-C, to a file that loses nothing silently",
    "  vwb record run.vwbcap\n"
    "  vwb record slow.vwbcap 'latency > 1ms' --for 10s\n"
    "  vwb record first.vwbcap --devices i2c0 --count 100\n"
    "  vwb record --ring 64M              keep the last 64 MiB in the bench's memory,\n"
    "  vwb record --save crash.vwbcap     and write them when it has happened\n"
    "  vwb record --note 'button pressed' into whatever is being recorded\n" };

inline constexpr CommandText DUMP { "dump", CAPTURES,
    "Show a capture, or a running bench, as text or in an open format",
    "  vwb dump run.vwbcap\n"
    "  vwb dump run.vwbcap 'status == ERR' --json\n"
    "  vwb dump --live 'gpio.line == 3' --for 10s\n"
    "  vwb dump run.vwbcap -T pcapng -o run.pcapng    for Wireshark\n"
    "  vwb dump run.vwbcap -T vcd -o run.vcd          for PulseView, GTKWave, sigrok\n"
    "  vwb dump run.vwbcap -T perfetto -o run.pftrace for ui.perfetto.dev\n"
    "  vwb dump --dissector > vwb.lua                 what Wireshark needs with it\n"
    "  vwb dump --live -T pcapng | wireshark -k -i - -X lua_script:vwb.lua\n" };

inline constexpr CommandText STATS { "stats", CAPTURES,
    "How long requests take, and what kicks and calls they cost; live or of a capture",
    "  vwb stats                  of all devices: a table that is kept up to date\n"
    "  vwb stats | cat            for a second, once\n"
    "  vwb stats gpio0 --for 10s\n"
    "  vwb stats run.vwbcap 'status == ERR'\n" };

inline constexpr CommandText COMPARE { "compare", CAPTURES,
    "Where two captured runs part first, and what differs in features and latency",
    "  vwb compare good.vwbcap bad.vwbcap         exit code 0: the same, 1: not\n"
    "  vwb compare good.vwbcap bad.vwbcap --filter 'type == i2c'\n" };

inline constexpr CommandText REPLAY { "replay", CAPTURES,
    "Give the requests of a capture to a device again, and compare its answers",
    "  vwb replay run.vwbcap --bench                 to the devices of the same names\n"
    "  vwb replay run.vwbcap --bench --devices gpio0\n"
    "  vwb replay run.vwbcap --devices gpio0 /run/other/gpio.sock     any back-end\n" };

inline constexpr CommandText EXTCAP { "extcap", CAPTURES,
    "Wireshark's way to capture live; see README for how it finds this",
    "  vwb extcap --extcap-interfaces\n"
    "  vwb extcap --extcap-interface vwb:gpio0 --extcap-dlts\n"
    "  wireshark -k -i vwb:gpio0\n" };

inline constexpr CommandText GUEST { "guest", GUESTS,
    "Build and run Linux guests with the devices of a bench",
    "  vwb guest build\n"
    "  vwb guest run -- gpioinfo\n" };

inline constexpr CommandText GUEST_BUILD { "build", GUESTS,
    "Build the guest kernel (User-Mode Linux) and keep it in the cache", "  vwb guest build\n" };

inline constexpr CommandText GUEST_RUN { "run", GUESTS,
    "Boot a guest on the host's file system, run a command in it, answer its status",
    "  vwb guest run -- gpioinfo\n"
    "  vwb guest run --bench bench.toml -- sh -c 'head -c 64 /dev/hwrng | xxd'\n"
    "  vwb guest run --kernel ./linux --dt board.dtb --timeout 60s -- ./my-test\n" };

} // namespace vwb::texts
