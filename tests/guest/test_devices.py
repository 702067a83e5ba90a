# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Unmodified in-tree drivers of a real kernel on devices of a running bench."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Bench

StartBench = Callable[[str], Bench]

BENCH = """
[bench]
name = "guest"
[[device]]
type = "gpio"
[device.sim]
lines = 8
[[device.sim.line]]
number = 2
name = "led"
[[device.sim.line]]
number = 3
name = "button"
pull = "down"
[[device]]
type = "rng"
hardware = "seeded"
[device.seeded]
seed = 7
"""

GUEST_CEILING_S = 120.0
CHIP = "gpiochip0"


class Guest:
    """A guest on a running bench with a shell script in it, spoken to over its standard streams."""

    def __init__(self, bench: Bench, script: str) -> None:
        self.process = subprocess.Popen(
            [bench._vwb, "guest", "run", "--timeout", "100s", "--", "sh", "-c", script],
            cwd="/",
            env=bench._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdin and self.process.stdout
        self.stdin = self.process.stdin
        self.stdout = self.process.stdout

    def wait_for(self, word: str) -> None:
        """Reads lines of the guest until one is the word."""
        for line in self.stdout:
            if line.strip() == word:
                return
        pytest.fail(f"the guest ended without saying {word!r}: {self.process.stderr.read()}")

    def say(self, line: str = "") -> None:
        self.stdin.write(line + "\n")
        self.stdin.flush()

    def finish(self) -> str:
        """The rest of the output; the script must end well."""
        out, err = self.process.communicate(timeout=GUEST_CEILING_S)
        assert self.process.returncode == 0, err
        return out


def run_in_guest(bench: Bench, script: str) -> str:
    done = bench.vwb(
        "guest", "run", "--", "sh", "-ec", script, cwd="/", timeout=GUEST_CEILING_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def inspect(bench: Bench, path: str) -> Any:
    done = bench.vwb("inspect", path, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def driver_problems(bench: Bench) -> str:
    return bench.vwb("problems").stdout


def test_hwrng_delivers_a_mebibyte(bench: StartBench) -> None:
    running = bench(BENCH)
    out = run_in_guest(
        running,
        "cat /sys/class/misc/hw_random/rng_current; head -c 1048576 /dev/hwrng | tee /run/random"
        " | wc -c; od -An -v -tx1 -w1 /run/random | sort | uniq -c | sort -n | head -1",
    )
    name, size, rarest = out.strip().splitlines()
    assert name.startswith("virtio_rng")
    assert int(size) == 1048576
    # 4096 of each byte value on average: the rarest is within 6 standard deviations.
    assert int(rarest.split()[0]) > 4096 - 6 * 64
    assert inspect(running, "rng0.queues.requestq.counters.written_bytes") >= 1048576


def test_gpioinfo_shows_the_names(bench: StartBench) -> None:
    out = run_in_guest(bench(BENCH), f"gpioinfo -c {CHIP}")
    assert re.search(r'line\s+2:\s+"led"', out), out
    assert re.search(r'line\s+3:\s+"button"', out), out
    assert len(re.findall(r"^\s*line\s+\d+:", out, re.MULTILINE)) == 8


def test_gpioset_in_the_guest_is_what_get_says_outside(bench: StartBench) -> None:
    running = bench(BENCH)
    guest = Guest(
        running,
        "for value in 1 0 1; do"
        f" gpioset -c {CHIP} led=$value & until gpioinfo -c {CHIP} led | grep -q output; do :;"
        " done; echo set; read go; kill $!; wait; done",
    )
    for value in ("1", "0", "1"):
        guest.wait_for("set")
        assert running.vwb("get", "gpio0.led").stdout.split()[-1] == value
        guest.say()
    guest.finish()


def test_gpioget_in_the_guest_is_what_set_did_outside(bench: StartBench) -> None:
    running = bench(BENCH)
    guest = Guest(
        running,
        f"for i in 1 2 3; do echo ready; read go; gpioget -c {CHIP} --numeric button; done",
    )
    for value in ("1", "0", "1"):
        guest.wait_for("ready")
        assert running.vwb("set", f"gpio0.button={value}").returncode == 0
        guest.say()
        assert guest.stdout.readline().strip() == value
    guest.finish()


def edges_of(output: str) -> list[str]:
    return re.findall(r"\b(rising|falling)\b", output)


def watch_edges(running: Bench) -> Guest:
    """A guest whose gpiomon watches the button and has told so. It then waits for as many edges
    as it is told by a number on a line, and a moment longer for one that should not come."""
    guest = Guest(
        running,
        f"stdbuf -oL gpiomon -c {CHIP} -e both button >/run/edges &"
        f" until gpioinfo -c {CHIP} button | grep -q edges; do :; done; echo armed;"
        " read count; until [ $(wc -l </run/edges) -ge $count ]; do sleep 0.05; done;"
        " sleep 0.3; kill $!; cat /run/edges",
    )
    guest.wait_for("armed")
    return guest


def irq_of(running: Bench, line: int) -> dict[str, Any]:
    return inspect(running, f"gpio0.device.line{line}.irq")


def test_200_edges_of_a_generator_are_seen_once_or_counted_as_merged(bench: StartBench) -> None:
    running = bench(BENCH)
    guest = watch_edges(running)
    done = running.vwb(
        "call", "gpio0", "square", "signal=button", "period=20ms", "count=100"
    )
    assert done.returncode == 0, done.stderr
    # An edge that finds the line masked and one latched already is merged (virtio 1.4, 5.18.7): on
    # a busy machine the guest may be late, but nothing may be lost without being counted.
    deadline = time.monotonic() + 60
    irq = irq_of(running, 3)
    while irq["delivered"] + irq["merged"] < 200 and time.monotonic() < deadline:
        irq = irq_of(running, 3)
    assert irq["delivered"] + irq["merged"] == 200
    guest.say(str(irq["delivered"]))
    assert len(edges_of(guest.finish())) == irq["delivered"]


def test_200_edges_by_hand_are_all_seen_once(bench: StartBench) -> None:
    running = bench(BENCH)
    guest = watch_edges(running)
    for i in range(200):
        wait_until_armed(running, 3)
        assert running.vwb("set", f"gpio0.button={1 - i % 2}").returncode == 0
    guest.say("200")
    assert edges_of(guest.finish()) == ["rising", "falling"] * 100


def wait_until_armed(running: Bench, line: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if irq_of(running, line)["armed"]:
            return
    pytest.fail(f"line {line} was not armed")


def test_driver_unbinds_and_binds_ten_times_on_one_connection(bench: StartBench) -> None:
    running = bench(BENCH)
    out = run_in_guest(
        running,
        """
for driver in gpio_virtio:41 virtio_rng:4; do
    for path in /sys/bus/virtio/devices/virtio*; do
        [ $(($(cat $path/device))) -eq ${driver#*:} ] && device=${path##*/}
    done
    cd /sys/bus/virtio/drivers/${driver%:*}
    for i in 1 2 3 4 5 6 7 8 9 10; do
        echo $device > unbind
        echo $device > bind
    done
    cd /
done
head -c 100000 /dev/hwrng | wc -c
gpioget -c gpiochip0 --numeric button
""",
    )
    assert out.split() == ["100000", "0"]
    for device in ("gpio0", "rng0"):
        assert inspect(running, f"{device}.session.sessions") == 1
    assert driver_problems(running) == ""


def find_guest_kernels(control: Path) -> list[int]:
    """Processes of the guest kernel that talk to this bench."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"virtio_uml.device=" in command and str(control.parent).encode() in command:
            found.append(int(entry.name))
    return found


def test_a_new_guest_connects_after_one_was_killed(bench: StartBench) -> None:
    running = bench(BENCH)
    guest = watch_edges(running)  # with a parked event buffer
    kernels = find_guest_kernels(running.control)
    assert kernels
    for kernel in kernels:
        try:
            os.kill(kernel, signal.SIGKILL)
        except ProcessLookupError:
            pass
    guest.process.communicate(timeout=GUEST_CEILING_S)
    assert guest.process.returncode != 0
    out = run_in_guest(
        running, f"head -c 1000 /dev/hwrng | wc -c; gpioget -c {CHIP} --numeric button"
    )
    assert out.split() == ["1000", "0"]
    guest = watch_edges(running)
    assert running.vwb("set", "gpio0.button=1").returncode == 0
    wait_until_armed(running, 3)
    assert running.vwb("set", "gpio0.button=0").returncode == 0
    guest.say("2")
    assert edges_of(guest.finish()) == ["rising", "falling"]


def test_back_end_survives_its_own_disconnect(bench: StartBench) -> None:
    running = bench(BENCH)
    guest = watch_edges(running)
    assert running.vwb("disconnect", "gpio0").returncode == 0
    guest.process.kill()
    guest.process.communicate(timeout=GUEST_CEILING_S)
    out = run_in_guest(running, f"gpioget -c {CHIP} --numeric button")
    assert out.split() == ["0"]
