# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The drivers of an unmodified Linux kernel on the devices of a bench, seen from both sides."""

import json
import struct
import time
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Bench
from tests.guest.conftest import BOOT_CEILING_S, Guest

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


def drive(bench: Bench, assignment: str) -> None:
    answer = bench.vwb("set", assignment)
    assert answer.returncode == 0, answer.stderr


def no_problems(bench: Bench) -> None:
    answer = bench.vwb("problems", "--strict")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def interrupt_of(bench: Bench, line: int) -> dict[str, int]:
    answer = bench.vwb("inspect", f"gpio0.device.line{line}.irq", "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def sessions_of(bench: Bench, device: str) -> str:
    answer = bench.vwb("inspect", f"{device}.session.sessions")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()[-1]


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
    no_problems(running)


def test_gpio_names_directions_and_values_agree_on_both_sides(
    bench: StartBench, guest: StartGuest
) -> None:
    running = bench(GPIO)
    linux = guest(running)
    lines = linux.run("gpioinfo")
    assert "16 lines" in lines[0]
    for number, name in enumerate(["button", "led", "out", "in"]):
        assert f'"{name}"' in lines[1 + number] or f"\t{name}" in lines[1 + number], lines
    # From outside to inside ...
    assert linux.run("gpioget --numeric button") == ["1"]
    drive(running, "gpio0.button=0")
    assert linux.run("gpioget --numeric button") == ["0"]
    # ... and back, as long as a process in the guest holds the line.
    for value in ["1", "0", "1"]:
        linux.run(f"gpioset --daemonize led={value}")
        assert value_of(running, "gpio0.led") == value
        linux.run("killall gpioset || pkill gpioset; sleep 0.1")
    # A wire in the bench: out is seen at in.
    linux.run("gpioset --daemonize out=1")
    assert linux.run("gpioget --numeric in") == ["1"]
    no_problems(running)


def test_two_hundred_edges_from_outside_are_all_seen_once(
    bench: StartBench, guest: StartGuest
) -> None:
    running = bench(GPIO)
    drive(running, "gpio0.button=0")
    linux = guest(running)
    linux.start("stdbuf -oL gpiomon --banner --num-events=200 --format=%e button; echo end")
    assert "Monitoring line" in linux.line()
    for edge in range(200):
        drive(running, f"gpio0.button={(edge + 1) % 2}")
        assert linux.line() == str(1 + edge % 2), f"edge {edge}"  # 1 rising, 2 falling
    assert linux.line() == "end"
    assert linux.has_no_line()
    no_problems(running)


def test_edges_of_a_generator_are_seen_as_often_as_delivered(
    bench: StartBench, guest: StartGuest
) -> None:
    running = bench(GPIO)
    linux = guest(running)
    linux.start("stdbuf -oL gpiomon --banner --format=%e in")
    assert "Monitoring line" in linux.line()
    answer = running.vwb("call", "gpio0", "square", "signal=in", "period=20ms", "count=100")
    assert answer.returncode == 0, answer.stderr
    # A guest that is held up for longer than half a period gets two edges as one, as the
    # specification has it; such edges are counted apart, and none is lost without a count.
    deadline = time.monotonic() + BOOT_CEILING_S
    while (irq := interrupt_of(running, 3))["delivered"] + irq["merged"] < 200:
        assert time.monotonic() < deadline, irq
        time.sleep(0.05)
    assert irq["delivered"] + irq["merged"] == 200
    edges = [linux.line() for _ in range(irq["delivered"])]
    if irq["merged"] == 0:
        assert edges == ["1", "2"] * 100
    linux.kill()
    assert linux.has_no_line()
    no_problems(running)


def test_drivers_unbind_and_bind_ten_times_on_one_connection(
    bench: StartBench, guest: StartGuest
) -> None:
    running = bench(GPIO + RNG)
    linux = guest(running)
    linux.run(
        """
        for driver in gpio_virtio virtio_rng; do
            cd /sys/bus/virtio/drivers/$driver
            device=$(ls -d virtio*)
            for i in 1 2 3 4 5 6 7 8 9 10; do
                echo $device > unbind && echo $device > bind || exit 1
                case $driver in
                    gpio_virtio) gpioget button ;;
                    virtio_rng) head -c 1000 /dev/hwrng ;;
                esac > /dev/null || exit 1
            done
        done
        """
    )
    # Events still come through after all that.
    drive(running, "gpio0.button=0")
    linux.start("stdbuf -oL gpiomon --banner --num-events=1 --format=%e button; echo end")
    assert "Monitoring line" in linux.line()
    drive(running, "gpio0.button=1")
    assert linux.line() == "1"
    assert linux.line() == "end"
    assert sessions_of(running, "gpio0") == "1"
    assert sessions_of(running, "rng0") == "1"
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


def test_new_guest_connects_after_one_was_killed(bench: StartBench, guest: StartGuest) -> None:
    running = bench(GPIO + RNG)
    first = guest(running)
    first.start("gpiomon button & cat /dev/hwrng > /dev/null")
    drive(running, "gpio0.button=0")
    first.kill()
    second = guest(running)
    assert second.run("gpioget --numeric button") == ["0"]
    assert second.run("head -c 4096 /dev/hwrng | wc -c") == ["4096"]
    assert second.end() == 0
    assert sessions_of(running, "gpio0") == "2"


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
