# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a device tree puts on lines of virtio-gpio: LEDs, keys and hogs, by the kernel's own
drivers, seen and moved from outside."""

from collections.abc import Callable

import pytest

from tests.conftest import Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

BENCH = """
[[device]]
type = "gpio"
[device.sim]
lines = 8
wires = [["led", "sense"]]
[[device.sim.line]]
name = "led"
[[device.sim.line]]
name = "sense"
[[device.sim.line]]
name = "dark"
[[device.sim.line]]
name = "enter"
pull = "up"
[[device.sim.line]]
name = "reset"
[[device.sim.line]]
name = "hold"
[[device.sim.line]]
name = "strap"
pull = "up"
"""

TREE = """/dts-v1/;
/ {
	chosen { };
	virtio-gpio {
		compatible = "virtio,uml";
		virtio-device-id = <41>;
		socket-path = "${gpio0}";
		lines: gpio {
			compatible = "virtio,device29";
			gpio-controller;
			#gpio-cells = <2>;
			interrupt-controller;
			#interrupt-cells = <2>;
			reset { gpio-hog; gpios = <4 0>; output-high; line-name = "reset-hog"; };
			hold { gpio-hog; gpios = <5 1>; output-low; };
			strap { gpio-hog; gpios = <6 0>; input; };
		};
	};
	leds {
		compatible = "gpio-leds";
		led-0 { label = "bright"; gpios = <&lines 0 0>; };
		led-1 { label = "dark"; gpios = <&lines 2 1>; default-state = "on"; };
	};
	keys {
		compatible = "gpio-keys";
		key-0 {
			label = "enter";
			linux,code = <28>;
			gpios = <&lines 3 1>;
			debounce-interval = <1>;
		};
	};
};
"""

# struct input_event of 24 bytes; each key event as "CODE VALUE".
READ_KEYS = """
import struct
with open("/dev/input/event0", "rb", buffering=0) as keys:
    print("ready", flush=True)
    while True:
        kind, code, value = struct.unpack("16xHHi", keys.read(24))
        if kind == 1:
            print(code, value, flush=True)
"""


@pytest.fixture
def running(bench: StartBench) -> Bench:
    return bench(BENCH)


@pytest.fixture
def linux(running: Bench, guest: StartGuest) -> Guest:
    tree = running.directory / "board.dts"
    tree.write_text(TREE, encoding="utf-8")
    return guest(running, "--dt", str(tree))


def level(running: Bench, line: str) -> str:
    answer = running.vwb("get", f"gpio0.{line}")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()[-1]


def act(running: Bench, *words: str) -> None:
    answer = running.vwb(*words)
    assert answer.returncode == 0, answer.stderr


def no_problems(running: Bench) -> None:
    answer = running.vwb("problems", "--strict")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_led_is_seen_outside(running: Bench, linux: Guest) -> None:
    assert (level(running, "led"), level(running, "dark")) == ("0", "0")  # active low, and on
    for value in ["1", "0", "1"]:
        linux.run(f"echo {value} >/sys/class/leds/bright/brightness")
        assert level(running, "led") == value
    linux.run("echo 0 >/sys/class/leds/dark/brightness")
    assert level(running, "dark") == "1"
    no_problems(running)


def test_led_blinks_by_its_trigger(running: Bench, linux: Guest) -> None:
    linux.run("echo timer >/sys/class/leds/bright/trigger")
    # The wire brings it back as interrupts; edges are either kind in turn.
    edges = linux.run("gpiomon -n 6 --format=%e sense")
    assert edges in (["1", "2"] * 3, ["2", "1"] * 3)
    no_problems(running)


def test_key_arrives_as_an_input_event(running: Bench, linux: Guest) -> None:
    linux.start(f"exec python3 -u -c '{READ_KEYS}'")
    assert linux.line() == "ready"
    for _ in range(3):
        act(running, "set", "gpio0.enter=0")
        assert linux.line() == "28 1"
        act(running, "call", "gpio0", "release", "signal=enter")
        assert linux.line() == "28 0"
    act(running, "call", "gpio0", "pulse", "signal=enter", "width=1s")
    assert [linux.line(), linux.line()] == ["28 1", "28 0"]
    no_problems(running)


def test_hogs_hold_their_lines_from_boot_on(running: Bench, linux: Guest) -> None:
    assert (level(running, "reset"), level(running, "hold")) == ("1", "1")  # active low
    info = "\n".join(linux.run("gpioinfo -c gpiochip0"))
    assert 'consumer="reset-hog"' in info
    # A hog cannot be had by anybody else.
    assert linux.run("gpioget strap 2>&1 | grep -o busy") == ["busy"]
    act(running, "set", "gpio0.strap=0")
    assert level(running, "strap") == "0"
    no_problems(running)
