# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What observers do wrong on the control socket while a guest works: a clear error each, no more."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import CEILING_S, Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

DEVICES = """
[[device]]
type = "gpio"
[device.sim]
lines = 8
[[device.sim.line]]
number = 3
pull = "down"
[[device]]
type = "rng"
hardware = "seeded"
"""

# Until it is told to stop, and without a failure in between.
LOAD = """
while [ ! -e /run/stop ]; do
    gpioget -c gpiochip0 4 >/dev/null || echo failed
    [ $(head -c 8 /dev/hwrng | wc -c) = 8 ] || echo failed
done >/run/load 2>&1 &
"""

INVALID, NOT_FOUND, UNAVAILABLE, TIMEOUT = -32602, -32001, -32002, -32007


class Observer:
    """A client of the control socket that says whatever a test wants."""

    def __init__(self, bench: Bench) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(CEILING_S)
        self._socket.connect(str(bench.control))
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._number = 0

    def send(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def line(self) -> Any:
        """The next line as data, or None if the bench has closed the connection."""
        line = self._lines.readline()
        return json.loads(line) if line else None

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole reply, an answer or an error."""
        self._number += 1
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self.send(json.dumps(request) + "\n")
        reply = self.line()
        assert isinstance(reply, dict)
        assert reply["id"] == self._number
        return reply

    def result(self, method: str, **params: Any) -> Any:
        reply = self.ask(method, **params)
        assert "error" not in reply, reply
        return reply["result"]

    def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        reply = self.ask(method, **params)
        assert "error" in reply, reply
        return reply["error"]["code"], reply["error"]["message"]

    def vanish(self) -> None:
        self._lines.close()
        self._socket.close()


class LoadedBench:
    """A bench whose guest never stops to use both devices."""

    def __init__(self, running: Bench, linux: Guest) -> None:
        self.bench = running
        self.guest = linux
        self.guest.run(LOAD)
        self.goes_on()

    def completed(self) -> list[int]:
        done = self.bench.vwb("list", "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line)["completed"] for line in done.stdout.splitlines()]

    def goes_on(self) -> None:
        """Both devices answer more requests than were there when this was called."""
        before = self.completed()
        end = time.monotonic() + CEILING_S
        while not all(now > then for now, then in zip(self.completed(), before, strict=True)):
            assert time.monotonic() < end, "the guest does not go on"

    def end(self) -> None:
        assert self.guest.run("touch /run/stop; wait; cat /run/load") == []


@pytest.fixture
def loaded(bench: StartBench, guest: StartGuest) -> Iterator[LoadedBench]:
    running = bench(DEVICES)
    load = LoadedBench(running, guest(running))
    yield load
    load.end()


# Method, parameters, code, and what the message must say.
WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    # unknown device
    ("fault.arm", {"device": "gpoi0", "do": "never"}, NOT_FOUND, "did you mean 'gpio0'"),
    ("hold.add", {"device": "gpoi0"}, NOT_FOUND, "did you mean 'gpio0'"),
    ("hold.wait", {"device": "scsi9"}, NOT_FOUND, "there are"),
    ("inject", {"device": "gpoi0", "name": "GET_VALUE"}, NOT_FOUND, "did you mean 'gpio0'"),
    ("queue.snapshot", {"device": "gpoi0", "queue": 0}, NOT_FOUND, "gpio0"),
    # unknown field, with its column
    ("fault.arm", {"device": "gpio0", "match": "gpio.lin == 3", "do": "never"}, INVALID, "column 1"),
    ("hold.add", {"device": "gpio0", "match": "queue == 0 && lien == 3"}, INVALID, "column 15"),
    ("subscribe", {"filter": "gpio.lin == 3"}, INVALID, "gpio.line"),
    ("hold.add", {"device": "rng0", "match": "gpio.line == 3"}, INVALID, "gpio.line"),
    (
        "inject",
        {"device": "gpio0", "name": "GET_VALUE", "fields": {"lien": 3}},
        INVALID,
        "did you mean 'line'",
    ),
    # unknown or wrong unit
    (
        "hold.add",
        {"device": "gpio0", "match": "latency > 5", "at": "completed"},
        INVALID,
        "write 5us, ms or s",
    ),
    ("subscribe", {"filter": "gpio.line == 5ms"}, INVALID, "not a duration"),
    ("hold.add", {"device": "gpio0", "timeout": "3 parsecs"}, INVALID, "3 parsecs"),
    ("hold.add", {"device": "gpio0", "timeout": "0s"}, INVALID, "more than 0s"),
    ("hold.add", {"device": "gpio0", "timeout": "11min"}, INVALID, "at most 600s"),
    ("hold.wait", {"device": "gpio0", "timeout": "soon"}, INVALID, "timeout"),
    ("fault.arm", {"device": "gpio0", "do": "delay 3 parsecs"}, INVALID, "delay"),
    ("inject", {"device": "gpio0", "name": "GET_VALUE", "timeout": "20min"}, INVALID, "10min"),
    # unknown format, action, verb, queue, request
    ("fault.plan", {"text": "[[fault]\n", "name": "p.toml"}, INVALID, "p.toml:1"),
    ("fault.plan", {"text": '[[fault]]\ndo = "x"\ndevice = "gpio0"'}, INVALID, "no fault action"),
    ("fault.plan", {"text": '[[fault]]\nd = "x"'}, INVALID, "d"),
    ("fault.arm", {"device": "gpio0", "do": "explode"}, INVALID, "there are"),
    ("fault.arm", {"device": "gpio0", "do": "call explode"}, NOT_FOUND, "no action 'explode'"),
    ("fault.arm", {"device": "gpio0", "do": "crash"}, UNAVAILABLE, "allow_crash"),
    ("fault.arm", {"device": "gpio0", "do": "error", "at": "later"}, INVALID, "popped or completed"),
    ("hold.add", {"device": "gpio0", "at": "sometime"}, INVALID, "popped or completed"),
    ("inject", {"device": "gpio0", "name": "GET_VALEU"}, NOT_FOUND, "did you mean 'GET_VALUE'"),
    ("inject", {"device": "gpio0", "queue": "q", "bytes": "00"}, NOT_FOUND, "requestq"),
    ("hold.lift", {"device": "gpio0"}, -32601, "there is no method 'hold.lift'"),
    # wrong types and values
    ("fault.arm", {"device": "gpio0", "do": 7}, INVALID, "'do'"),
    ("fault.arm", {"device": 5, "do": "never"}, INVALID, "'device'"),
    ("fault.arm", {"device": "gpio0"}, INVALID, "'do'"),
    ("fault.arm", {"device": "gpio0", "do": "never", "cuont": 1}, INVALID, "cuont"),
    ("fault.arm", {"device": "gpio0", "do": "never", "count": -1}, INVALID, "count"),
    ("fault.arm", {"device": "gpio0", "do": "never", "probability": 2}, INVALID, "from 0 to 1"),
    ("fault.arm", {"device": "gpio0", "do": "never", "seed": "x"}, INVALID, "seed"),
    ("hold.add", {"device": "gpio0", "match": ["gpio.line"]}, INVALID, "match"),
    ("hold.add", {"device": "gpio0", "count": -1}, INVALID, "count"),
    ("hold.release", {"device": "gpio0", "request": "17"}, INVALID, "request"),
    ("hold.release", {"device": "gpio0", "request": -1}, INVALID, "request"),
    ("hold.release", {"device": "gpio0", "request": 999999}, NOT_FOUND, "not held"),
    ("hold.edit", {"device": "gpio0", "request": 999999, "fields": []}, INVALID, "fields"),
    ("hold.remove", {"device": "gpio0", "breakpoint": 99}, NOT_FOUND, "no breakpoint 99"),
    ("fault.disarm", {"device": "gpio0", "fault": 99}, NOT_FOUND, "no fault 99"),
    ("inject", {"device": "gpio0", "name": "GET_VALUE", "fields": [3]}, INVALID, "fields"),
    ("inject", {"device": "gpio0", "name": "GET_VALUE", "fields": {"line": "x"}}, INVALID, "line"),
    ("inject", {"device": "gpio0", "queue": 0, "bytes": "xyz"}, INVALID, "x"),
    # oversized
    (
        "inject",
        {"device": "gpio0", "name": "GET_VALUE", "fields": {"line": 65536}},
        INVALID,
        "does not fit",
    ),
    ("inject", {"device": "rng0", "bytes": "", "writable": 1 << 30}, -32005, "writable"),
    # a second guest beside the one that is there
    (
        "inject",
        {"device": "gpio0", "name": "GET_VALUE", "as_guest": True},
        UNAVAILABLE,
        "a second one has to wait",
    ),
    (
        "inject",
        {"device": "gpio0", "name": "GET_VALUE", "broken": "loop"},
        INVALID,
        "say as_guest too",
    ),
]


def test_every_wrong_word_is_answered_with_what_is_wrong(loaded: LoadedBench) -> None:
    observer = Observer(loaded.bench)
    said = []
    for method, params, code, words in WRONG:
        got = observer.refusal(method, **params)
        if got[0] != code or words not in got[1]:
            said.append(f"{method} {str(params)[:100]}: {got}, not {code} with {words!r}")
    assert said == []
    assert observer.result("fault.list")["faults"] == []
    assert observer.result("hold.list", device="gpio0") == {"breakpoints": [], "held": []}
    loaded.goes_on()


@pytest.mark.parametrize("begin", ["x", '{"jsonrpc":"2.0","id":1,"method":"'])
def test_line_without_end_costs_its_client_alone(loaded: LoadedBench, begin: str) -> None:
    other = Observer(loaded.bench)
    observer = Observer(loaded.bench)
    try:
        observer.send(begin + "a" * (2 << 20))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was told before it had said all
    try:
        reply = observer.line()
        assert reply is None or "longer than 1048576 bytes" in reply["error"]["message"]
        assert reply is None or observer.line() is None, "and the connection is closed"
    except ConnectionResetError:
        pass
    assert len(other.result("device.list")["devices"]) == 2
    loaded.goes_on()


def hold_line_3(loaded: LoadedBench, observer: Observer, **more: Any) -> int:
    """A request of the guest that this observer holds; what reads the line tells it later."""
    match = "name == GET_VALUE && gpio.line == 3"
    observer.result("hold.add", device="gpio0", match=match, at="completed", count=1, **more)
    loaded.guest.start("gpioget --numeric -c gpiochip0 3")
    [held] = observer.result("hold.wait", device="gpio0")["held"]
    assert held["fields"]["line"] == 3
    return int(held["request"])


def test_two_observers_and_one_request(loaded: LoadedBench) -> None:
    mine, other = Observer(loaded.bench), Observer(loaded.bench)
    request = hold_line_3(loaded, mine)
    place = {"device": "gpio0", "request": request}
    # The other one may look, and wait as well, and is told whose it is.
    assert other.result("hold.show", **place)["answer"]["level"] == "LOW"
    assert len(other.result("hold.wait", device="gpio0")["held"]) == 1
    for verb in ("edit", "release", "step", "answer", "fail"):
        code, text = other.refusal(f"hold.{verb}", **place)
        assert code == UNAVAILABLE
        assert "held by another observer" in text
    breakpoint_number = mine.result("hold.list", device="gpio0")["breakpoints"][0]["breakpoint"]
    code, text = other.refusal("hold.remove", device="gpio0", breakpoint=breakpoint_number)
    assert (code, "another observer's" in text) == (UNAVAILABLE, True)
    # A breakpoint of its own for the same request does not take it away.
    other.result("hold.add", device="gpio0", match="gpio.line == 3", at="completed")
    assert mine.result("hold.edit", **place, fields={"level": 1})["answer"]["level"] == "HIGH"
    mine.result("hold.release", **place)
    assert loaded.guest.line() == "1"
    assert mine.refusal("hold.release", **place)[0] == NOT_FOUND
    other.vanish()
    loaded.goes_on()


def test_request_of_an_observer_that_vanishes_goes_on(loaded: LoadedBench) -> None:
    observer = Observer(loaded.bench)
    hold_line_3(loaded, observer, timeout="10min")
    began = time.monotonic()
    observer.vanish()
    assert loaded.guest.line() == "0"
    assert time.monotonic() - began < CEILING_S, "long before its guard"
    assert Observer(loaded.bench).result("hold.list", device="gpio0")["breakpoints"] == []
    loaded.goes_on()


def test_request_that_is_kept_for_everybody_goes_on_by_its_guard(loaded: LoadedBench) -> None:
    observer = Observer(loaded.bench)
    hold_line_3(loaded, observer, timeout="500ms", keep=True)
    observer.vanish()
    assert loaded.guest.line() == "0"
    [point] = Observer(loaded.bench).result("hold.list", device="gpio0")["breakpoints"]
    assert (point["hits"], point["timeouts"]) == (1, 1)
    loaded.goes_on()


def test_waiting_for_nothing_ends_with_its_time(loaded: LoadedBench) -> None:
    observer, impatient = Observer(loaded.bench), Observer(loaded.bench)
    impatient.send('{"jsonrpc":"2.0","id":1,"method":"hold.wait","params":{"device":"gpio0"}}\n')
    impatient.vanish()
    began = time.monotonic()
    code, text = observer.refusal("hold.wait", device="gpio0", timeout="200ms")
    assert time.monotonic() - began >= 0.2
    assert (code, text) == (TIMEOUT, "no request of gpio0 was held within 200ms")
    # Those who have given up are not told, and the next one is.
    request = hold_line_3(loaded, observer)
    observer.result("hold.release", device="gpio0", request=request)
    assert loaded.guest.line() == "0"
    loaded.goes_on()


def test_unread_watcher_and_armed_plan_do_not_stop_the_guest(loaded: LoadedBench) -> None:
    silent = Observer(loaded.bench)
    silent.send('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"kinds":["all"]}}\n')
    observer = Observer(loaded.bench)
    for device in ("gpio0", "rng0"):
        observer.result("fault.arm", device=device, do="delay 1ms", probability=0.2, seed=3)
    loaded.goes_on()
    counts = [d["faults"] for d in observer.result("device.list")["devices"]]
    assert counts == [1, 1], "an armed plan is visible"
    silent.vanish()
    loaded.goes_on()
