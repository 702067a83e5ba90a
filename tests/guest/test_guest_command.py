# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""`vwb guest` as its user has it: its own bench, its exit status, its words when a guest fails."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

BENCH = """
[[device]]
type = "gpio"
[device.sim]
lines = 4
[[device.sim.line]]
name = "button"
pull = "up"
[[device]]
type = "rng"
"""


class Command:
    """Runs `vwb guest ...` in a folder of its own, where no bench runs."""

    def __init__(self, vwb: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.vwb = vwb
        self.folder = folder
        self.bench = folder / "bench.toml"
        self.bench.write_text(BENCH, encoding="utf-8")
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        monkeypatch.delenv("VWB_CONTROL", raising=False)

    def guest(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        settings: dict[str, Any] = {"capture_output": True, "text": True, "check": False}
        settings |= {"stdin": subprocess.DEVNULL, "timeout": 60, "cwd": self.folder}
        return subprocess.run([self.vwb, "guest", *arguments], **(settings | options))

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return self.guest("run", "--bench", str(self.bench), *arguments, **options)

    def fake_kernel(self, script: str) -> str:
        path = self.folder / "fake-linux"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)


@pytest.fixture
def command(
    vwb: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Command:
    # Short, because sockets are made in it.
    return Command(vwb, tmp_path_factory.mktemp("g"), monkeypatch)


def test_devices_of_the_bench_are_there(command: Command) -> None:
    done = command.run("--", "sh", "-c", "gpioget --numeric button; head -c 8 /dev/hwrng | wc -c")
    assert (done.stdout, done.stderr, done.returncode) == ("1\n8\n", "", 0)


def test_status_and_streams_are_the_commands(command: Command) -> None:
    script = "read word; echo out $word; echo err >&2; exit 7"
    done = command.run("--", "sh", "-c", script, stdin=None, input="in\n")
    assert (done.stdout, done.stderr, done.returncode) == ("out in\n", "err\n", 7)


def test_without_a_bench_every_device_is_there(command: Command) -> None:
    done = command.guest("run", "--", "sh", "-c", "ls /dev/gpiochip0 /dev/hwrng")
    assert (done.stdout, done.returncode) == ("/dev/gpiochip0\n/dev/hwrng\n", 0), done.stderr


def test_bench_of_a_guest_is_open_to_observers(command: Command) -> None:
    with subprocess.Popen(
        [command.vwb, "guest", "run", "--bench", command.bench, "--", "sh", "-c", "echo up; read x"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=command.folder,
    ) as guest:
        assert guest.stdout and guest.stdin
        assert guest.stdout.readline() == "up\n"
        outside = subprocess.run(
            [command.vwb, "get", "gpio0.button"], capture_output=True, text=True, check=False
        )
        assert outside.stdout.split()[-1:] == ["1"], outside.stderr
        guest.stdin.close()
        assert guest.wait(30) == 1  # read found the end of its input


def test_failures_have_their_own_status_and_words(command: Command) -> None:
    missing = command.run("--kernel", "/nonexistent/linux", "--", "true")
    assert missing.returncode == 3
    assert "/nonexistent/linux" in missing.stderr

    hang = command.fake_kernel("echo early words; sleep 1000")
    hung = command.run("--kernel", hang, "--boot-timeout", "1s", "--", "true")
    assert hung.returncode == 125
    assert hung.stderr.startswith("vwb guest: the guest did not boot within 1s")
    assert "early words" in hung.stderr

    slow = command.run("--timeout", "1s", "--", "sleep", "1000")
    assert slow.returncode == 124
    assert "Linux version" in slow.stderr or "virtio" in slow.stderr

    panic = command.run("--", "sh", "-c", "echo c > /proc/sysrq-trigger")
    assert panic.returncode == 255
    assert panic.stderr.startswith("vwb guest: the guest kernel panicked: Kernel panic")


def test_build_finds_the_kernel_and_passes_options_on(command: Command) -> None:
    done = command.guest("build", "--print-path")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).name == "linux"
    again = command.guest("build")
    assert (again.stdout, again.stderr, again.returncode) == (done.stdout, "", 0)
    assert command.guest("build", "--jobs", "none").returncode == 2
