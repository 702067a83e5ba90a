# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Signals of a running bench as a user moves and records them."""

import json
from collections.abc import Callable
from pathlib import Path

from conftest import Bench

StartBench = Callable[[str], Bench]

BENCH = """
[bench]
name = "signals"
[[device]]
type = "gpio"
[device.sim]
lines = 4
[[device]]
type = "i2c"
[[device.sim.chip]]
address = 0x48
model = "lm75"
name = "room"
[[device]]
type = "scmi"
[[device.sim.sensor]]
name = "cpu"
kind = "temperature"
"""


def points_of(text: str) -> list[tuple[float, float]]:
    lines = text.splitlines()
    assert lines[0] == "seconds,value"
    return [(float(time), float(value)) for time, value in (line.split(",") for line in lines[1:])]


def test_square_wave_of_a_line_is_recorded_and_played_on_another(
    bench: StartBench, tmp_path: Path
) -> None:
    running = bench(BENCH)
    running.vwb("signal", "square", "gpio0.line1", "period=4ms")
    file = tmp_path / "line1.csv"
    running.vwb("signal", "record", "gpio0.line1", "--changes", "6", "--to", str(file))
    points = points_of(file.read_text())
    assert len(points) == 7
    assert points[0][0] == 0
    assert {abs(after[1] - before[1]) for before, after in zip(points, points[1:])} == {1}
    running.vwb("signal", "play", "gpio0.line2", f"file={file}", "end=repeat")
    played = points_of(running.vwb("signal", "record", "gpio0.line2", "--changes", "2").stdout)
    assert len(played) == 3
    running.vwb("signal", "stop", "gpio0.line2")


def test_ramps_of_chips_and_sensors_are_recorded(bench: StartBench) -> None:
    running = bench(BENCH)
    for signal in ("i2c0.room.temperature", "scmi0.sensor.cpu"):
        running.vwb("set", f"{signal}=20")
        running.vwb("signal", "ramp", signal, "to=60", "time=200ms")
        recorded = running.vwb("signal", "record", signal, "--for", "300ms", "--json")
        recording = json.loads(recorded.stdout)
        values = [point["value"] for point in recording["points"]]
        assert recording["signal"] == signal
        assert recording["lost"] == 0
        assert values == sorted(values)
        assert len(values) > 4
        assert values[-1] == 60
        assert running.vwb("get", signal).stdout == f"{signal} 60\n"


def test_changes_of_chips_are_seen_by_watch(bench: StartBench) -> None:
    running = bench(BENCH)
    running.vwb("signal", "square", "i2c0.0x48.temperature", "period=20ms", "low=20", "high=21.5")
    watched = running.vwb("watch", "--kind", "signals", "--count", "2", "--json")
    events = [json.loads(line) for line in watched.stdout.splitlines()]
    assert {event["signal"] for event in events} == {"room.temperature"}
    assert {event["value"] for event in events} == {20, 21.5}


def test_mistakes_are_named(bench: StartBench) -> None:
    running = bench(BENCH)
    for arguments, text in (
        (("record", "gpio0.line1"), "say for how long"),
        (("record", "gpio0.line9", "--for", "1s"), "there is no line 'line9'"),
        (("record", "i2c0.room.temprature", "--for", "1s"), "has no signal 'temprature'"),
        (("ramp", "gpio0.line1", "to=1"), "parameter 'time' (duration) is missing"),
        (("ramp", "i2c0.room.temperature", "to=500", "time=1s", "from=400"), "-55 to 125"),
        (("play", "gpio0.line1", "file=nowhere.csv"), "nowhere.csv"),
        (("rmp", "gpio0.line1"), "did you mean 'ramp'?"),
        (("ramp", "gpio0"), "is no signal"),
    ):
        done = running.vwb("signal", *arguments, check=False)
        assert done.returncode != 0
        assert text in done.stderr, arguments
