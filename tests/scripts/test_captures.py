# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Recording a bench and reading captures, as a user does it."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import capture_file as cf
from conftest import CEILING_S, Bench, wait_for

StartBench = Callable[[str], Bench]

BENCH = """
[bench]
name = "captures"
[[device]]
type = "gpio"
[device.sim]
lines = 8
[[device.sim.line]]
number = 3
name = "button"
pull = "down"
[[device]]
type = "rng"
hardware = "seeded"
"""


def run(vwb: Path, *arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    settings: dict[str, Any] = {"capture_output": True, "text": True, "timeout": CEILING_S}
    return subprocess.run([vwb, *map(str, arguments)], check=False, **(settings | options))


def lines_of(done: subprocess.CompletedProcess[str]) -> list[Any]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Recording:
    """`vwb record` beside a bench, from its beginning to Ctrl-C."""

    def __init__(self, bench: Bench, vwb: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [vwb, "record", *arguments, "--control", bench.control],
            cwd=bench.directory,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        assert self.process.stderr.readline().startswith("recording to")

    def end(self) -> str:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=CEILING_S)
        assert self.process.returncode == 0, errors
        return errors


def test_recording_ends_whole_on_interrupt_and_holds_what_happened(
    bench: StartBench, vwb: Path
) -> None:
    running = bench(BENCH)
    recording = Recording(running, vwb, "run.vwbcap")
    assert running.vwb("set", "gpio0.button=1").returncode == 0
    assert running.vwb("record", "--note", "pressed").returncode == 0
    assert "0 lost" in recording.end()
    done = running.vwb("dump", "run.vwbcap", "--json", "--kind", "signals")
    assert done.stderr == ""
    events = lines_of(done)
    assert [(e["kind"], e.get("signal"), e.get("value"), e.get("text")) for e in events] == [
        ("signal", "button", 1, None),
        ("note", None, None, "pressed"),
    ]
    assert "signal button = 1" in running.vwb("dump", "run.vwbcap", "--kind", "signals").stdout


def test_recording_of_a_client_that_was_killed_is_whole(bench: StartBench, vwb: Path) -> None:
    running = bench(BENCH)
    recording = Recording(running, vwb, "run.vwbcap")
    assert running.vwb("set", "gpio0.button=1").returncode == 0
    recording.process.kill()
    recording.process.communicate()
    wait_for(lambda: "its client went away" in running.vwb("inspect", "control.captures").stdout)
    done = running.vwb("dump", "run.vwbcap", "--kind", "signals")
    assert (done.stdout.count("button"), done.stderr) == (1, "")


def test_recording_overwrites_nothing(bench: StartBench) -> None:
    running = bench(BENCH)
    (running.directory / "there").write_text("precious")
    done = running.vwb("record", "there")
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert (running.directory / "there").read_text() == "precious"


def test_recording_ends_by_itself_after_a_time(bench: StartBench) -> None:
    running = bench(BENCH)
    done = running.vwb("record", "run.vwbcap", "--for", "50ms", "--json")
    assert lines_of(done)[0]["reason"] == "the time was over"


def test_wrong_filter_and_device_of_a_recording_are_named(bench: StartBench) -> None:
    running = bench(BENCH)
    done = running.vwb("record", "a", "gpio.lin == 3")
    assert done.returncode == 2
    assert "did you mean 'gpio.line'" in done.stderr
    done = running.vwb("record", "b", "--devices", "gpio1")
    assert "did you mean 'gpio0'" in done.stderr
    assert not (running.directory / "a").exists()
    assert not (running.directory / "b").exists()


def test_ring_keeps_the_last_and_goes_on(bench: StartBench) -> None:
    running = bench(BENCH)
    assert "no ring" in running.vwb("record", "x", "--save").stderr
    assert running.vwb("record", "--ring", "1M").returncode == 0
    running.vwb("set", "gpio0.button=1")

    def saved(name: str) -> str:
        path = running.directory / name
        path.unlink(missing_ok=True)
        assert running.vwb("record", name, "--save").returncode == 0
        return running.vwb("dump", name, "--kind", "signals").stdout

    wait_for(lambda: "button = 1" in saved("first"))
    running.vwb("set", "gpio0.button=0")
    wait_for(lambda: "button = 0" in saved("second"))
    assert running.vwb("record", "--stop").returncode == 0
    assert "no ring" in running.vwb("record", "x", "--save").stderr


def test_live_dump_shows_what_happens_and_ends_on_interrupt(
    bench: StartBench, vwb: Path
) -> None:
    running = bench(BENCH)
    watcher = subprocess.Popen(
        [vwb, "dump", "--live", "--kind", "signals", "--control", running.control],
        env=running._environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: '"running":true' in running.vwb("inspect", "control.captures", "--json").stdout)
    running.vwb("set", "gpio0.button=1")
    assert watcher.stdout
    assert "signal button = 1" in watcher.stdout.readline()
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(CEILING_S) == 0
    watcher.stdout.close()


def test_capture_of_somebody_else_is_read(vwb: Path, tmp_path: Path) -> None:
    file = cf.write(
        tmp_path / "a",
        cf.header(cf.GPIO, cf.RNG),
        cf.block(cf.EVENTS, cf.served(cf.GPIO, 1, cf.gpio_get(3), b"\0\1", 5_000)),
        cf.json_block(cf.LOSS, time_ns=6_000, device=1, events=77),
        cf.block(99, b"from a later version"),
        cf.json_block(
            cf.PROBLEM, device=0, side="driver", severity="error", rule="r", clause="c",
            message="m", queue=0, count=1, first_ns=7, last_ns=7,
        ),
    )  # fmt: skip
    done = run(vwb, "dump", file, "--json")
    assert "another description of gpio requests" in done.stderr
    request, lost, problem = lines_of(done)
    assert (request["name"], request["fields"]["line"], request["answer"]["level"]) == (
        "GET_VALUE", 3, "HIGH",
    )  # fmt: skip
    assert (lost["kind"], lost["device"], lost["count"]) == ("lost", "rng0", 77)
    assert (problem["kind"], problem["rule"], problem["queue"]) == ("problem", "r", "requestq")
    assert lines_of(run(vwb, "dump", file, "gpio.line == 4", "--json"))[0]["kind"] == "lost"


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_cut_capture_is_read_up_to_the_cut_and_its_offset_named(
    vwb: Path, tmp_path: Path, cut: int
) -> None:
    whole = cf.write(
        tmp_path / "a",
        cf.header(cf.GPIO),
        cf.block(cf.EVENTS, cf.served(cf.GPIO, 1, cf.gpio_get(3), b"\0\1", 5_000)),
        cf.block(cf.EVENTS, cf.served(cf.GPIO, 2, cf.gpio_get(4), b"\0\1", 6_000)),
        end=False,
    )
    whole.write_bytes(whole.read_bytes()[:-cut])
    done = run(vwb, "dump", whole)
    assert done.returncode == 2
    assert "line=3" in done.stdout
    assert "line=4" not in done.stdout
    assert "offset" in done.stderr


def test_capture_without_an_end_is_told(vwb: Path, tmp_path: Path) -> None:
    file = cf.write(tmp_path / "a", cf.header(cf.GPIO), end=False)
    done = run(vwb, "dump", file)
    assert done.returncode == 0
    assert "has no end" in done.stderr


def test_what_is_no_capture_is_refused(vwb: Path, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("hello, this is no capture")
    done = run(vwb, "dump", file)
    assert done.returncode == 2
    assert "is no capture" in done.stderr


def pulses(level: int) -> bytes:
    """Three reads of line 3, each answered with this level."""
    return b"".join(
        cf.served(cf.GPIO, i, cf.gpio_get(3), bytes([0, level]), i * 10_000, i * 1_000)
        for i in (1, 2, 3)
    )


def test_stats_of_a_capture_count_by_request_and_queue(vwb: Path, tmp_path: Path) -> None:
    file = cf.write(
        tmp_path / "a",
        cf.header(cf.GPIO),
        cf.block(
            cf.EVENTS,
            pulses(1)
            + cf.served(cf.GPIO, 4, cf.gpio_set(9, 1), b"\1\0", 50_000)
            + cf.event(cf.KICK, cf.GPIO, 51_000, a=4)
            + cf.event(cf.KICK, cf.GPIO, 52_000)
            + cf.event(cf.CALL, cf.GPIO, 53_000)
            + cf.event(cf.CALL_SUPPRESSED, cf.GPIO, 54_000),
        ),
        cf.json_block(cf.LOSS, time_ns=60_000, device=0, events=5),
    )
    stats = lines_of(run(vwb, "stats", file, "--json"))[0]
    rows = {row["name"]: row for row in stats["requests"]}
    assert (rows["GET_VALUE"]["count"], rows["GET_VALUE"]["errors"]) == (3, 0)
    assert rows["GET_VALUE"]["max_ns"] == 3_000
    assert 2_000 <= rows["GET_VALUE"]["p50_ns"] <= 2_070  # a bucket is 3 percent wide
    assert (rows["SET_VALUE"]["count"], rows["SET_VALUE"]["errors"]) == (1, 1)
    assert stats["queues"] == [
        {"device": "gpio0", "queue": "requestq", "requests": 4, "kicks": 1, "empty_kicks": 1,
         "calls": 1, "suppressed_calls": 1},
    ]  # fmt: skip
    assert stats["lost"] == 5
    assert "5 events were lost" in run(vwb, "stats", file).stdout


def test_compare_names_the_first_divergence_and_exit_code_tells(
    vwb: Path, tmp_path: Path
) -> None:
    one = cf.write(tmp_path / "one", cf.header(cf.GPIO), cf.block(cf.EVENTS, pulses(1)))
    same = cf.write(tmp_path / "same", cf.header(cf.GPIO), cf.block(cf.EVENTS, pulses(1)))
    changed = pulses(1)[:-64] + cf.served(cf.GPIO, 3, cf.gpio_get(3), b"\0\0", 30_000)
    other = cf.write(tmp_path / "other", cf.header(cf.GPIO), cf.block(cf.EVENTS, changed))
    assert run(vwb, "compare", one, same).returncode == 0
    done = run(vwb, "compare", one, other, "--json")
    assert done.returncode == 1
    queue = json.loads(done.stdout)["queues"][0]
    assert queue["first"]["index"] == 2
    assert queue["first"]["one"]["answer"]["level"] == "HIGH"
    assert queue["first"]["other"]["answer"]["level"] == "LOW"
    shorter = cf.write(tmp_path / "short", cf.header(cf.GPIO), cf.block(cf.EVENTS, pulses(1)[:64]))
    assert "the run ends here" in run(vwb, "compare", one, shorter).stdout


def test_compare_leaves_random_bytes_out_and_shows_features(vwb: Path, tmp_path: Path) -> None:
    def capture(name: str, data: bytes, packed: bool) -> Path:
        bits = [{"bit": 34, "name": "RING_PACKED", "accepted": packed}]
        return cf.write(
            tmp_path / name,
            cf.header(cf.RNG | {"features": {"bits": bits}}),
            cf.block(cf.EVENTS, cf.served(cf.RNG, 1, b"", data, 5_000)),
        )

    one = capture("one", b"abcd", True)
    assert run(vwb, "compare", one, capture("other", b"wxyz", True)).returncode == 0
    done = run(vwb, "compare", one, capture("split", b"abcd", False))
    assert done.returncode == 1
    assert "feature RING_PACKED: accepted yes and no" in done.stdout


def test_replay_gives_requests_again_and_compares_answers(
    bench: StartBench, vwb: Path, tmp_path: Path
) -> None:
    running = bench(BENCH)
    recording = Recording(running, vwb, "again.vwbcap", "--devices", "gpio0,rng0")
    file = cf.write(
        tmp_path / "a",
        cf.header(cf.GPIO, cf.RNG),
        cf.block(cf.EVENTS, pulses(0) + cf.served(cf.RNG, 1, b"", bytes(16), 5_000)),
    )
    reports = lines_of(running.vwb("replay", str(file), "--bench", "--json"))
    assert {report["device"]: report["same"] for report in reports} == {"gpio0": 3, "rng0": 1}
    # Both runs are the same, and the second one is a capture like any other.
    assert "4 requests, 0 lost" in recording.end()
    compared = run(vwb, "compare", file, running.directory / "again.vwbcap", "--json")
    assert [queue["same"] for queue in json.loads(compared.stdout)["queues"]] == [True, True]
    assert running.vwb("replay", "again.vwbcap", "--bench").returncode == 0
    running.vwb("set", "gpio0.button=1")
    done = running.vwb("replay", str(file), "--bench", "--devices", "gpio0")
    assert done.returncode == 1
    assert "3 different" in done.stdout
    assert "level=HIGH" in done.stdout


def test_replay_refuses_what_was_not_recorded_whole_and_says_what_to_do(
    bench: StartBench, tmp_path: Path
) -> None:
    running = bench(BENCH)
    long = cf.gpio_get(3) + bytes(64)
    file = cf.write(
        tmp_path / "a",
        cf.header(cf.GPIO),
        cf.block(cf.EVENTS, cf.served(cf.GPIO, 7, long, b"\0\0", 5_000)),
    )
    done = running.vwb("replay", str(file), "--bench")
    assert done.returncode == 2
    assert "request 7" in done.stderr
    assert "32 of 72 bytes" in done.stderr
    assert "readable_bytes <= 32" in done.stderr
    done = running.vwb("replay", str(file), "--bench", "--filter", "readable_bytes <= 32")
    assert "has no requests" in done.stderr


def test_live_stats_see_the_traffic(bench: StartBench, vwb: Path, tmp_path: Path) -> None:
    running = bench(BENCH)
    file = cf.write(tmp_path / "a", cf.header(cf.GPIO), cf.block(cf.EVENTS, pulses(0)))
    watching = subprocess.Popen(
        [vwb, "stats", "gpio0", "--for", "1500ms", "--json", "--control", running.control],
        env=running._environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(lambda: running.vwb("inspect", "control.measurements", "--json").stdout == "1\n")
    assert running.vwb("replay", str(file), "--bench").returncode == 0
    out, _ = watching.communicate(timeout=CEILING_S)
    assert json.loads(out)["requests"][0]["count"] == 3
