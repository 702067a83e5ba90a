# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""QEMU as the front-end, with a real kernel's drivers over virtio-pci behind it."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Bench, wait_for
from tests.guest.qemu_machine import BOOT_CEILING_S, QemuMachine

StartBench = Callable[..., Bench]
StartQemu = Callable[..., QemuMachine]

# The guest's random bytes are those of a file: seen whole and in order, or something is lost.
ENTROPY = random.Random(1).randbytes(1 << 20)

BENCH = """
[[device]]
type = "rng"
hardware = "file"
FEATURES
[device.file]
path = "entropy"
[[device]]
type = "gpio"
FEATURES
[device.sim]
lines = 4
[[device.sim.line]]
number = 2
name = "led"
[[device.sim.line]]
number = 3
name = "button"
pull = "down"
[[device]]
type = "i2c"
FEATURES
[[device.sim.chip]]
address = 0x30
model = "registers"
name = "map"
registers = [
  { index = 0, name = "id", value = 0x5a },
  { index = 1, name = "control", write_mask = 0xff },
]
"""

DEVICES = {
    "rng0": "vhost-user-rng-pci",
    "gpio0": "vhost-user-gpio-pci",
    "i2c0": "vhost-user-i2c-pci",
}
VIRTIO_IDS = {"rng0": 4, "gpio0": 41, "i2c0": 34}
OWN_FEATURES: dict[str, set[str]] = {
    "rng0": set(),
    "gpio0": {"IRQ"},
    "i2c0": {"ZERO_LENGTH_REQUEST"},
}
FEATURE_BITS = {
    "INDIRECT_DESC": 28,
    "EVENT_IDX": 29,
    "VERSION_1": 32,
    "ACCESS_PLATFORM": 33,
    "RING_PACKED": 34,
    "IN_ORDER": 35,
    "RING_RESET": 40,
}
UNKNOWN_TO_THE_KERNEL = {"IN_ORDER"}


@pytest.fixture
def qemu(vwb: Path) -> Iterator[StartQemu]:
    """qemu(bench, ...) boots a machine with the devices of the bench and waits until it is up."""
    machines: list[QemuMachine] = []

    def start(bench: Bench, *arguments: Any, **options: Any) -> QemuMachine:
        machines.append(QemuMachine(vwb, bench, *arguments, **options))
        machines[-1].wait_until_up()
        return machines[-1]

    yield start
    for machine in machines:
        machine.clean_up()


@pytest.fixture
def start_bench(bench: Callable[[str], Bench], tmp_path: Path) -> StartBench:
    """start_bench(features) starts the bench above, with a feature dial for each device."""
    entropy = tmp_path / "entropy"
    entropy.write_bytes(ENTROPY)
    text = BENCH.replace('"entropy"', json.dumps(str(entropy)))
    return lambda features="": bench(text.replace("FEATURES", f"features = {{ {features} }}"))


