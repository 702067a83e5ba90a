# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The bench fixture itself: what a failing test shows, and that nothing outlives a test."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

# Stands in for vwb: obeys the line of Python that it gets as its bench file.
OBEDIENT = """#!/usr/bin/env python3
import os, pathlib, signal, sys, time
def ready():
    pathlib.Path(os.environ["PID_FILE"]).write_text(str(os.getpid()))
    print("ready", pathlib.Path("control.sock").resolve(), flush=True)
    signal.pause()
def end_with(status):
    signal.signal(signal.SIGTERM, lambda *_: os._exit(status))
print("a word on stderr", file=sys.stderr, flush=True)
exec(pathlib.Path(sys.argv[2]).read_text() if sys.argv[1] == "run" else "print(sys.argv[1:])")
"""

READY = "end_with(0); ready()"


@pytest.fixture
def pid_file(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = pytester.path / "vwb"
    program.write_text(OBEDIENT, encoding="utf-8")
    program.chmod(0o755)
    own = Path(__file__).resolve().parents[1] / "conftest.py"
    pytester.makeconftest(own.read_text(encoding="utf-8"))
    monkeypatch.setenv("VWB_BINARY", str(program))
    monkeypatch.setenv("PID_FILE", str(pytester.path / "pid"))
    return pytester.path / "pid"


def assert_gone(pid_file: Path) -> None:
    pid = int(pid_file.read_text(encoding="utf-8"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_bench_is_ready_and_ends_with_the_test(pytester: pytest.Pytester, pid_file: Path) -> None:
    pytester.makepyfile(f"""
        def test_it(bench):
            started = bench({READY!r})
            assert started.control == started.directory.resolve() / "control.sock"
            assert started.process.poll() is None
            assert started.vwb("list", "--json").stdout == "['list', '--json']\\n"
    """)

    pytester.runpytest_subprocess().assert_outcomes(passed=1)

    assert_gone(pid_file)


def test_failing_test_shows_what_the_bench_said(pytester: pytest.Pytester, pid_file: Path) -> None:
    pytester.makepyfile(f"def test_it(bench):\n    bench({READY!r})\n    assert False")

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*stderr of bench 1*", "a word on stderr"])
    assert_gone(pid_file)


def test_bench_that_never_gets_ready_fails_with_the_reason(
    pytester: pytest.Pytester, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VWB_CEILING_S", "1")
    pytester.makepyfile("""
        def test_early(bench):
            bench("sys.exit(7)")
        def test_silent(bench):
            bench("signal.pause()")
        def test_wordy(bench):
            bench("print('hello', flush=True); signal.pause()")
    """)

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*vwb run ended with 7 before it was ready"])
    result.stdout.fnmatch_lines(["*vwb run was not ready after 1 s"])
    result.stdout.fnmatch_lines(["*vwb run said 'hello*instead of 'ready CONTROL_SOCKET'"])
    assert not pid_file.exists()


def test_unclean_end_fails_a_test_that_passed(
    pytester: pytest.Pytester, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VWB_CEILING_S", "1")
    pytester.makepyfile("""
        def test_status(bench):
            bench("end_with(3); ready()")
        def test_deaf(bench):
            bench("signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); ready()")
    """)

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*vwb run ended with *3*"])
    result.stdout.fnmatch_lines(["*vwb run did not end within 1 s of SIGTERM"])
    assert_gone(pid_file)
