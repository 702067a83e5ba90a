# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Held, delayed and unanswered requests of unmodified drivers in a real kernel."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Bench
from tests.guest.boards import SCMI_TREE
from tests.guest.conftest import BOOT_CEILING_S, Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

GPIO = """
[[device]]
type = "gpio"
[device.sim]
lines = 8
[[device.sim.line]]
number = 3
name = "button"
pull = "down"
"""

SCMI = """
[[device]]
type = "scmi"
[[device.sim.sensor]]
name = "cpu"
value = 42.5
"""


def test_answer_that_is_edited_is_what_gpioget_prints(bench: StartBench, guest: StartGuest) -> None:
    running = bench(GPIO)
    linux = guest(running)
    assert linux.run("gpioget --numeric -c gpiochip0 3") == ["0"]
    wanted = "name == GET_VALUE && gpio.line == 3"
    running.answers("hold", "add", "gpio0", wanted, "--at", "completed")
    linux.start("gpioget --numeric -c gpiochip0 3")
    [holds] = running.answers("hold", "wait", "gpio0", timeout=60)
    [held] = holds["held"]
    assert held["fields"]["line"] == 3
    assert held["answer"]["level"] == "LOW"
    number = str(held["request"])
    [edited] = running.answers("hold", "edit", "gpio0", number, "level=1")
    assert edited["answer"]["level"] == "HIGH"
    running.answers("hold", "release", "gpio0", number)
    assert linux.line() == "1"


def test_delay_on_one_line_leaves_the_others_alone(bench: StartBench, guest: StartGuest) -> None:
    running = bench(GPIO)
    linux = guest(running)
    name = "name == GET_VALUE && gpio.line == 3"
    running.answers("fault", "arm", "gpio0", name, "delay 200ms")
    # Nanoseconds that each read takes in the guest.
    took = linux.run(
        "for line in 3 4 3 4; do began=$(date +%s%N); gpioget -c gpiochip0 $line >/dev/null;"
        " echo $(($(date +%s%N) - began)); done"
    )
    slow, quick = [int(ns) for ns in took[0::2]], [int(ns) for ns in took[1::2]]
    assert min(slow) >= 200_000_000
    assert max(quick) < min(slow)
    [report] = running.answers("fault", "report", "gpio0")
    [device] = report["devices"]
    assert device["faults"][0]["fired"] == 2, "every read of line 3 and no other"


def test_unanswered_scmi_request_times_out_and_the_device_lives_on(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    board = tmp_path / "board.dts"
    board.write_text(SCMI_TREE, encoding="utf-8")
    running = bench(SCMI)
    linux = guest(running, "--dt", str(board))
    reading = "cat /sys/class/hwmon/hwmon0/temp1_input"
    assert linux.run(reading) == ["42500"]
    running.answers("fault", "arm", "scmi0", "name == SENSOR_READING_GET", "never", "--count", "1")
    # The kernel gives a transport without real time a minute.
    linux.start(f"{reading} 2>&1 || echo failed")
    assert "timed out" in linux.line(3 * BOOT_CEILING_S)
    assert linux.line() == "failed"
    assert any("timed out" in line for line in linux.run("dmesg | grep -i scmi"))
    assert linux.run(reading) == ["42500"]
