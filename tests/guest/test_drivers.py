# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Corners of the in-tree drivers that test_devices.py leaves out: what is hard to say in one go."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

MEBIBYTE = 1 << 20

GPIO = """
[[device]]
type = "gpio"
[device.sim]
lines = 16
wires = [["out", "in"]]
[[device.sim.line]]
name = "button"
pull = "up"
[[device.sim.line]]
name = "led"
[[device.sim.line]]
name = "out"
[[device.sim.line]]
name = "in"
"""
RNG = """
[[device]]
type = "rng"
"""


def value_of(bench: Bench, signal: str) -> str:
    answer = bench.vwb("get", signal)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()[-1]


def no_problems(bench: Bench) -> None:
    answer = bench.vwb("problems", "--strict")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_hwrng_gives_a_mebibyte_byte_for_byte(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    # Numbers that count up: whatever the kernel reads for itself in between, a byte that is lost,
    # repeated or moved shows. The kernel reads at boot, so the source has more than is asked for.
    source = tmp_path / "numbers"
    source.write_bytes(b"".join(struct.pack("<Q", n) for n in range(MEBIBYTE)))
    rng = RNG + f'hardware = "file"\n[device.file]\npath = "{source}"\n'
    running = bench(rng)
    linux = guest(running)
    linux.run(f"head -c {MEBIBYTE} /dev/hwrng > $VWB_GUEST_DIR/random")
    assert linux.end() == 0
    data = (linux.directory / "random").read_bytes()
    assert len(data) == MEBIBYTE
    numbers = [n for (n,) in struct.iter_unpack("<Q", data)]
    assert all(a < b for a, b in zip(numbers, numbers[1:]))
    # Such numbers are no noise, and that is all there is to say.
    problems = running.vwb("problems", "--json").stdout.splitlines()
    assert [json.loads(problem)["rule"] for problem in problems] == ["rng.health"]


def test_pulls_and_wires_are_seen_from_the_guest(bench: StartBench, guest: StartGuest) -> None:
    running = bench(GPIO)
    linux = guest(running)
    assert linux.run("gpioget --numeric button") == ["1"]
    for value in ["1", "0", "1"]:
        # What one process drives at one end of the wire, another reads at the other.
        read = f"gpioset --daemonize out={value} && gpioget --numeric in && pkill gpioset"
        gone = "while pgrep gpioset >/dev/null; do sleep 0.05; done"
        assert linux.run(f"{read} && {gone}") == [value]
    no_problems(running)


def test_unbind_with_an_event_awaited(bench: StartBench, guest: StartGuest) -> None:
    running = bench(GPIO)
    linux = guest(running)
    linux.start("stdbuf -oL gpiomon --banner --format=%e button > /run/edges & echo started")
    assert linux.line() == "started"
    linux.run(
        """
        until grep -q Monitoring /run/edges; do sleep 0.05; done
        cd /sys/bus/virtio/drivers/gpio_virtio
        device=$(ls -d virtio*)
        echo $device > unbind && echo $device > bind
        gpioget button
        """
    )
    no_problems(running)


def test_device_tree_names_the_socket(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    board = tmp_path / "board.dts"
    board.write_text(
        """
        /dts-v1/;
        / {
            chosen { };
            gpio {
                compatible = "virtio,uml";
                virtio-device-id = <41>;
                socket-path = "${gpio0}";
                lines: gpio {
                    compatible = "virtio,device29";
                    gpio-controller;
                    #gpio-cells = <2>;
                    hog { gpio-hog; gpios = <1 0>; output-high; };
                };
            };
        };
        """,
        encoding="utf-8",
    )
    running = bench(GPIO + RNG)
    linux = guest(running, "--dt", str(board))
    # The tree drives the led, and the rng came by the command line.
    assert value_of(running, "gpio0.led") == "1"
    assert linux.run("ls /dev/gpiochip*") == ["/dev/gpiochip0"]
    assert linux.run("head -c 64 /dev/hwrng | wc -c") == ["64"]
    no_problems(running)
