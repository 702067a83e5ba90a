# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The in-tree drivers over rings of either format, which the bench chooses by what it offers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

FEATURES = """
[device.features]
withhold = {withhold}
protocol_offer = {protocol_offer}
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
    ("ring", "withhold", "protocol_offer"),
    [
        ("packed", [], []),
        ("packed", ["EVENT_IDX", "INDIRECT_DESC"], []),
        ("split", ["RING_PACKED"], []),
        ("split", ["RING_PACKED", "EVENT_IDX", "INDIRECT_DESC"], []),
        # Kicks and calls as messages on the sockets instead of descriptors.
        ("packed", [], ["INBAND_NOTIFICATIONS"]),
        ("split", ["RING_PACKED"], ["INBAND_NOTIFICATIONS"]),
    ],
)
def test_rng_and_gpio_work_over_the_ring_that_was_negotiated(
    bench: StartBench,
    guest: StartGuest,
    ring: str,
    withhold: list[str],
    protocol_offer: list[str],
) -> None:
    features = FEATURES.format(withhold=withhold, protocol_offer=protocol_offer)
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
        assert state["kick_descriptor"] == (not protocol_offer)
    bits = json.loads(running.vwb("features", "gpio0", "--json").stdout)["protocol_bits"]
    accepted = [bit["name"] for bit in bits if bit["accepted"]]
    assert ("INBAND_NOTIFICATIONS" in accepted) == bool(protocol_offer)
    no_problems(running)
