# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The SCMI stack of a real kernel on a simulated platform: hwmon, IIO, clocks, power, regulators."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Bench
from tests.guest.boards import SCMI_TREE
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]

PLATFORM = """
[[device]]
type = "scmi"
[[device.sim.sensor]]
name = "cpu"
value = 42.5
trip_points = 1
[[device.sim.sensor]]
name = "vdd-of-the-main-core"
kind = "voltage"
value = 0.9
[[device.sim.sensor]]
name = "board"
kind = "power"
value = 3.25
[[device.sim.sensor]]
name = "accel"
kind = "accelerometer"
intervals = ["100ms", "1ms"]
[[device.sim.sensor.axis]]
name = "X"
wave = { kind = "ramp", from = 0, to = 1000, time = "1000s" }
[[device.sim.sensor.axis]]
name = "Z"
value = 9.81
[[device.sim.clock]]
name = "uart"
rates = ["24MHz", "48MHz"]
[[device.sim.clock]]
name = "pll"
range = ["100MHz", "1GHz", "10MHz"]
rate = "250MHz"
[[device.sim.power]]
name = "gpu"
[[device.sim.performance]]
name = "big"
level = [{ level = 600, power = 200 }, { level = 1200, power = 700 }]
[[device.sim.reset]]
name = "usb"
[[device.sim.voltage]]
name = "vdd_io"
levels = ["1.8V", "3.3V"]
"""

HWMON = "/sys/class/hwmon/hwmon0"
ACCEL = "/sys/bus/iio/devices/iio:device0"
RAW = "/sys/kernel/debug/scmi/0/raw"


def boot(bench: Bench, guest: StartGuest, directory: Path) -> Guest:
    board = directory / "board.dts"
    board.write_text(SCMI_TREE, encoding="utf-8")
    return guest(bench, "--dt", str(board))


def value_of(bench: Bench, signal: str) -> str:
    answer = bench.vwb("get", signal)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()[-1]


def set_value(bench: Bench, setting: str) -> None:
    answer = bench.vwb("set", setting)
    assert answer.returncode == 0, answer.stderr


def no_problems(bench: Bench) -> None:
    answer = bench.vwb("problems", "--strict")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def command(linux: Guest, protocol: int, message: int, *parameters: int) -> list[int]:
    """Status and return values of a command that the guest sends by SCMI's raw interface."""
    words = struct.pack(f"<{1 + len(parameters)}I", protocol << 10 | message, *parameters)
    octal = "".join(f"\\{byte:03o}" for byte in words)
    lines = linux.run(
        f"exec 3<>{RAW}/message; printf '{octal}' | dd bs=128 status=none >&3;"
        " dd bs=256 count=1 status=none <&3 | od -An -v -tx4; exec 3>&-"
    )
    answer = [int(word, 16) for line in lines for word in line.split()]
    assert answer[0] & 0x3FFFF == protocol << 10 | message
    return answer[1:]


def test_hwmon_follows_the_model(bench: StartBench, guest: StartGuest, tmp_path: Path) -> None:
    running = bench(PLATFORM)
    linux = boot(running, guest, tmp_path)
    read = f"cd {HWMON} && cat temp1_label temp1_input in0_label in0_input power1_input"
    assert linux.run(read) == ["cpu", "42500", "vdd-of-the-main-core", "900", "3250000"]
    set_value(running, "scmi0.sensor.cpu=61.25")
    assert linux.run(f"cat {HWMON}/temp1_input") == ["61250"]
    for fault, seen in [("stuck", "61250"), ("none", "20000")]:
        assert running.vwb("call", "scmi0", "fault", "signal=cpu", f"kind={fault}").returncode == 0
        set_value(running, "scmi0.sensor.cpu=20")
        assert linux.run(f"cat {HWMON}/temp1_input") == [seen]
    no_problems(running)
    assert running.vwb("call", "scmi0", "fault", "signal=cpu", "kind=broken").returncode == 0
    assert linux.run(f"cat {HWMON}/temp1_input || true")[0].endswith("error")


