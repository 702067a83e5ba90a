# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The commands of vwb as a user types them."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import CEILING_S, Bench

StartBench = Callable[[str], Bench]

BENCH = """
[bench]
name = "commands"
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


def run(vwb: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    settings: dict[str, Any] = {"capture_output": True, "text": True, "timeout": CEILING_S}
    return subprocess.run([vwb, *arguments], check=False, **(settings | options))


def lines_of(done: subprocess.CompletedProcess[str]) -> list[Any]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_version_and_help_need_nothing(vwb: Path) -> None:
    assert run(vwb, "--version").stdout.startswith("vhost-workbench ")
    commands = ("run", "demo", "list", "inspect", "watch", "get", "set", "call", "doctor")
    for command in (*commands, "record", "dump", "stats", "compare", "replay", "extcap"):
        done = run(vwb, command, "--help")
        assert done.returncode == 0
        assert "Examples:" in done.stdout, command


def commands_below(vwb: Path, *command: str) -> list[tuple[str, ...]]:
    """This command and all below it, as help tells them."""
    text = run(vwb, *command, "--help").stdout
    found = [command]
    if re.search(r"^Usage: .* COMMAND$", text, re.M):
        listed = text[text.index("Usage:") :].split("\nEnvironment")[0]
        for name in re.findall(r"^  ([a-z]+) {2,}\S", listed, re.M):
            found += commands_below(vwb, *command, name)
    return found


def test_no_line_of_help_is_longer_than_a_terminal(vwb: Path) -> None:
    commands = commands_below(vwb)
    assert {("run",), ("fault", "arm"), ("hold", "edit"), ("guest", "run")} <= set(commands)
    long = {
        (" ".join(command), line)
        for command in commands
        for line in run(vwb, *command, "--help").stdout.splitlines()
        if len(line) > 80
    }
    assert not long


def test_unknown_command_is_a_usage_error_with_a_suggestion(vwb: Path) -> None:
    done = run(vwb, "inspct")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "inspect" in done.stderr


def test_check_of_a_bench_file_names_file_line_key_and_expectation(
    vwb: Path, tmp_path: Path
) -> None:
    file = tmp_path / "b.toml"
    file.write_text('[[device]]\ntype = "gpio"\n[device.sim]\nlines = "eight"\n')
    done = run(vwb, "run", str(file))
    assert done.returncode == 2
    assert f"{file}:4: lines: expected an integer" in done.stderr
    file.write_text('[[device]]\ntype = "gpio"\n')
    assert run(vwb, "run", str(file), "--check").returncode == 0


def test_without_a_bench_observers_say_so(vwb: Path, tmp_path: Path) -> None:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    environment.pop("VWB_CONTROL", None)
    done = run(vwb, "list", env=environment)
    assert done.returncode == 3
    assert "no bench runs" in done.stderr


def test_features_are_withheld_and_turned_back(bench: StartBench) -> None:
    running = bench(BENCH)
    turned = lines_of(
        running.vwb("features", "gpio0", "--withhold", "IRQ", "--queue-size", "16", "--json")
    )[0]
    assert turned["dial"]["withhold"] == ["IRQ"]
    assert turned["dial"]["queue_size"] == 16
    assert turned["bits"] is None  # nobody is connected
    inspected = lines_of(running.vwb("inspect", "gpio0.features", "--json"))[0]
    assert "IRQ" not in inspected["offered_names"]
    assert "dial:" in running.vwb("features", "gpio0").stdout
    usual = lines_of(running.vwb("features", "gpio0", "--usual", "--json"))[0]
    assert usual["dial"]["withhold"] == []
    assert usual["dial"]["queue_size"] == 0


def test_bit_of_a_draft_is_told_and_refused(bench: StartBench) -> None:
    running = bench(BENCH)
    turned = lines_of(running.vwb("features", "gpio0", "--shmem-bit", "21", "--json"))[0]
    assert turned["dial"]["shmem_bit"] == 21
    usual = lines_of(running.vwb("features", "gpio0", "--usual", "--json"))[0]
    assert usual["dial"]["shmem_bit"] == 0
    refused = running.vwb("features", "gpio0", "--shmem-bit", "7", check=False)
    assert refused.returncode != 0
    assert "expected 20, 21 or 22" in refused.stderr


def test_feature_that_is_none_is_named_with_the_nearest(bench: StartBench) -> None:
    done = bench(BENCH).vwb("features", "gpio0", "--withhold", "EVENT_ID", check=False)
    assert done.returncode != 0
    assert "did you mean 'EVENT_IDX'?" in done.stderr


def test_list_shows_every_device(bench: StartBench) -> None:
    running = bench(BENCH)
    devices = lines_of(running.vwb("list", "--json"))
    assert [device["name"] for device in devices] == ["gpio0", "rng0"]
    assert {device["stage"] for device in devices} == {"listening"}
    assert [device["device_id"] for device in devices] == [41, 4]
    text = running.vwb("list").stdout.splitlines()
    assert text[0].startswith("DEVICE")
    assert len(text) == 3


def test_inspect_follows_a_path_and_names_the_nearest(bench: StartBench) -> None:
    running = bench(BENCH)
    tree = lines_of(running.vwb("inspect", "gpio0", "--json"))[0]
    assert tree["type"] == "gpio"
    assert tree["queues"]["requestq"]["started"] is False
    assert lines_of(running.vwb("inspect", "gpio0.device_id", "--json")) == [41]
    done = running.vwb("inspect", "gpio0.qeues")
    assert done.returncode == 1
    assert "queues" in done.stderr


def test_set_and_get_by_number_and_by_name(bench: StartBench) -> None:
    running = bench(BENCH)
    assert running.vwb("get", "gpio0.button").stdout == "gpio0.button 0\n"
    assert running.vwb("set", "gpio0.line3=1").returncode == 0
    assert running.vwb("get", "gpio0.button").stdout == "gpio0.button 1\n"
    whole = lines_of(running.vwb("get", "gpio0", "--json"))
    assert len(whole) == 8
    done = running.vwb("get", "gpio0.buton")
    assert done.returncode != 0
    assert "buton" in done.stderr
    assert running.vwb("set", "gpio0.button=7").returncode != 0
    assert running.vwb("set", "gpio0.button").returncode == 2


def test_call_lists_actions_and_does_them(bench: StartBench) -> None:
    running = bench(BENCH)
    actions = {action["name"] for action in lines_of(running.vwb("call", "gpio0", "--json"))}
    assert {"get", "set", "signals", "pulse", "wire", "unwire", "square", "release"} <= actions
    assert running.vwb("call", "gpio0", "wire", "a=line0", "b=line1").returncode == 0
    running.vwb("set", "gpio0.line0=1")
    assert running.vwb("get", "gpio0.line1").stdout == "gpio0.line1 1\n"
    done = running.vwb("call", "gpio0", "pulse", "signal=button", "width=often")
    assert done.returncode != 0
    assert "duration" in done.stderr


def test_watch_shows_signals_as_they_change(bench: StartBench) -> None:
    running = bench(BENCH)
    watch = start_watch(running, "--kind", "signals", "--count", "2")
    running.vwb("set", "gpio0.button=1")
    running.vwb("set", "gpio0.button=0")
    events = [json.loads(line) for line in watch.communicate(timeout=CEILING_S)[0].splitlines()]
    assert watch.returncode == 0
    assert [(event["signal"], event["value"]) for event in events] == [("button", 1), ("button", 0)]


def start_watch(running: Bench, *arguments: str) -> "subprocess.Popen[str]":
    """`vwb watch --json`, when the bench knows of it."""
    watch = subprocess.Popen(
        [running._vwb, "watch", "--json", "--timeout", "20s", *arguments],
        env=running._environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    while json.loads(running.vwb("inspect", "control", "--json").stdout)["subscriptions"] == 0:
        pass
    return watch


def test_watch_rejects_a_wrong_filter_with_its_column(bench: StartBench) -> None:
    done = bench(BENCH).vwb("watch", "gpio.lin == 3")
    assert done.returncode == 2
    assert "column 1" in done.stderr
    assert "gpio.line" in done.stderr


def test_watch_that_waits_in_vain_ends_with_124(bench: StartBench) -> None:
    done = bench(BENCH).vwb("watch", "--count", "1", "--timeout", "50ms")
    assert done.returncode == 124


def test_shutdown_ends_the_bench_and_its_sockets(bench: StartBench) -> None:
    running = bench(BENCH)
    sockets = [Path(device["socket"]) for device in lines_of(running.vwb("list", "--json"))]
    assert all(path.is_socket() for path in sockets)
    assert running.vwb("shutdown").returncode == 0
    assert running.process.wait(CEILING_S) == 0
    assert not any(path.exists() for path in [*sockets, running.control])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_the_bench_cleanly(bench: StartBench, number: int) -> None:
    running = bench(BENCH)
    running.process.send_signal(number)
    assert running.process.wait(CEILING_S) == 0
    assert not running.control.exists()


def test_two_benches_of_one_name_do_not_fight(bench: StartBench) -> None:
    running = bench(BENCH)
    done = running.vwb("run", str(running.file))
    assert done.returncode == 3
    assert running.vwb("list").returncode == 0


def test_ready_fd_is_told_when_all_sockets_listen(vwb: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    file.write_text(BENCH)
    reader, writer = os.pipe()
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    with subprocess.Popen(
        [vwb, "run", file, "--ready-fd", str(writer)],
        pass_fds=[writer],
        env=environment,
        stdout=subprocess.DEVNULL,
    ) as process:
        os.close(writer)
        with os.fdopen(reader) as ready:
            assert ready.read() == "READY=1\n"
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(tmp_path / "vhost-workbench/commands/gpio0.sock"))
        process.terminate()
        assert process.wait(CEILING_S) == 0


def test_control_socket_is_private(bench: StartBench) -> None:
    assert bench(BENCH).control.stat().st_mode & 0o777 == 0o600


def test_garbage_on_the_control_socket_costs_only_its_sender(bench: StartBench) -> None:
    running = bench(BENCH)
    with socket.socket(socket.AF_UNIX) as garbage:
        garbage.settimeout(CEILING_S)
        garbage.connect(str(running.control))
        garbage.sendall(b"\x00\xff{]\n[[[[\n{}\n")
        assert b"error" in garbage.recv(65536)
        assert running.vwb("list").returncode == 0
    assert running.process.poll() is None


def test_demo_passes_and_says_so(vwb: Path, tmp_path: Path) -> None:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = run(vwb, "demo", "--quick", "--json", env=environment, timeout=60)
    rows = lines_of(done)
    assert {row["device"] for row in rows} >= {"gpio0", "i2c0", "rng0"}
    for row in rows:
        assert row["passed"] is True
        assert row["requests"] > 100
        assert row["errors"] == row["problems"] == 0
    assert list((tmp_path / "vhost-workbench").iterdir()) == []


def test_doctor_tells_what_is_there(vwb: Path, tmp_path: Path) -> None:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    findings = lines_of(run(vwb, "doctor", "--json", env=environment))
    states = {finding["name"]: finding["state"] for finding in findings}
    assert states["event loop"] == states["shared memory"] == "good"
    for finding in findings:
        assert finding["state"] == "good" or finding["cure"]
