# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Requests of the I2C and SCMI drivers of a real kernel: held, stepped, answered, failed, lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import Bench
from tests.guest.boards import SCMI_TREE
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

I2C = """
[[device]]
type = "i2c"
[[device.sim.chip]]
address = 0x48
model = "lm75"
name = "room"
[[device]]
type = "gpio"
[device.sim]
lines = 4
"""

SCMI = """
[[device]]
type = "scmi"
[[device.sim.sensor]]
name = "cpu"
value = 42.5
[[device.sim.sensor]]
name = "core"
kind = "voltage"
value = 0.9
[[device.sim.sensor]]
name = "board"
kind = "power"
value = 3.25
"""

# One message on the bus, so that it is one request and no group. Whole degrees.
READ = "i2ctransfer -y 0 r1@0x48"
HWMON = "/sys/class/hwmon/hwmon0"
READING = "name == SENSOR_READING_GET"


def held(bench: Bench, device: str) -> dict[str, Any]:
    """The one request that is held, as soon as there is one."""
    [holds] = bench.answers("hold", "wait", device, timeout=60)
    [request] = holds["held"]
    assert isinstance(request, dict)
    return request


def act(bench: Bench, verb: str, request: dict[str, Any], *words: str) -> None:
    bench.answers("hold", verb, request["device"], str(request["request"]), *words)


def boot_scmi(bench: StartBench, guest: StartGuest, directory: Path) -> tuple[Bench, Guest]:
    board = directory / "board.dts"
    board.write_text(SCMI_TREE, encoding="utf-8")
    running = bench(SCMI)
    return running, guest(running, "--dt", str(board))


def test_byte_of_a_chip_is_edited_on_its_way(bench: StartBench, guest: StartGuest) -> None:
    running = bench(I2C)
    linux = guest(running)
    assert linux.run(READ) == ["0x19"]
    running.answers("hold", "add", "i2c0", "i2c.addr == 0x90", "--at", "completed", "--count", "1")
    linux.start(READ)
    request = held(running, "i2c0")
    assert request["answer"] == {"read_buf": "19", "status": "OK"}
    act(running, "edit", request, "--bytes", "77")
    act(running, "release", request)
    assert linux.line() == "0x77"
    assert linux.run(READ) == ["0x19"]


def test_chip_is_answered_for_failed_and_let_go(bench: StartBench, guest: StartGuest) -> None:
    running = bench(I2C)
    linux = guest(running)
    linux.run(READ)
    running.answers("hold", "add", "i2c0")
    linux.start(READ)
    act(running, "answer", held(running, "i2c0"), "--bytes", "42 00")
    assert linux.line() == "0x42"
    linux.start(f"{READ} 2>&1")
    act(running, "fail", held(running, "i2c0"))
    assert "only 0/1" in linux.line(), "the driver says that the message did not go through"
    linux.start(READ)
    act(running, "release", held(running, "i2c0"))
    assert linux.line() == "0x19"


def test_others_go_on_while_a_request_is_held(bench: StartBench, guest: StartGuest) -> None:
    running = bench(I2C)
    linux = guest(running)
    linux.run(READ)
    running.answers("hold", "add", "i2c0", "--count", "1")
    linux.start(f"{READ} >/run/read & while :; do gpioget -c gpiochip0 1 && break; done")
    request = held(running, "i2c0")
    assert "inactive" in linux.line(), "another device of the same guest"
    # The control plane of the device itself.
    [queue] = running.answers("queue", "i2c0")
    assert [chain["request"] for chain in queue["in_flight"]] == [request["request"]]
    assert running.answers("get", "i2c0.room.temperature")[0]["value"] == 25
    [device] = [d for d in running.answers("list") if d["name"] == "i2c0"]
    assert (device["held"], device["in_flight"]) == (1, 1)
    act(running, "release", request)
    assert linux.run("wait; cat /run/read") == ["0x19"]


