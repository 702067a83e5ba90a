# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is seen of requests: whole payloads, names in filters, steps of faults and holds, tables."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import capture_file as cf
from conftest import CEILING_S, Bench, wait_for

StartBench = Callable[[str], Bench]

BENCH = """
[[device]]
type = "gpio"
[device.sim]
lines = 8
[[device.sim.line]]
number = 3
name = "button"
pull = "up"
[[device]]
type = "rng"
hardware = "seeded"
[[device]]
type = "i2c"
[[device.sim.chip]]
address = 0x50
model = "24c256"
[[device]]
type = "scmi"
[[device.sim.sensor]]
name = "cpu"
value = 42
[[device.sim.sensor]]
name = "board"
kind = "power"
value = 30
"""

SET_FEATURES, RING_PACKED = 2, 34
LONG = bytes(range(3)) + bytes(i * 5 % 256 for i in range(61))


@contextmanager
def recording(bench: Bench, vwb: Path, *arguments: str) -> Iterator[None]:
    process = subprocess.Popen(
        [vwb, "record", *arguments, "--control", bench.control],
        cwd=bench.directory, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    assert process.stderr.readline().startswith("recording to")
    yield
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=CEILING_S)
    assert "0 lost" in errors


def as_guest(bench: Bench, *arguments: str) -> Any:
    [answer] = bench.answers("inject", *arguments, "--as-guest")
    return answer


def shown(bench: Bench, file: str, *arguments: str) -> list[Any]:
    """Without what stands in every dump: features and notes."""
    events = bench.answers("dump", file, *arguments)
    return [event for event in events if event["kind"] in ("request", "gate")]


def requests(bench: Bench, file: str) -> dict[str, Any]:
    return {event["device"]: event for event in shown(bench, file, "--kind", "requests")}


def ask_long(bench: Bench) -> None:
    """A request with a long readable part, and one with a long answer."""
    as_guest(bench, "i2c0", "WRITE", "addr=0xa0", f"write_buf={LONG.hex(' ')}")
    as_guest(bench, "rng0", "FILL", "--writable", "500")


def packed_rings(bench: Bench, file: str) -> dict[str, int]:
    """By device: how often the driver chose packed rings while it was recorded."""
    raw, at, found = (bench.directory / file).read_bytes(), 8, {}
    names: dict[int, str] = {}
    while at < len(raw):
        size, kind = struct.unpack_from("<II", raw, at)
        body = raw[at + 8 : at + 8 + size]
        at += size + 12
        if kind == cf.HEADER:
            names = {device["index"]: device["name"] for device in json.loads(body)["devices"]}
        for event in range(0, size if kind == cf.EVENTS else 0, 64):
            number, device, what = struct.unpack_from("<12xI4xH2xB", body, event)
            if what == cf.MESSAGE and number == SET_FEATURES:
                (features,) = struct.unpack_from("<32xQ", body, event)
                chosen = features >> RING_PACKED & 1
                found[names[device]] = found.get(names[device], 0) + chosen
    return found


@pytest.mark.parametrize("ring", ["", "--packed"])
def test_full_payload_is_recorded_dumped_and_replayed(
    bench: StartBench, vwb: Path, ring: str
) -> None:
    running = bench(BENCH)
    ring_options = [ring] if ring else []
    with recording(running, vwb, "full.vwbcap", "--payload", "full"):
        as_guest(
            running, "i2c0", "WRITE", "addr=0xa0", f"write_buf={LONG.hex(' ')}", *ring_options
        )
        answer = as_guest(running, "rng0", "FILL", "--writable", "500", *ring_options)
    seen = requests(running, "full.vwbcap")
    assert bytes.fromhex(seen["i2c0"]["fields"]["write_buf"]) == LONG
    assert seen["rng0"]["answer"]["data"] == answer["answer"]["data"]
    assert len(seen["rng0"]["answer"]["data"].split()) == 500
    assert not any("truncated" in event for event in seen.values())
    with recording(running, vwb, "again.vwbcap"):
        reports = running.answers("replay", "full.vwbcap", "--bench")
    chosen = {"i2c0": int(bool(ring)), "rng0": int(bool(ring))}
    assert packed_rings(running, "full.vwbcap") == chosen
    assert packed_rings(running, "again.vwbcap") == chosen
    assert {report["device"]: report["same"] for report in reports} == {"i2c0": 1, "rng0": 1}


