# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the benchmark does when it cannot measure. Its figures are for people."""

import os
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
