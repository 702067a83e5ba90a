# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""vwb fault, hold and inject as a user types them, without a guest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Bench

StartBench = Callable[[str], Bench]

DEVICES = """
[[device]]
type = "gpio"
[device.sim]
lines = 8
[[device.sim.line]]
number = 3
name = "button"
pull = "up"
[[device]]
type = "rng"
hardware = "seeded"
"""


def refusal(bench: Bench, *arguments: str) -> str:
    done = bench.vwb(*arguments)
    assert done.returncode != 0, done.stdout
    return done.stderr


def test_request_is_injected_behind_the_back(bench: StartBench) -> None:
    running = bench(DEVICES)
    [answer] = running.answers("inject", "rng0", "FILL", "--writable", "8")
    assert answer["origin"] == "injected"
    assert answer["used_length"] == 8
    assert len(answer["answer"]["data"].split()) == 8


def test_request_is_injected_as_a_guest_on_both_rings(bench: StartBench) -> None:
    running = bench(DEVICES)
    request = ["inject", "gpio0", "GET_VALUE", "line=3", "--as-guest"]
    for ring in ([], ["--packed"]):
        [answer] = running.answers(*request, *ring)
        assert answer["answer"]["status"] == "OK"
        assert answer["answer"]["level"] == "HIGH"
        assert answer["origin"] == "guest"


def test_thread_of_injections_starts_with_the_first_one(bench: StartBench) -> None:
    running = bench(DEVICES)
    tasks = Path(f"/proc/{running.process.pid}/task")

    def names() -> set[str]:
        return {(task / "comm").read_text(encoding="ascii").strip() for task in tasks.iterdir()}

    running.answers("inject", "gpio0", "GET_VALUE", "line=3")
    assert "inject" not in names()
    running.answers("inject", "gpio0", "GET_VALUE", "line=3", "--as-guest")
    assert "inject" in names()


# What the workbench calls it on either ring. A ring that makes no sense is broken, and gives nothing
# back: a packed one sooner, because whoever follows it has nothing else to go by.
BROKEN = [
    ("writable-first", "ring.split.writable-last", "ring.packed.writable-last", "both return it"),
    ("loop", "ring.split.chain-len", "ring.packed.list-queue-size", "split returns it"),
    ("next-out-of-range", "d.next-range", "ring.packed.head-last", "split returns it"),
    ("address-outside", "d.addr-range", "d.addr-range", "both return it"),
    ("length-beyond", "d.addr-range", "d.addr-range", "both return it"),
    ("unknown-flags", "d.unknown-flags", "d.unknown-flags", "both return it"),
    ("empty-chain", "d.empty-chain", "d.empty-chain", "both return it"),
    ("head-out-of-range", "d.head-range", "d.packed-id", "none returns it"),
]


@pytest.mark.parametrize("ring", ["split", "packed"])
@pytest.mark.parametrize(("how", "split", "packed", "returns"), BROKEN)
def test_malformed_chain_is_reported_and_the_device_lives_on(
    bench: StartBench, ring: str, how: str, split: str, packed: str, returns: str
) -> None:
    running = bench(DEVICES)
    request = ["inject", "gpio0", "GET_VALUE", "line=3", "--as-guest"]
    if ring == "packed":
        request.append("--packed")
    [answer] = running.answers(*request, "--broken", how, "--timeout", "500ms")
    assert answer["used_length"] == 0
    returned = returns == "both return it" or returns == f"{ring} returns it"
    assert ("gave the chain back" in answer["note"]) == returned, answer["note"]
    rules = [problem["rule"] for problem in running.answers("problems")]
    assert rules == [split if ring == "split" else packed]
    [answer] = running.answers(*request)
    assert answer["answer"]["status"] == "OK"


def test_fault_fires_as_often_as_it_was_told_and_is_reported(bench: StartBench) -> None:
    running = bench(DEVICES)
    request = ["inject", "gpio0", "GET_VALUE", "line=3", "--as-guest"]
    done = running.vwb("fault", "arm", "gpio0", "gpio.line == 3", "error", "--count", "1")
    assert done.stdout == "gpio0 fault 1\n", done.stderr
    assert [d["faults"] for d in running.answers("list")] == [1, 0]
    assert running.answers("inspect", "bench.faults") == [1]
    assert [running.answers(*request)[0]["answer"]["status"] for _ in range(2)] == ["ERR", "OK"]
    [report] = running.answers("fault", "report", "gpio0")
    [fired] = report["devices"][0]["fired"]
    assert (fired["fault"], fired["queue"], fired["do"]) == (1, "requestq", "error")
    assert running.vwb("fault", "clear").returncode == 0
    assert running.answers("fault", "list") == []


def test_fault_plan_is_armed_from_a_file_and_from_the_bench_file(bench: StartBench) -> None:
    plan = '[[fault]]\nmatch = "gpio.line == 3"\ndo = "delay 1ms"\ncount = 3\nseed = 7\n'
    running = bench(DEVICES + plan)
    [fault] = running.answers("fault", "list")
    assert (fault["device"], fault["do"], fault["count"], fault["seed"]) == (
        "gpio0",
        "delay 1ms",
        3,
        7,
    )
    (running.directory / "plan.toml").write_text(plan + '[[fault]]\ndevice = "rng0"\ndo = "never"\n')
    faults = running.answers("fault", "plan", "plan.toml")
    assert [fault["device"] for fault in faults] == ["gpio0", "gpio0", "rng0"]


def test_wrong_words_are_answered_with_what_was_meant(bench: StartBench) -> None:
    running = bench(DEVICES)
    assert "did you mean 'gpio0'" in refusal(running, "fault", "arm", "gpoi0", "", "never")
    assert "did you mean 'delay'" in refusal(running, "fault", "arm", "gpio0", "", "delya 1s")
    assert "gpio.line" in refusal(running, "fault", "arm", "gpio0", "gpio.lin == 3", "never")
    assert "allow_crash" in refusal(running, "fault", "arm", "gpio0", "", "crash")
    assert "did you mean 'line'" in refusal(running, "inject", "gpio0", "GET_VALUE", "lien=3")
    assert "did you mean 'GET_VALUE'" in refusal(running, "inject", "gpio0", "GET_VALEU")
    assert "does not fit" in refusal(running, "inject", "gpio0", "GET_VALUE", "line=65536")
    assert "not held" in refusal(running, "hold", "release", "gpio0", "17")
    (running.directory / "bad.toml").write_text('[[fault]]\nmatch = "gpio.line == 3"\ndo = "x"\n')
    assert "bad.toml:1" in refusal(running, "fault", "plan", "bad.toml")


def test_armed_faults_are_seen_in_the_table_and_by_who_watches(bench: StartBench) -> None:
    running = bench(DEVICES)

    def faults() -> list[str]:
        header, *rows = running.vwb("list").stdout.splitlines()
        column = header.index("FAULTS")
        return [row[column:].split()[0] for row in rows]

    def heard() -> str:
        return running.vwb("watch", "--timeout", "10ms").stderr

    assert faults() == ["0", "0"]
    assert heard() == ""
    for action in ("error", "never"):
        running.vwb("fault", "arm", "gpio0", "gpio.line == 3", action)
    assert faults() == ["2", "0"]
    assert heard() == "2 faults are armed: vwb fault list\n"