def test_guard_lets_a_forgotten_request_go(bench: StartBench, guest: StartGuest) -> None:
    running = bench(I2C)
    linux = guest(running)
    linux.run(READ)
    running.answers("hold", "add", "i2c0", "--timeout", "300ms", "--count", "1")
    took = linux.run(f"began=$(date +%s%N); {READ}; echo $(($(date +%s%N) - began))")
    assert took[0] == "0x19"
    assert int(took[1]) >= 300_000_000
    [holds] = running.answers("hold", "list", "i2c0")
    assert [(p["hits"], p["timeouts"]) for p in holds["breakpoints"]] == [(1, 1)]
    assert holds["held"] == []


def test_i2c_driver_waits_for_ever_until_it_is_interrupted(
    bench: StartBench, guest: StartGuest
) -> None:
    running = bench(I2C)
    linux = guest(running)
    linux.run(READ)
    running.answers("fault", "arm", "i2c0", "", "never", "--count", "1")
    # i2c-virtio has no time-out of its own (the usual one of an adapter would be a second): what
    # ends the wait is the signal.
    took = linux.run(
        f"began=$(date +%s%N); timeout 3 {READ} 2>&1; echo status $?;"
        " echo $(($(date +%s%N) - began))"
    )
    assert "status 124" in took, took
    assert int(took[-1]) >= 3_000_000_000
    assert linux.run(READ) == ["0x19"], "driver and device live on"
    [report] = running.answers("fault", "report", "i2c0")
    [device] = report["devices"]
    assert [(f["queue"], f["do"]) for f in device["fired"]] == [("requestq", "never")]


def test_reading_of_a_sensor_is_edited_and_failed(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    running, linux = boot_scmi(bench, guest, tmp_path)
    assert linux.run(f"cat {HWMON}/temp1_input") == ["42500"]
    running.answers("hold", "add", "scmi0", READING, "--at", "completed")
    linux.start(f"cat {HWMON}/temp1_input")
    request = held(running, "scmi0")
    # Three decimals: 42.5 degrees are 42500.
    assert request["answer"]["value"] == 42500
    act(running, "edit", request, "value=99000")
    act(running, "release", request)
    assert linux.line() == "99000"
    linux.start(f"cat {HWMON}/temp1_input 2>/dev/null || echo failed")
    act(running, "fail", held(running, "scmi0"))
    assert linux.line() == "failed"
    linux.start(f"cat {HWMON}/temp1_input")
    act(running, "release", held(running, "scmi0"))
    assert linux.line() == "42500"


def test_three_requests_of_a_queue_are_stepped_through(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    running, linux = boot_scmi(bench, guest, tmp_path)
    linux.run(f"cat {HWMON}/temp1_input")
    # A breakpoint for the first one only: the others are held because they are stepped to.
    running.answers("hold", "add", "scmi0", READING, "--count", "1")
    linux.start(
        f"cd {HWMON}; for f in temp1 in0 power1; do cat ${{f}}_input >/run/$f & done; wait;"
        " cat /run/temp1 /run/in0 /run/power1"
    )
    first = held(running, "scmi0")
    numbers = [first["request"]]
    while running.answers("queue", "scmi0")[0]["inuse"] < 3:
        pass
    for _ in range(2):
        act(running, "step", {"device": "scmi0", "request": numbers[-1]})
        numbers.append(held(running, "scmi0")["request"])
    assert sorted(numbers) == numbers
    act(running, "release", {"device": "scmi0", "request": numbers[-1]})
    assert [linux.line() for _ in range(3)] == ["42500", "900", "3250000"]


def test_dead_sensor_and_lost_connection_by_name(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    running, linux = boot_scmi(bench, guest, tmp_path)
    sensor = "call fault signal=sensor.cpu kind=broken"
    running.answers("fault", "arm", "scmi0", READING, sensor, "--count", "1")
    assert linux.run(f"cat {HWMON}/temp1_input 2>/dev/null || echo dead") == ["dead"]
    assert linux.run(f"cat {HWMON}/in0_input") == ["900"], "the other sensors live"
    running.answers("call", "scmi0", "fault", "signal=sensor.cpu", "kind=none")
    assert linux.run(f"cat {HWMON}/temp1_input") == ["42500"]