def test_iio_reads_and_captures_an_accelerometer(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    running = bench(PLATFORM)
    linux = boot(running, guest, tmp_path)
    assert linux.run(f"cd {ACCEL} && cat name in_accel_z_raw in_accel_z_scale") == [
        "accel",
        "9810000",
        "0.000001000",
    ]
    samples = 50
    linux.run(
        f"""
        cd {ACCEL}
        echo 1000 > in_accel_sampling_frequency
        for channel in in_accel_x in_accel_y in_accel_z in_timestamp; do
            echo 1 > scan_elements/${{channel}}_en
        done
        echo 512 > buffer/length
        echo 1 > buffer/enable
        head -c {32 * samples} /dev/iio:device0 > $VWB_GUEST_DIR/capture
        echo 0 > buffer/enable
        """
    )
    capture = (linux.directory / "capture").read_bytes()
    scans = list(struct.iter_unpack("<qqqQ", capture))
    assert len(scans) == samples
    assert all(y == 0 and z == 9810000 for _, y, z, _ in scans)
    for (x, _, _, time), (next_x, _, _, next_time) in zip(scans, scans[1:]):
        # The ramp rises by a metre per second squared in each second; values are in micrometres.
        assert next_time > time
        assert abs((next_x - x) - (next_time - time) / 1000) <= 1
    no_problems(running)


def test_clocks_power_and_regulators_have_their_drivers(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    running = bench(PLATFORM)
    linux = boot(running, guest, tmp_path)
    rate = "cat /sys/kernel/debug/clk/%s/clk_rate"
    assert linux.run(rate % "uart") == ["24000000"]
    assert linux.run(rate % "pll") == ["250000000"]
    assert linux.run("cat /sys/kernel/debug/pm_genpd/gpu/current_state") == ["off-0"]
    assert linux.run("cat /sys/kernel/debug/pm_genpd/big_0/current_state") == ["on"]
    regulators = "cat /sys/class/regulator/*/name /sys/class/regulator/*/microvolts"
    assert "vdd_io" in linux.run(regulators) and "1800000" in linux.run(regulators)
    no_problems(running)


def test_every_protocol_by_raw_messages(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    running = bench(PLATFORM)
    linux = boot(running, guest, tmp_path)
    assert command(linux, 0x14, 0x5, 0, 0, 48000000, 0) == [0]
    assert command(linux, 0x14, 0x6, 0) == [0, 48000000, 0]
    assert float(value_of(running, "scmi0.clock.uart")) == 48e6
    assert command(linux, 0x11, 0x4, 0, 0, 0) == [0]
    assert value_of(running, "scmi0.power.gpu") == "1"
    assert command(linux, 0x13, 0x7, 0, 1200) == [0]
    assert value_of(running, "scmi0.performance.big") == "1200"
    assert command(linux, 0x16, 0x4, 0, 2, 0) == [0]
    assert value_of(running, "scmi0.reset.usb") == "1"
    assert command(linux, 0x17, 0x7, 0, 0, 3300000) == [0]
    assert value_of(running, "scmi0.voltage.vdd_io") == "3.3"
    not_found, protocol_error, not_supported = 2**32 - 4, 2**32 - 10, 2**32 - 1
    assert command(linux, 0x15, 0x6, 99, 0) == [not_found]
    no_problems(running)
    assert command(linux, 0x42, 0x0) == [not_supported]
    assert command(linux, 0x15, 0x6, 0) == [protocol_error]
    assert "scmi.message-size" in running.vwb("problems").stdout


def test_trip_points_reach_the_guest(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    running = bench(PLATFORM)
    linux = boot(running, guest, tmp_path)
    every_100_ms, both_ways = 1 << 16 | 0x1F << 11 | 1, 3
    assert command(linux, 0x15, 0xA, 0, every_100_ms) == [0]
    assert command(linux, 0x15, 0x5, 0, both_ways, 80000, 0) == [0]
    assert command(linux, 0x15, 0x4, 0, 1) == [0]
    assert command(linux, 0x15, 0xB, 0, 1) == [0]
    read = "dd bs=256 count=1 status=none | od -An -v -w256 -tx4"
    linux.start(f"while :; do {read}; done <{RAW}/notification")

    def notification(message: int) -> list[int]:
        for _ in range(1000):
            words = [int(word, 16) for word in linux.line().split()]
            if words[0] & 0xFF == message:
                return words[1:]
        raise AssertionError("it does not come")

    # The first sample is what the others are compared with.
    assert notification(1)[:3] == [0, 0, 42500]
    set_value(running, "scmi0.sensor.cpu=80.5")
    assert notification(0) == [0, 0, 1 << 16]
    set_value(running, "scmi0.sensor.cpu=79.5")
    assert notification(0) == [0, 0, 0]
    no_problems(running)


def test_sixty_four_sensors_in_one_device(
    bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    sensors = "".join(
        f'[[device.sim.sensor]]\nname = "zone{i}"\nvalue = {i}.5\n' for i in range(64)
    )
    running = bench('[[device]]\ntype = "scmi"\n' + sensors)
    linux = boot(running, guest, tmp_path)
    read = f"cd {HWMON} && for i in $(seq 64); do cat temp${{i}}_label temp${{i}}_input; done"
    expected = [line for i in range(64) for line in (f"zone{i}", str(i * 1000 + 500))]
    assert linux.run(read) == expected
    no_problems(running)


def test_sensors_of_the_kernel_it_runs_on(
    vwb: Path, bench: StartBench, guest: StartGuest, tmp_path: Path
) -> None:
    # The workbench inside the guest, on the guest kernel's dummy IIO device.
    linux = boot(bench(PLATFORM), guest, tmp_path)
    lines = linux.run(
        f"""
        mkdir /sys/kernel/config/iio/devices/dummy/adc
        export XDG_RUNTIME_DIR=/run
        cat > /run/iio.toml <<END
[[device]]
type = "scmi"
hardware = "iio"
[[device.iio.device]]
name = "adc"
buffered = true
END
        {vwb} run /run/iio.toml >/run/log 2>&1 &
        until {vwb} list >/run/list 2>&1; do sleep 0.1; done
        {vwb} inspect scmi0.device.sensor --json
        {vwb} inspect scmi0.device.hardware.adc.sensors --json
        {vwb} shutdown && wait
        """
    )
    sensors = json.loads(lines[0])
    assert {"adc_accel", "adc_voltage0", "adc_voltage1-voltage2", "adc_steps"} <= sensors.keys()
    assert lines[1] == str(len(sensors) - 2)  # beside protocol and version


def test_driver_comes_and_goes(bench: StartBench, guest: StartGuest, tmp_path: Path) -> None:
    running = bench(PLATFORM)
    linux = boot(running, guest, tmp_path)
    bind = "/sys/bus/scmi_protocol/drivers/scmi-hwmon"
    device = f"$(basename $(readlink -f {HWMON}/device))"
    linux.run(f"d={device}; for i in 1 2 3; do echo $d > {bind}/unbind; echo $d > {bind}/bind; done")
    assert linux.run("cat /sys/class/hwmon/hwmon*/temp1_input") == ["42500"]
    no_problems(running)