def inspect(running: Bench, path: str) -> Any:
    done = running.vwb("inspect", path, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def act(running: Bench, *words: str) -> None:
    done = running.vwb(*words)
    assert done.returncode == 0, done.stderr


def value_of(running: Bench, signal: str) -> Any:
    done = running.vwb("get", signal, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["value"]


def no_problems(running: Bench) -> None:
    done = running.vwb("problems", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr


def features(running: Bench, device: str, column: str) -> set[str]:
    done = running.vwb("features", device, "--json")
    assert done.returncode == 0, done.stderr
    return {bit["name"] for bit in json.loads(done.stdout)["bits"] if bit[column]}


def check_features(running: Bench, machine: QemuMachine) -> None:
    """QEMU hands on all that is offered, and the kernel accepts what it knows."""
    for device in DEVICES:
        offered = features(running, device, "offered")
        assert offered >= OWN_FEATURES[device] | {"VERSION_1"}
        accepted = features(running, device, "accepted")
        assert accepted == offered - UNKNOWN_TO_THE_KERNEL
        seen = features_in_guest(machine, VIRTIO_IDS[device])
        assert seen == accepted - OWN_FEATURES[device]


def check_rng(machine: QemuMachine) -> None:
    seen = machine.read("/dev/hwrng", 4096)
    assert len(seen) == 4096
    place = -1
    # The driver asks for 64 bytes at a time, and some it keeps for the kernel itself.
    for start in range(0, len(seen), 64):
        place = ENTROPY.index(seen[start : start + 64], place + 1)


def wait_until_armed(running: Bench, line: int) -> None:
    for _ in range(1000):
        if inspect(running, f"gpio0.device.line{line}.irq")["armed"]:
            return
    pytest.fail(f"line {line} was not armed")


def push_button(running: Bench, machine: QemuMachine, value: int) -> None:
    """The guest, which holds line 3 for edges, must see this one."""
    wait_until_armed(running, 3)
    act(running, "set", f"gpio0.button={value}")
    assert machine.tell("edge 3") == ["rising" if value else "falling"]


def check_gpio(running: Bench, machine: QemuMachine) -> None:
    assert machine.tell("names") == ["", "", "led", "button"]
    machine.tell("hold 2 out")
    for value in (1, 0, 1):
        machine.tell(f"set 2 {value}")
        assert value_of(running, "gpio0.led") == value
    machine.tell("release 2")
    machine.tell("hold 3 in")
    for value in (1, 0):
        act(running, "set", f"gpio0.button={value}")
        assert machine.tell("get 3") == [str(value)]
    machine.tell("release 3")
    machine.tell("hold 3 edges")
    for value in (1, 0, 1, 0):
        push_button(running, machine, value)
    machine.tell("release 3")


def check_i2c(running: Bench, machine: QemuMachine) -> None:
    machine.tell("i2c 30 0177 0")
    assert value_of(running, "i2c0.map.control") == 0x77
    machine.tell("i2c 30 00 0")
    assert machine.tell("i2c 30 - 2") == ["5a77"]
    # QEMU gives this queue 4 entries. Two messages of one transfer fit in there as indirect ones
    # only; else the driver transfers the first and stops.
    if "INDIRECT_DESC" in features(running, "i2c0", "accepted"):
        assert machine.tell("i2c 30 00 2") == ["5a77"]
    machine.tell("i2c 30 0100 0")


def check_all(running: Bench, machine: QemuMachine) -> None:
    check_rng(machine)
    check_gpio(running, machine)
    check_i2c(running, machine)


def wait_until_plugged_in(machine: QemuMachine) -> None:
    """A guest takes its time with a new card, and each driver its own after that."""
    current = "/sys/class/misc/hw_random/rng_current"
    wait_for(lambda: machine.read(current).strip() != b"none", BOOT_CEILING_S)
    for command in ("names", "i2c 30 00 0"):
        wait_for(lambda: machine.can(command), BOOT_CEILING_S)


def features_in_guest(machine: QemuMachine, virtio_id: int) -> set[str]:
    """What the guest's kernel believes to have negotiated, by the names above."""
    for number in range(len(DEVICES)):
        folder = f"/sys/bus/virtio/devices/virtio{number}"
        if int(machine.read(f"{folder}/device"), 16) == virtio_id:
            bits = machine.read(f"{folder}/features").decode()
            return {name for name, bit in FEATURE_BITS.items() if bits[bit] == "1"}
    pytest.fail(f"the guest has no device {virtio_id}")


@pytest.mark.parametrize(
    "withheld",
    [
        [],
        ["EVENT_IDX"],
        ["INDIRECT_DESC"],
        ["EVENT_IDX", "INDIRECT_DESC"],
        ["RING_PACKED"],
        ["RING_PACKED", "EVENT_IDX"],
        ["RING_PACKED", "INDIRECT_DESC"],
        ["RING_PACKED", "EVENT_IDX", "INDIRECT_DESC"],
    ],
    ids=lambda names: "without " + " and ".join(names) if names else "usual",
)
def test_drivers_work_with_what_was_negotiated(
    start_bench: StartBench, qemu: StartQemu, withheld: list[str]
) -> None:
    running = start_bench(f"withhold = {json.dumps(withheld)}")
    machine = qemu(running, DEVICES)
    check_features(running, machine)
    assert not features(running, "rng0", "accepted") & set(withheld)
    ring = "split" if "RING_PACKED" in withheld else "packed"
    assert inspect(running, "rng0.queues.requestq.format") == ring
    check_all(running, machine)
    no_problems(running)
    machine.switch_off()
    no_problems(running)
    assert inspect(running, "gpio0.session.stage") == "listening"


def test_drivers_work_behind_an_iommu(start_bench: StartBench, qemu: StartQemu) -> None:
    running = start_bench('offer = ["ACCESS_PLATFORM"]')
    devices = {name: f"{device},iommu_platform=on" for name, device in DEVICES.items()}
    iommu = ("-device", "intel-iommu")
    machine = qemu(running, devices, iommu, "intel_iommu=on iommu.strict=1")
    check_features(running, machine)
    assert "ACCESS_PLATFORM" in features(running, "rng0", "accepted")
    check_all(running, machine)
    machine.qmp("stop")
    machine.qmp("cont")
    check_all(running, machine)
    for device in DEVICES:
        iotlb = inspect(running, f"{device}.session.session.iotlb")
        assert iotlb["misses"] > 0
        assert iotlb["denied"] == 0
    no_problems(running)
    machine.switch_off()


def test_machine_that_pauses_goes_on_with_its_parked_buffers(
    start_bench: StartBench, qemu: StartQemu
) -> None:
    running = start_bench()
    machine = qemu(running, DEVICES)
    machine.tell("hold 3 edges")
    push_button(running, machine, 1)
    for value in (0, 1, 0):
        wait_until_armed(running, 3)
        machine.qmp("stop")
        assert inspect(running, "gpio0.session.stage") == "stopped"
        machine.qmp("cont")
        push_button(running, machine, value)
    machine.tell("release 3")
    check_all(running, machine)
    no_problems(running)


def test_drivers_unbind_and_bind_on_one_connection(
    start_bench: StartBench, qemu: StartQemu
) -> None:
    running = start_bench()
    machine = qemu(running, DEVICES)
    names = {
        int(machine.read(f"/sys/bus/virtio/devices/virtio{number}/device"), 16): f"virtio{number}"
        for number in range(len(DEVICES))
    }
    for driver, virtio_id in (("virtio_rng", 4), ("gpio_virtio", 41), ("i2c_virtio", 34)):
        for _ in range(5):
            machine.tell(f"write /sys/bus/virtio/drivers/{driver}/unbind {names[virtio_id]}")
            machine.tell(f"write /sys/bus/virtio/drivers/{driver}/bind {names[virtio_id]}")
    check_all(running, machine)
    no_problems(running)
    for device in DEVICES:
        assert inspect(running, f"{device}.session.sessions") == 1


def test_machine_that_was_killed_is_followed_by_another(
    start_bench: StartBench, qemu: StartQemu
) -> None:
    running = start_bench()
    machine = qemu(running, DEVICES)
    machine.tell("hold 3 edges")
    push_button(running, machine, 1)
    act(running, "set", "gpio0.button=0")
    machine.kill()
    machine = qemu(running, DEVICES)
    check_all(running, machine)
    no_problems(running)


def test_guest_outlives_the_back_end_and_has_the_next_one_plugged_in(
    start_bench: StartBench, qemu: StartQemu
) -> None:
    running = start_bench()
    # QEMU 10 does not reconnect devices of these kinds: its user takes the card out, and puts it in
    # again when the back-end is back.
    slots = {name: f"{device},id={name},bus=slot-{name}" for name, device in DEVICES.items()}
    ports = [f"pcie-root-port,id=slot-{name},chassis={i}" for i, name in enumerate(slots, 1)]
    machine = qemu(running, slots, tuple(word for port in ports for word in ("-device", port)))
    check_all(running, machine)
    running.kill()
    for name in slots:
        machine.unplug(name)
    running.start_again()
    for name, device in DEVICES.items():
        machine.plug(name, device, f"slot-{name}")
    wait_until_plugged_in(machine)
    check_all(running, machine)
    no_problems(running)
    machine.switch_off()
