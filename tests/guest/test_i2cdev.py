# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Real adapters, as a guest's kernel has them: our own simulated bus through I2C_RDWR, and the
kernel's stub, which does SMBus only."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

ROOT = Path(__file__).resolve().parents[2]
BENCH = """
[[device]]
type = "i2c"
[[device.sim.chip]]
address = 0x48
model = "lm75"
[[device.sim.chip]]
address = 0x50
model = "24c02"
[[device.sim.chip]]
address = 0x20
model = "pcf8574"
"""


@pytest.fixture
def probe(vwb: Path) -> str:
    program = vwb.parent / "tests" / "guest" / "i2cdev_probe"
    assert os.access(program, os.X_OK), f"{program} was not built"
    return str(program)


@pytest.fixture
def stub() -> str:
    """The kernel's module; it lies beside the kernel."""
    builder = ROOT / "scripts" / "guest" / "build-kernel"
    kernel = subprocess.run(
        [builder, "--print-path"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    return str(Path(kernel).parent / "modules" / "i2c-stub.ko")


def test_plain_adapter_does_transfers(
    bench: StartBench, guest: StartGuest, probe: str
) -> None:
    running = bench(BENCH)
    linux = guest(running)
    run = f"{probe} /dev/i2c-0"
    assert running.vwb("set", "i2c0.0x48.temperature=21.5").returncode == 0
    assert linux.run(f"{run} w48:00 r48:2") == ["done 15 80"]
    assert linux.run(f"{run} w48") == ["done"]
    assert linux.run(f"{run} w33") == ["no chip answers to the address"]
    assert linux.run(f"{run} w50:10:01:02:03") == ["done"]
    assert linux.run(f"until {run} w50:10 r50:4 | grep done; do :; done") == ["done 01 02 03 ff"]
    # The third message is not executed, and the first one is told apart.
    assert linux.run(f"{run} w48:00 r48:1 w33:00 w50:10:09") == [
        "no chip answers to the address 15"
    ]
    assert linux.run(f"{run} w50:10 r50:1") == ["done 01"]
    problems = running.vwb("problems", "--strict")
    assert problems.returncode == 0, problems.stdout


def test_chip_of_a_driver_is_left_alone(
    bench: StartBench, guest: StartGuest, probe: str
) -> None:
    linux = guest(bench(BENCH))
    linux.run("echo pcf8574 0x20 >/sys/bus/i2c/devices/i2c-0/new_device")
    assert linux.run(f"{probe} /dev/i2c-0 r20:1") == [
        "the adapter cannot do this: a driver of this machine has 0x20; cure: unbind it, or"
        " force = true"
    ]


def test_smbus_adapter_does_what_smbus_can_say(
    bench: StartBench, guest: StartGuest, probe: str, stub: str
) -> None:
    linux = guest(bench('[[device]]\ntype = "gpio"\n'))
    linux.run(f"insmod {stub} chip_addr=0x50")
    run = f"{probe} /dev/i2c-0"
    assert linux.run(f"{run} w50") == ["done"]
    assert linux.run(f"{run} w50:01:77") == ["done"]
    assert linux.run(f"{run} w50:01 r50:1") == ["done 77"]
    assert linux.run(f"{run} w50:02:34:12") == ["done"]
    assert linux.run(f"{run} w50:02 r50:2") == ["done 34 12"]
    assert linux.run(f"{run} w50:10:aa:bb:cc:dd:ee") == ["done"]
    assert linux.run(f"{run} w50:10 r50:5") == ["done aa bb cc dd ee"]
    assert linux.run(f"{run} w50:02") == ["done"]
    assert linux.run(f"{run} r50:1") == ["done 34"]
    assert linux.run(f"{run} w51") == ["no chip answers to the address: No such device"]
    assert linux.run(f"{run} r50:9") == [
        "the adapter cannot do this: an SMBus adapter has no call for reading 9 bytes"
    ]
