# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A guest to talk to: a shell in a Linux guest that uses the devices of a running bench."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import CEILING_S, Bench

# A guest boots in well under a second, but a busy machine may have several other things to do.
BOOT_CEILING_S = 12 * CEILING_S


class Guest:
    """`vwb guest run -- sh` beside a bench. Commands go in and lines come out, one at a time."""

    def __init__(self, vwb: Path, bench: Bench, *options: str) -> None:
        self.directory = bench.directory / "guest"
        self.directory.mkdir(exist_ok=True)
        self._stderr = bench.directory / "guest-stderr"
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        command = [vwb, "guest", "run", "--control", bench.control, *options, "--", "sh"]
        with self._stderr.open("ab") as stderr:
            self.process = subprocess.Popen(
                command,
                env=os.environ | {"VWB_GUEST_DIR": str(self.directory), "NO_COLOR": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                text=True,
            )
        self._reader = threading.Thread(target=self._read_stdout)
        self._reader.start()
        self._tell("echo up")
        assert self.line(BOOT_CEILING_S) == "up", self.stderr()

    def _tell(self, script: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(script + "\n")
        self.process.stdin.flush()

    def start(self, script: str) -> None:
        """Runs the script; its lines are for line(), and it has to end before the next one."""
        self._tell(script)

    def line(self, timeout: float = BOOT_CEILING_S) -> str:
        """The next line of standard output."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            pytest.fail(f"the guest said nothing for {timeout:g} s\n{self.stderr()}")
        if line is None:
            pytest.fail(f"the guest ended with {self.process.wait()}\n{self.stderr()}")
        return line.rstrip("\n")

    def has_no_line(self) -> bool:
        """True if nothing more was said, up to the guest's end if it has ended."""
        try:
            return self._lines.get_nowait() is None
        except queue.Empty:
            return True

    def run(self, script: str) -> list[str]:
        """Runs the script to its end and returns its lines. It must succeed."""
        self._tell(f"{{ {script}\n}} 2>&1; echo '<status>' $?")
        lines = []
        while not (line := self.line()).startswith("<status> "):
            lines.append(line)
        assert line == "<status> 0", f"{script}: {line}, {lines}\n{self.stderr()}"
        return lines

    def end(self) -> int:
        """Ends the shell and with it the guest; returns the exit status of `vwb guest run`."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(BOOT_CEILING_S)
        self._reader.join()
        return status

    def kill(self) -> None:
        """SIGKILL, as the machine's last word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()

    def stderr(self) -> str:
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def _read_stdout(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put(None)


@pytest.fixture
def guest(vwb: Path) -> Iterator[Callable[..., Guest]]:
    """guest(bench, *options of `vwb guest run`) boots a guest and returns it when it is up."""
    guests: list[Guest] = []

    def start(bench: Bench, *options: str) -> Guest:
        guests.append(Guest(vwb, bench, *options))
        return guests[-1]

    yield start
    for started in guests:
        if started.process.poll() is None:
            started.kill()
