# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The in-tree drivers over rings of either format, which the bench chooses by what it offers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

FEATURES = """
[device.features]
withhold = {withhold}
"""
GPIO = """
[[device]]
type = "gpio"
[device.sim]
lines = 8
[[device.sim.line]]
name = "button"
pull = "down"
[[device.sim.line]]
name = "led"
"""
RNG = """
[[device]]
type = "rng"
"""

MEBIBYTE = 1 << 20


def inspect(bench: Bench, path: str) -> Any:
    done = bench.vwb("inspect", path, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def no_problems(bench: Bench) -> None:
    answer = bench.vwb("problems", "--strict")
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("ring", "withhold"),
    [
        ("packed", []),
        ("packed", ["EVENT_IDX", "INDIRECT_DESC"]),
        ("split", ["RING_PACKED"]),
        ("split", ["RING_PACKED", "EVENT_IDX", "INDIRECT_DESC"]),
    ],
)
def test_rng_and_gpio_work_over_the_ring_that_was_negotiated(
    bench: StartBench, guest: StartGuest, tmp_path: Path, ring: str, withhold: list[str]
) -> None:
    features = FEATURES.format(withhold=withhold)
    # The features belong to the device before them.
    running = bench(GPIO + features + RNG + features)
    linux = guest(running)

    # More requests than either ring has entries, several times round.
    count = linux.run(f"head -c {MEBIBYTE} /dev/hwrng | wc -c")
    assert count == [str(MEBIBYTE)]
    for value in ["1", "0", "1", "0"]:
        assert running.vwb("set", f"gpio0.button={value}").returncode == 0
        assert linux.run("gpioget --numeric button") == [value]

    # Parked buffers of eventq, used one by one while requests go on beside them.
    linux.start(
        "stdbuf -oL gpiomon --banner --num-events=50 --format=%e button > /run/edges &"
        " until grep -q Monitoring /run/edges; do sleep 0.05; done; echo armed"
    )
    assert linux.line() == "armed"
    done = running.vwb("call", "gpio0", "square", "signal=button", "period=20ms", "count=100")
    assert done.returncode == 0, done.stderr
    assert linux.run("wait; tail -n +2 /run/edges | wc -l") == ["50"]

    for queue in ["rng0.queues.requestq", "gpio0.queues.requestq", "gpio0.queues.eventq"]:
        state = inspect(running, queue)
        assert state["format"] == ring
        assert state["event_idx"] == ("EVENT_IDX" not in withhold)
        assert state["indirect_desc"] == ("INDIRECT_DESC" not in withhold)
    no_problems(running)
