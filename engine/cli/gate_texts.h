// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
// What --help says of the commands in gate_options.h. Words only; see command_texts.h.
#pragma once

#include "engine/cli/command_texts.h"

namespace vwb::texts {

inline constexpr CommandText FAULT { "fault", ACTING,
    "Do something wrong to requests: delay, corrupt, never answer, ...",
    "  vwb fault arm gpio0 'gpio.line == 3' 'delay 200ms' --count 3\n"
    "  vwb fault arm rng0 '' 'used-length 0' --probability 0.1 --seed 7\n"
    "  vwb fault report            what fired, where and when\n"
    "  vwb fault clear             take everything back\n" };

inline constexpr CommandText FAULT_ARM { "arm", ACTING,
    "Arm a rule: requests that match get what is done to them",
    "  vwb fault arm gpio0 'gpio.line == 3' 'delay 200ms jitter 50ms'\n"
    "  vwb fault arm i2c0 'i2c.addr == 0x90' never --count 1\n"
    "  vwb fault arm i2c0 'name ~ WRITE' 'call nak chip=0x48 count=2'\n"
    "  vwb fault arm scmi0 'status == SUCCESS' 'corrupt 3' --probability 0.5 --seed 7\n" };

inline constexpr CommandText FAULT_PLAN { "plan", ACTING,
    "Arm all rules of a fault plan: a TOML file with [[fault]] tables",
    "  vwb fault plan flaky-bus.toml\n"
    "\n"
    "  [[fault]]                     # in the file, or in a bench file\n"
    "  match = \"i2c.addr == 0x90\"\n"
    "  do = \"delay 200ms\"\n"
    "  count = 3\n"
    "  probability = 0.5\n"
    "  seed = 7\n" };

inline constexpr CommandText FAULT_LIST { "list", ACTING, "List the rules that are armed",
    "  vwb fault list\n"
    "  vwb fault list gpio0 --json\n" };

inline constexpr CommandText FAULT_REPORT { "report", ACTING, "Say what fired, where and when",
    "  vwb fault report\n"
    "  vwb fault report gpio0 --json\n" };

inline constexpr CommandText FAULT_CLEAR { "clear", ACTING, "Take rules back",
    "  vwb fault clear             all rules of all devices\n"
    "  vwb fault clear gpio0 2     one rule, by its number in 'vwb fault list'\n" };

inline constexpr const char* FAULT_ACTIONS
    = "Actions:\n"
      "  delay TIME [jitter TIME]   the device (with --at completed: the driver) waits\n"
      "  never                      the request is not answered\n"
      "  error                      the device's error status, without doing it\n"
      "  stall TIME                 it and all behind it on its queue wait\n"
      "  used-length N, +N, -N      what the driver reads as used length\n"
      "  corrupt [BITS]             so many bits of the answer are turned over\n"
      "  duplicate, reorder         the used entry comes twice, or behind the next one\n"
      "                             (which breaks IN_ORDER where that was negotiated)\n"
      "  no-call, extra-call        of the interrupt for it\n"
      "  disconnect                 the front-end is dropped\n"
      "  crash                      the bench ends; only where the bench file allows it\n"
      "  call ACTION [KEY=VALUE]    nak, stick, ...: 'vwb call DEVICE' lists them\n"
      "The same seed and the same requests give the same faults.\n";

inline constexpr CommandText INJECT { "inject", ACTING,
    "Give a device a request behind its guest's back, or as a guest",
    "  vwb inject gpio0 GET_VALUE line=3\n"
    "  vwb inject i2c0 WRITE addr=0x90 write_buf='01 60'\n"
    "  vwb inject i2c0 READ addr=0x90 flags=M_RD --writable 3 --json\n"
    "  vwb inject rng0 --bytes '' --writable 16\n"
    "  vwb inject gpio0 GET_VALUE line=3 --as-guest --broken writable-first\n" };

inline constexpr CommandText HOLD { "hold", ACTING,
    "Hold requests, look at them, edit their answers, let them go",
    "  vwb hold add gpio0 'name == GET_VALUE' --at completed --count 1\n"
    "  vwb hold wait gpio0         until a request is held\n"
    "  vwb hold edit gpio0 17 level=1\n"
    "  vwb hold release gpio0 17\n" };

inline constexpr CommandText HOLD_ADD { "add", ACTING,
    "Add a breakpoint: requests that match are held, and those behind them wait",
    "  vwb hold add gpio0 'gpio.line == 3'\n"
    "  vwb hold add i2c0 'status == ERR' --at completed --timeout 2min\n" };

inline constexpr CommandText HOLD_LIST { "list", ACTING,
    "List breakpoints and the requests that they hold", "  vwb hold list gpio0\n" };

inline constexpr CommandText HOLD_WAIT { "wait", ACTING, "Wait until a request is held",
    "  vwb hold wait gpio0 --timeout 10s\n" };

inline constexpr CommandText HOLD_REMOVE { "remove", ACTING,
    "Take a breakpoint back and release what it holds", "  vwb hold remove gpio0 1\n" };

inline constexpr CommandText HOLD_SHOW { "show", ACTING, "Show a held request, decoded",
    "  vwb hold show gpio0 17\n" };

inline constexpr CommandText HOLD_RELEASE { "release", ACTING, "Let a held request go on",
    "  vwb hold release gpio0 17\n" };

inline constexpr CommandText HOLD_STEP { "step", ACTING,
    "Let it go on, and hold the next one of its queue", "  vwb hold step gpio0 17\n" };

inline constexpr CommandText HOLD_FAIL { "fail", ACTING, "Answer it with its device's error status",
    "  vwb hold fail gpio0 17\n" };

inline constexpr CommandText HOLD_EDIT { "edit", ACTING,
    "Change the answer of a request that is held at completed",
    "  vwb hold edit gpio0 17 level=HIGH\n"
    "  vwb hold edit rng0 5 --bytes '00 00' --used-length 2\n" };

inline constexpr CommandText HOLD_ANSWER { "answer", ACTING,
    "Answer a held request instead of its device",
    "  vwb hold answer gpio0 17 status=OK level=1\n"
    "  vwb hold answer i2c0 4 --bytes '19 80 00'\n" };

} // namespace vwb::texts
