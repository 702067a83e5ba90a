# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Looking below the requests of a real kernel's driver: rings, handshake, guest memory."""

from collections.abc import Callable

import pytest

from conftest import Guest
from tests.conftest import Bench

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

BENCH = """
[bench]
name = "looking"
[[device]]
type = "gpio"
[device.sim]
lines = 4
[[device.sim.line]]
number = 1
name = "button"
pull = "down"
[device.features]
withhold = {withhold}
"""


@pytest.mark.parametrize(("ring", "withhold"), [("packed", []), ("split", ["RING_PACKED"])])
def test_parked_buffer_of_gpiomon_is_in_the_snapshot(
    bench: StartBench, guest: StartGuest, ring: str, withhold: list[str]
) -> None:
    running = bench(BENCH.format(withhold=withhold))
    linux = guest(running)
    linux.start(
        "stdbuf -oL gpiomon --banner --num-events=1 button > /run/edges &"
        " until grep -q Monitoring /run/edges; do sleep 0.05; done; echo armed"
    )
    assert linux.line() == "armed"

    [seen] = running.answers("queue", "gpio0", "eventq")
    assert seen["format"] == ring
    assert seen["inuse"] == 1
    (parked,) = seen["in_flight"]
    assert parked["fields"]["line"] == 1
    assert parked["age_ns"] > 0
    addresses = {piece["address"] for piece in parked["segments"]}
    assert len(addresses) == len(parked["segments"]) >= 2

    # The same words from the guest's memory: the line that the driver wrote into its buffer.
    first = parked["segments"][0]
    [bytes_there] = running.answers("memory", "gpio0", first["address"], "--length", "2")
    assert bytes_there["bytes"] == "01 00"
    where = seen["addresses"]["descriptors"]
    [there] = running.answers("memory", "gpio0", where, "--length", "16")
    assert there["length"] == 16

    # Once it was used it is gone from there.
    assert running.vwb("call", "gpio0", "pulse", "signal=button", "width=1ms").returncode == 0
    linux.run("wait")
    [later] = running.answers("queue", "gpio0", "eventq")
    assert later["in_flight"] == []

    table = running.vwb("queue", "gpio0", "requestq", "--count", "4")
    assert table.returncode == 0, table.stderr
    assert f"format: {ring}" in table.stdout
    assert "DESCRIPTORS" in table.stdout


def test_handshake_of_a_kernel_is_told_in_its_order(bench: StartBench, guest: StartGuest) -> None:
    running = bench(BENCH.format(withhold=["RING_PACKED"]))
    before = running.vwb("handshake", "gpio0")
    assert before.returncode != 0
    assert "no front-end has ever connected to gpio0" in before.stderr
    linux = guest(running)
    linux.run("gpioinfo")

    [told] = running.answers("handshake", "gpio0")
    assert told["open"] is True
    names = [message["name"] for message in told["messages"]]
    order = ["GET_FEATURES", "SET_FEATURES", "SET_MEM_TABLE", "SET_VRING_KICK", "SET_VRING_ENABLE"]
    assert [name for name in order if name in names] == order
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)
    assert {message["verdict"] for message in told["messages"]} == {"accepted"}
    kick = told["messages"][names.index("SET_VRING_KICK")]
    assert kick["fds"] == 1
    lost = {bit["name"]: bit for bit in told["bits"]}
    assert lost["VERSION_1"]["accepted"] is True
    assert lost["RING_PACKED"]["offered"] is False
    assert told["config"]["ngpio"] == 4
    assert told["memory"]

    assert linux.end() == 0
    [after] = running.answers("handshake", "gpio0")
    assert after["open"] is False
    assert [message["name"] for message in after["messages"]][: len(names)] == names


def test_looking_at_what_is_not_there_says_so(bench: StartBench) -> None:
    running = bench(BENCH.format(withhold=[]))
    for arguments, words in [
        (["queue", "gpio0"], "requestq is stopped"),
        (["queue", "gpio0", "evntq"], "did you mean 'eventq'"),
        (["queue", "gpio0", "--count", "0"], "expected 1 to 1024"),
        (["memory", "gpio0", "0x1000"], "no front-end has handed any over"),
        (["memory", "gpio0", "here"], "expected a number"),
        (["queue", "gpio9"], "gpio0"),
    ]:
        done = running.vwb(*arguments)
        assert done.returncode != 0
        assert words in done.stderr, (arguments, done.stderr)
