# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the benchmark does when it cannot measure. Its figures are for people."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

CEILING_S = float(os.environ.get("VWB_CEILING_S", "5"))


@pytest.fixture(name="bench")
def built_bench(vwb: Path) -> Path:
    bench = vwb.parent / "tests" / "bench" / "vhost_bench"
    assert bench.exists(), f"{bench} is not built (ninja vhost_bench)"
    return bench


def first_child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    end = time.monotonic() + CEILING_S
    while time.monotonic() < end:
        if found := children.read_text(encoding="ascii").split():
            return int(found[0])
    raise AssertionError("the benchmark started no other process")


def test_ends_with_a_reason_when_the_other_process_is_killed(bench: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [bench, "--seconds", "300"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as process:
        child = first_child(process.pid)
        os.kill(child, signal.SIGKILL)
        _, reason = process.communicate(timeout=CEILING_S)
    assert process.returncode == 1
    assert "has ended" in reason
    assert list(tmp_path.iterdir()) == []


def test_rows_about_observers_are_there(bench: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [bench, "--seconds", "2", "--rounds", "1", "--only", "observ"],
        capture_output=True,
        text=True,
        check=False,
        timeout=12 * CEILING_S,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    rows = {
        name.strip(): [float(figure) for figure in figures.split()]
        for name, figures in re.findall(r"^(observ.*?)  +([\d. ]+)$", done.stdout, re.M)
    }
    observed = [
        "recorded in memory",
        "recorded to a file",
        "1M a second, in memory",
        "1M a second, to a file",
        "subscriber never reads",
        "subscriber reads",
    ]
    assert set(rows) == {f"observed: {name}" for name in observed} | {
        "observation off: split",
        "observation off: packed",
    }
    for name in observed:
        requests, events, lost, ratio = rows[f"observed: {name}"]
        assert min(requests, ratio) > 0, name
        # The queue of one that never reads is full, nearly, before its row begins.
        assert events > 0 or name == "subscriber never reads", name
        assert lost >= 0, name
    for ring in ("split", "packed"):
        each, unchecked, ratio = rows[f"observation off: {ring}"]
        assert min(each, unchecked, ratio) > 0, ring
    assert list(tmp_path.iterdir()) == []
