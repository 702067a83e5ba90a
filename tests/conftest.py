# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Fixtures of the Python tests: the built program, and benches that it runs.

CTest sets VWB_BINARY, and VWB_CEILING_S for builds that are slower than usual. By hand:
VWB_BINARY=build/vwb python3 -m pytest tests/scripts
"""

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# How long anything may take that should happen at once. A test that passes never waits for it.
CEILING_S = float(os.environ.get("VWB_CEILING_S", "5"))


def wait_for(holds: Callable[[], Any], ceiling_s: float = CEILING_S) -> Any:
    """What it answers as soon as that is true."""
    limit = time.monotonic() + ceiling_s
    while not (found := holds()):
        assert time.monotonic() < limit, "did not happen in time"
        time.sleep(0.02)
    return found


class Bench:
    """`vwb run` on a bench file, in a directory of its own, from readiness to its end."""

    def __init__(self, vwb: Path, toml_text: str) -> None:
        # Short, because a socket's path has 107 characters at most.
        self.directory = Path(tempfile.mkdtemp(prefix="vwb-"))
        self.file = self.directory / "bench.toml"
        self.file.write_text(toml_text, encoding="utf-8")
        self._vwb = vwb
        self._stderr = self.directory / "stderr"
        self.control: Path
        self._launch()

    def _launch(self) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        with self._stderr.open("ab") as stderr:
            self.process = subprocess.Popen(
                [self._vwb, "run", self.file],
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                text=True,
            )
        self._reader = threading.Thread(target=self._read_stdout, args=(self.process, self._lines))
        self._reader.start()

    def wait_until_ready(self) -> None:
        """Waits for `ready CONTROL_SOCKET`, the one line of `vwb run`, and sets `control`."""
        try:
            line = self._lines.get(timeout=CEILING_S)
        except queue.Empty:
            pytest.fail(f"vwb run was not ready after {CEILING_S:g} s")
        if line is None:
            pytest.fail(f"vwb run ended with {self.process.wait()} before it was ready")
        ready = re.fullmatch(r"ready (.+)\n", line)
        assert ready, f"vwb run said {line!r} instead of 'ready CONTROL_SOCKET'"
        self.control = Path(ready[1])

    def vwb(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs another vwb command beside this bench, as its user would from the same directory."""
        settings: dict[str, Any] = {"capture_output": True, "text": True, "check": False}
        settings |= {"cwd": self.directory, "env": self._environment(), "timeout": CEILING_S}
        return subprocess.run([self._vwb, *arguments], **(settings | options))

    def answers(self, *arguments: str, **options: Any) -> list[Any]:
        """What a command that must succeed prints with --json, a line each."""
        done = self.vwb(*arguments, "--json", **options)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def stop(self) -> int:
        """Asks the bench to end (SIGTERM), waits, and returns its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(CEILING_S)
        except subprocess.TimeoutExpired:
            self.kill()
            pytest.fail(f"vwb run did not end within {CEILING_S:g} s of SIGTERM")

    def kill(self) -> None:
        """Ends the bench and whatever it started, without asking."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def start_again(self) -> None:
        """Runs the bench file once more, on the same sockets, after an end."""
        self._reader.join()
        self._launch()
        self.wait_until_ready()

    def stderr(self) -> str:
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def clean_up(self) -> None:
        self.kill()
        self._reader.join()
        shutil.rmtree(self.directory)

    def _environment(self) -> dict[str, str]:
        return os.environ | {"XDG_RUNTIME_DIR": str(self.directory), "NO_COLOR": "1"}

    @staticmethod
    def _read_stdout(
        process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]
    ) -> None:
        assert process.stdout
        with process.stdout as stdout:
            for line in stdout:
                lines.put(line)
        lines.put(None)


BENCHES = pytest.StashKey[list[Bench]]()


@pytest.fixture(scope="session")
def vwb() -> Path:
    """The built program."""
    path = os.environ.get("VWB_BINARY")
    assert path and os.access(path, os.X_OK), f"VWB_BINARY must name the built vwb, not {path!r}"
    return Path(path).resolve()


@pytest.fixture
def bench(vwb: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Bench]]:
    """bench(toml_text) starts a bench and returns it when it is ready.

    At the end of the test each bench that still runs must end cleanly when asked to. If the test
    fails, its report has what the benches wrote to stderr.
    """
    benches = request.node.stash.setdefault(BENCHES, [])

    def start(toml_text: str) -> Bench:
        benches.append(Bench(vwb, toml_text))
        benches[-1].wait_until_ready()
        return benches[-1]

    yield start
    statuses = [b.stop() for b in benches if hasattr(b, "control") and b.process.poll() is None]
    assert not any(statuses), f"vwb run ended with {statuses}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    benches = item.stash.get(BENCHES, [])
    if report.failed:
        for number, bench in enumerate(benches, 1):
            report.sections.append((f"stderr of bench {number}", bench.stderr()))
    if call.when == "teardown":
        for bench in benches:
            bench.clean_up()