def test_headers_and_off_record_less_and_say_so(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    with (
        recording(running, vwb, "headers.vwbcap"),
        recording(running, vwb, "off.vwbcap", "--payload", "off"),
        recording(running, vwb, "full.vwbcap", "--payload", "full"),
    ):
        ask_long(running)
    sizes = {
        name: {
            device: len((event.get("fields", {}) | event.get("answer", {})).get(field, "").split())
            for device, field, event in (
                ("i2c0", "write_buf", requests(running, name)["i2c0"]),
                ("rng0", "data", requests(running, name)["rng0"]),
            )
        }
        for name in ("headers.vwbcap", "off.vwbcap", "full.vwbcap")
    }
    assert sizes == {
        "headers.vwbcap": {"i2c0": 32 - 8, "rng0": 32},
        "off.vwbcap": {"i2c0": 0, "rng0": 0},
        "full.vwbcap": {"i2c0": 64, "rng0": 500},
    }
    assert requests(running, "headers.vwbcap")["i2c0"]["truncated"] is True
    refused = running.vwb("replay", "headers.vwbcap", "--bench")
    assert "--payload full" in refused.stderr


def test_filter_chooses_by_bytes_behind_the_head_and_keeps_payloads_whole(
    bench: StartBench, vwb: Path
) -> None:
    running = bench(BENCH)
    with recording(running, vwb, "some.vwbcap", "device == rng0", "--payload", "full"):
        ask_long(running)
    assert requests(running, "some.vwbcap").keys() == {"rng0"}
    assert len(requests(running, "some.vwbcap")["rng0"]["answer"]["data"].split()) == 500


def test_header_tells_seeds_faults_features_and_names(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    done = running.vwb(
        "fault", "arm", "gpio0", "gpio.line == 3", "error", "--probability", "0.5", "--seed", "77"
    )
    assert done.returncode == 0, done.stderr
    with recording(running, vwb, "run.vwbcap"):
        as_guest(running, "gpio0", "GET_VALUE", "line=3")
    raw = (running.directory / "run.vwbcap").read_bytes()
    size = struct.unpack_from("<I", raw, 8)[0]
    header = json.loads(raw[16 : 16 + size])
    devices = {device["name"]: device for device in header["devices"]}
    assert header["program"].startswith("vhost-workbench ")
    [fault] = devices["gpio0"]["faults"]
    assert (fault["do"], fault["seed"], fault["probability"]) == ("error", 77, 0.5)
    assert "seed" in json.dumps(devices["rng0"]["hardware_state"])
    assert devices["gpio0"]["names"]["line"][3] == "button"
    assert devices["scmi0"]["names"]["sensor"] == ["cpu", "board"]
    assert "bits" in devices["gpio0"]["features"]


def test_faults_and_holds_are_seen_as_they_happen_and_in_captures(
    bench: StartBench, vwb: Path
) -> None:
    running = bench(BENCH)
    watching = subprocess.Popen(
        [vwb, "watch", "--kind", "gate", "--count", "1", "--control", running.control],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: '"subscriptions":[{' in running.vwb("inspect", "control", "--json").stdout)
    with recording(running, vwb, "run.vwbcap"):
        running.vwb("fault", "arm", "gpio0", "gpio.line.name == button", "delay 20ms")
        as_guest(running, "gpio0", "GET_VALUE", "line=3")
        as_guest(running, "gpio0", "GET_VALUE", "line=4")
    line, _ = watching.communicate(timeout=CEILING_S)
    assert "GATE requestq fault" in line
    assert "delay 20ms (1)" in line
    [event] = shown(running, "run.vwbcap", "--kind", "gate")
    [asked, _] = shown(running, "run.vwbcap", "--kind", "requests")
    assert (event["name"], event["text"], event["number"]) == ("fault", "delay 20ms", 1)
    assert event["request"] == asked["request"]
    # A rule is found like the rule of a problem.
    assert shown(running, "run.vwbcap", "rule ~ delay") == [event]


def test_hold_and_its_end_are_told_with_the_filter(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    with recording(running, vwb, "run.vwbcap"):
        done = running.vwb("hold", "add", "gpio0", "gpio.line == 3", "--timeout", "50ms")
        assert done.returncode == 0, done.stderr
        as_guest(running, "gpio0", "GET_VALUE", "line=3")
    steps = shown(running, "run.vwbcap", "--kind", "gate")
    assert [(step["name"], step["text"]) for step in steps] == [
        ("held", "gpio.line == 3"),
        ("released", "gpio.line == 3"),
    ]


def test_filters_know_what_devices_call_things(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    with recording(running, vwb, "run.vwbcap"):
        for line in ("3", "4"):
            as_guest(running, "gpio0", "GET_VALUE", f"line={line}")
        for sensor in ("0", "1"):
            as_guest(running, "scmi0", "SENSOR_READING_GET", f"sensor={sensor}")

    def found(filter_text: str) -> list[Any]:
        return [event["fields"] for event in shown(running, "run.vwbcap", filter_text)]

    assert [fields["line"] for fields in found('gpio.line.name == "button"')] == [3]
    assert [fields["line"] for fields in found("gpio.line.name != button")] == [4]
    assert [fields["sensor"] for fields in found('scmi.sensor.name ~ "CP"')] == [0]
    done = running.vwb("dump", "run.vwbcap", "scmi.sensor.nam == cpu")
    assert "column 1" in done.stderr
    assert "did you mean 'scmi.sensor.name'?" in done.stderr


class Terminal:
    """`vwb` on a terminal of 100 columns and 12 rows, and what such a terminal shows."""

    def __init__(self, bench: Bench, vwb: Path, *arguments: str, term: str = "xterm") -> None:
        self._end, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 100, 0, 0))
        self.process = subprocess.Popen(
            [vwb, *arguments, "--control", bench.control],
            stdin=subprocess.DEVNULL, stdout=child, stderr=subprocess.PIPE,
            env=os.environ | {"TERM": term},
        )  # fmt: skip
        os.close(child)
        self.raw = b""

    def read(self) -> str:
        while select.select([self._end], [], [], 0.05)[0]:
            try:
                data = os.read(self._end, 65536)
            except OSError:  # the other end was closed
                return self.screen()
            self.raw += data
        return self.screen()

    def screen(self) -> str:
        """As lines from the top, for the few codes that we use; any other is an error."""
        rows, row, text = [""], 0, self.raw.decode()
        for part in re.findall(r"\x1b\[[?0-9]*[A-Za-z]|\r|\n|[^\x1b\r\n]+|\x1b", text):
            if part == "\n":
                row += 1
                rows += [""] * (row + 1 - len(rows))
            elif part == "\r":
                pass  # each line is written from its start
            elif re.fullmatch(r"\x1b\[\d+A", part):
                row -= int(part[2:-1])
                assert row >= 0
            elif part in ("\x1b[K", "\x1b[?25l", "\x1b[?25h"):
                pass
            elif part == "\x1b[J":
                rows = rows[: row + 1]
                rows[row] = ""
            else:
                assert part[0] != "\x1b", repr(part)
                rows[row] = part
        return "\n".join(rows)

    def end(self) -> str:
        self.process.send_signal(signal.SIGINT)
        shown = wait_for(lambda: self.process.poll() is not None and self.read())
        os.close(self._end)
        assert self.process.stderr
        assert self.process.stderr.read() == b""
        self.process.stderr.close()
        assert self.process.returncode == 0
        return shown


def test_stats_table_is_kept_up_to_date_on_a_terminal(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    terminal = Terminal(running, vwb, "stats", "gpio0")
    wait_for(lambda: "Ctrl-C ends" in terminal.read())
    for count in (1, 2):
        as_guest(running, "gpio0", "GET_VALUE", "line=3")
        row = re.compile(rf"gpio0 +requestq +GET_VALUE +{count} +0 ")
        wait_for(lambda row=row: row.search(terminal.read()))
        assert terminal.screen().count("GET_VALUE") == 1  # written over, not below
    shown = terminal.end()
    assert shown.count("GET_VALUE") == 1
    assert "Ctrl-C" not in shown
    assert terminal.raw.endswith(b"\x1b[?25h")


def test_table_on_a_terminal_that_cannot_is_plain(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    terminal = Terminal(running, vwb, "stats", "--for", "300ms", term="dumb")
    wait_for(lambda: terminal.process.poll() is not None)
    assert "DEVICE" in terminal.read()
    assert b"\x1b" not in terminal.raw
    terminal.end()


def test_stats_come_from_the_bench_and_end_with_their_client(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    measuring = lambda: running.answers("inspect", "control.measurements")  # noqa: E731
    watching = subprocess.Popen(
        [vwb, "stats", "--for", "1min", "--control", running.control], stdout=subprocess.DEVNULL
    )
    wait_for(lambda: measuring() == [1])
    watching.kill()
    watching.wait()
    wait_for(lambda: measuring() == [0])
    done = running.vwb("stats", "gpio0", "gpio.lin == 3")
    assert "did you mean 'gpio.line'" in done.stderr
