# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The workbench inside a guest, on hardware that the guest's kernel simulates: the paths of real
gpiochips and of SMBus-only adapters, driven by the built-in driver."""

import json
import os
import shlex
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

ROOT = Path(__file__).resolve().parents[2]

# Two devices on one chip: "outside" makes it and moves it, "gpio0" uses it as any real one.
GPIO = """
[bench]
name = "inside"
[[device]]
type = "gpio"
name = "outside"
hardware = "gpio-sim"
[device.gpio-sim]
label = "board"
lines = ["button", "led", { name = "reset", hog = "output-high" }, { pull = "up" }, "slow"]
[[device]]
type = "gpio"
name = "gpio0"
hardware = "gpiochip"
[device.gpiochip]
chip = "board"
lines = [
    { line = "led", name = "lamp", active_low = true },
    "button",
    "reset",
    { line = 3, bias = "pull-up", drive = "open-drain" },
    { line = "slow", debounce = "1ms" },
]
"""
LAMP, BUTTON, RESET, OPEN, SLOW = range(5)
OUT, IN = 1, 2
RISING, FALLING, BOTH, HIGH = 1, 2, 3, 4
ERROR = "0100"


def message(kind: int, line: int, value: int = 0) -> str:
    return f"ask 0 {struct.pack('<HHI', kind, line, value).hex()} 2"


def direction(line: int, value: int) -> str:
    return message(3, line, value)


def get(line: int) -> str:
    return message(4, line)


def put(line: int, value: int) -> str:
    return message(5, line, value)


def irq(line: int, kind: int) -> str:
    return message(6, line, kind)


def arm(line: int) -> str:
    return f"park {line} 1 {struct.pack('<H', line).hex()} 1"


class Inside:
    """A bench inside a guest, and the built-in driver beside it."""

    def __init__(self, linux: Guest, vwb: Path, text: str) -> None:
        self.linux = linux
        self._vwb = vwb
        self._probe = vwb.parent / "tests" / "guest" / "driver_probe"
        assert os.access(self._probe, os.X_OK), f"{self._probe} was not built"
        linux.run(f"export XDG_RUNTIME_DIR=/run; vwb() {{ {vwb} \"$@\"; }}")
        linux.run(f"cat >/run/b.toml <<'END'\n{text}\nEND")
        self.start()

    def start(self) -> None:
        self.linux.run(
            f"{self._vwb} run /run/b.toml >/run/log 2>&1 &\n"
            "until vwb list >/run/list 2>&1; do"
            " kill -0 $! || { cat /run/log; false; break; }; sleep 0.05; done"
        )

    def act(self, words: str) -> str:
        """A step: a command of vwb, whose output is thrown away."""
        return f"! {self._vwb} {words} >/dev/null"

    def probe(self, device: str, *steps: str) -> list[str]:
        socket = f"/run/vhost-workbench/inside/{device}.sock"
        return self.linux.run(f"{self._probe} {socket} {shlex.join(steps)}")

    def json(self, words: str) -> object:
        return json.loads("\n".join(self.linux.run(f"vwb {words} --json")))

    def value(self, signal: str) -> str:
        return self.linux.run(f"vwb get {signal}")[-1].split()[-1]

    def problems(self) -> list[str]:
        lines = self.linux.run("vwb problems --json")
        return [json.loads(line)["message"] for line in lines]

    def stop(self) -> None:
        self.linux.run("vwb shutdown >/run/list && wait $!")


@pytest.fixture
def inside(
    vwb: Path, bench: StartBench, guest: StartGuest
) -> Iterator[Callable[[str], Inside]]:
    started: list[Inside] = []

    def start(text: str) -> Inside:
        started.append(Inside(guest(bench('[[device]]\ntype = "rng"\n')), vwb, text))
        return started[-1]

    yield start


def lines_of(gpioinfo: list[str]) -> dict[int, str]:
    """What gpioinfo says of each line, by number."""
    rows = [row.split(None, 2) for row in gpioinfo if row.lstrip().startswith("line")]
    return {int(row[1].rstrip(":")): row[2] for row in rows}


def test_lines_of_a_real_chip(inside: Callable[[str], Inside]) -> None:
    it = inside(GPIO)
    names = b"lamp\0button\0reset\0\0slow\0"
    assert it.probe("gpio0", "config 0 8", f"ask 0 0100000000000000 {len(names) + 1}") == [
        struct.pack("<HxxI", 5, len(names)).hex(),
        (b"\0" + names).hex(),
    ]
    # Inputs follow what the outside pulls, before they are configured and after.
    assert it.probe(
        "gpio0",
        get(BUTTON),
        direction(BUTTON, IN),
        it.act("set outside.button=1"),
        get(BUTTON),
        it.act("set outside.button=0"),
        get(BUTTON),
    ) == ["0000", "0000", "0001", "0000"]
    # Outputs are seen outside; the lamp is on when its line is low.
    read = f"! {it._vwb} get outside.led | grep -o .$"
    assert it.probe(
        "gpio0", put(LAMP, 1), direction(LAMP, OUT), read, put(LAMP, 0), read, get(LAMP)
    ) == ["0000", "0000", "0", "0000", "1", "0000"]
    assert it.problems() == []
    # Observers see what is held, and take nothing.
    assert it.probe("gpio0", get(LAMP), f"! {it._vwb} get gpio0.lamp")[1].endswith("1")
    assert "not held" in it.linux.run("! vwb get gpio0.lamp 2>&1")[0]
    it.stop()


def test_lines_are_held_while_a_guest_is_there(inside: Callable[[str], Inside]) -> None:
    it = inside(GPIO)
    free = lines_of(it.linux.run("gpioinfo -c gpiochip0"))
    assert [line for line, text in free.items() if "consumer" in text] == [2]
    it.probe("gpio0", get(BUTTON), "! gpioinfo -c gpiochip0 >/run/held")
    held = lines_of(it.linux.run("cat /run/held"))
    assert {line for line, text in held.items() if "vhost-workbench" in text} == {0, 1, 3, 4}
    # Settings are the kernel's, not ours to interpret.
    it.probe(
        "gpio0",
        direction(OPEN, OUT),
        direction(LAMP, OUT),
        irq(SLOW, RISING),
        "! gpioinfo -c gpiochip0 >/run/held",
    )
    held = lines_of(it.linux.run("cat /run/held"))
    assert "open-drain" in held[3] and "bias=pull-up" in held[3]
    assert "active-low" in held[1] and "output" in held[1]
    assert "debounce-period=1ms" in held[4] and "edges=rising" in held[4]
    # The driver has gone without a word each time: nothing is held, nothing is driven.
    it.linux.run(
        "until ! gpioinfo -c gpiochip0 | grep vhost-workbench; do sleep 0.05; done >/run/list"
    )
    left = lines_of(it.linux.run("gpioinfo -c gpiochip0"))
    assert left.keys() == free.keys()
    assert "input" in left[1]
    it.stop()


def test_line_of_somebody_else_is_refused_by_his_name(inside: Callable[[str], Inside]) -> None:
    it = inside(GPIO)
    it.linux.run("gpioset --daemonize -c gpiochip0 -C lighthouse led=1")
    assert it.probe(
        "gpio0",
        get(RESET),
        f"! {it._vwb} problems >/run/reset",
        put(LAMP, 1),
        direction(LAMP, OUT),
        get(BUTTON),
        "! pkill gpioset; while pgrep gpioset >/dev/null; do sleep 0.05; done",
        direction(LAMP, OUT),
    ) == [ERROR, "0000", ERROR, "0000", "0000"]
    said = "\n".join(it.linux.run("cat /run/reset") + it.problems())
    assert "board line 2 'reset' is used by 'reset-hog'" in said
    assert "board line 1 'led' is used by 'lighthouse'" in said
    it.stop()


def test_edges_and_levels_become_interrupts(inside: Callable[[str], Inside]) -> None:
    it = inside(GPIO)
    press, let_go = it.act("set outside.button=1"), it.act("set outside.button=0")
    wait = f"wait {BUTTON}"
    assert it.probe(
        "gpio0",
        irq(BUTTON, BOTH),
        *[arm(BUTTON), f"look {BUTTON}", press, wait, arm(BUTTON), let_go, wait],
        # Masked edges are latched, as one.
        *[press, let_go, arm(BUTTON), wait],
        irq(BUTTON, 0),
        # What came while it was off is no news.
        press,
        irq(BUTTON, FALLING),
        *[arm(BUTTON), f"look {BUTTON}", let_go, wait],
    ) == [
        "0000",
        *["parked", "pending", "01", "parked", "01"],
        *["parked", "01"],
        "0000",
        "0000",
        *["parked", "pending", "01"],
    ]
    # The kernel has no level interrupts for user space: edges wake, then the level is sensed.
    assert it.probe(
        "gpio0",
        irq(BUTTON, HIGH),
        *[arm(BUTTON), f"look {BUTTON}", press, wait],
        *[arm(BUTTON), wait, let_go, arm(BUTTON), f"look {BUTTON}"],
        irq(BUTTON, 0),
        wait,
    ) == ["0000", "parked", "pending", "01", "parked", "01", "parked", "pending", "0000", "00"]
    hardware = it.json("inspect gpio0.device.hardware")
    assert isinstance(hardware, dict)
    assert hardware["level_interrupts"].startswith("emulated")
    # Six edges, but the simulator makes one interrupt of two that are close together.
    assert hardware["edges"] in (5, 6) and hardware["edges_lost"] == 0
    # Debounced ones, too.
    slow = [irq(SLOW, RISING), arm(SLOW), it.act("set outside.slow=1"), f"wait {SLOW}"]
    assert it.probe("gpio0", *slow) == ["0000", "parked", "01"]
    assert it.problems() == []
    it.stop()


def test_chip_that_goes_away_costs_requests_only(inside: Callable[[str], Inside]) -> None:
    it = inside(GPIO)
    live = "/sys/kernel/config/gpio-sim/vwb-*/live"
    assert it.probe(
        "gpio0",
        put(LAMP, 1),
        direction(LAMP, OUT),
        f"! echo 0 >$(echo {live})",
        get(BUTTON),
        get(BUTTON),
        f"! echo 1 >$(echo {live})",
        get(LAMP),
    ) == ["0000", "0000", ERROR, ERROR, "0001"]
    said = it.problems()
    assert any("board went away: No such device" in text for text in said), said
    it.stop()


def test_simulated_chip_by_its_own_device(inside: Callable[[str], Inside]) -> None:
    it = inside(GPIO)
    # The simulator's device is a bench device like any other.
    assert it.probe("outside", get(3), put(1, 1), direction(1, OUT)) == ["0001", "0000", "0000"]
    assert it.value("outside.reset") == "1"
    assert it.value("outside.line3") == "1"
    it.linux.run("vwb call outside pull signal=line3 pull=down")
    assert it.value("outside.line3") == "0"
    # Pulls follow waves: two presses, and each wakes the guest.
    press = it.act("call outside square signal=button period=40ms count=2")
    steps = [irq(0, FALLING), arm(0), press, "wait 0", arm(0), "wait 0"]
    assert it.probe("outside", *steps) == ["0000", "parked", "01", "parked", "01"]
    assert it.linux.run("vwb call outside stop signal=button >/run/list") == []
    assert "did you mean 'button'" in it.linux.run("! vwb get outside.buton 2>&1")[0]
    it.stop()
    assert it.linux.run("ls /sys/kernel/config/gpio-sim; ls /dev | grep gpiochip || true") == []


def test_chip_of_a_dead_bench_is_removed_by_the_next(inside: Callable[[str], Inside]) -> None:
    it = inside(GPIO)
    it.linux.run("kill -9 $(pgrep -f '^[^ ]*vwb run') && wait")
    assert len(it.linux.run("ls /sys/kernel/config/gpio-sim")) == 1
    it.start()
    assert "left over by a bench that died" in it.linux.run("cat /run/log")[0]
    assert len(it.linux.run("ls /sys/kernel/config/gpio-sim")) == 1
    it.stop()


def module() -> str:
    """The kernel's module; it lies beside the kernel."""
    builder = ROOT / "scripts" / "guest" / "build-kernel"
    kernel = subprocess.run(
        [builder, "--print-path"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    return str(Path(kernel).parent / "modules" / "i2c-stub.ko")


def transfer(address: int, data: str = "", read: int = 0, flags: int = 0) -> str:
    head = struct.pack("<HHI", address << 1, 0, flags | (2 if read else 0)).hex()
    return f"0 {head}{data} {read + 1}"


def test_chips_of_i2c_stub_through_smbus(inside: Callable[[str], Inside]) -> None:
    it = inside(f"""
[bench]
name = "inside"
[[device]]
type = "i2c"
hardware = "i2c-stub"
[device.i2c-stub]
module = "{module()}"
chips = [0x50, {{ address = 0x48, name = "room", registers = [
    {{ index = 0, name = "temp", value = 0x8015 }}, {{ index = 3, value = 0x4b }}] }}]
""")
    fail_next = 1
    assert it.probe(
        "i2c0",
        "park a " + transfer(0x48, "00", flags=fail_next),
        "ask " + transfer(0x48, read=2),
        "wait a",
        "ask " + transfer(0x48, "0360"),
        "park b " + transfer(0x48, "03", flags=fail_next),
        "ask " + transfer(0x48, read=1),
        "ask " + transfer(0x50),
        "ask " + transfer(0x33),
    ) == ["parked", "158000", "00", "00", "parked", "6000", "00", "01"]
    assert it.value("i2c0.room.temp") == str(0x8015)
    assert it.value("i2c0.0x48.3") == str(0x60)
    it.linux.run("vwb set i2c0.0x50.0x10=4660")
    assert it.probe(
        "i2c0", "park a " + transfer(0x50, "10", flags=fail_next), "ask " + transfer(0x50, read=2)
    ) == ["parked", "341200"]
    hardware = it.json("inspect i2c0.device.hardware")
    assert isinstance(hardware, dict)
    assert (hardware["kind"], hardware["transfers_by"]) == ("i2c-stub", "SMBus")
    it.stop()
    assert it.linux.run("ls -d /sys/module/i2c_stub 2>/dev/null || echo gone") == ["gone"]
