# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A capture of a real kernel with I2C and SCMI, whole, in open formats and through Wireshark."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CEILING_S, Bench
from tests.guest.conftest import Guest

StartBench = Callable[[str], Bench]
StartGuest = Callable[..., Guest]
TOOL_CEILING_S = 12 * CEILING_S

BENCH = """
[[device]]
type = "i2c"
[[device.sim.chip]]
name = "large"
address = 0x52
model = "24c256"
[[device]]
type = "scmi"
[[device.sim.sensor]]
name = "cpu"
value = 42.5
"""

TREE = """/dts-v1/;
/ {
	#address-cells = <1>;
	#size-cells = <1>;
	chosen { };
	virtio-i2c {
		compatible = "virtio,uml";
		virtio-device-id = <34>;
		socket-path = "${i2c0}";
		i2c {
			compatible = "virtio,device22";
			#address-cells = <1>;
			#size-cells = <0>;
		};
	};
	virtio-scmi {
		compatible = "virtio,uml";
		virtio-device-id = <32>;
		socket-path = "${scmi0}";
	};
	firmware {
		scmi {
			compatible = "arm,scmi-virtio";
			#address-cells = <1>;
			#size-cells = <0>;
			protocol@15 { reg = <0x15>; #thermal-sensor-cells = <1>; };
		};
	};
};
"""

PAGE = bytes(range(100, 164))  # of the EEPROM: longer than an event of the trace


def tool(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def as_ordinary_user(*command: str) -> list[list[str]]:
    """Rows of tab-separated fields. Wireshark reads no Lua for root."""
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        options = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=TOOL_CEILING_S,
        env=os.environ | {"HOME": "/nonexistent"}, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def record_a_guest(running: Bench, vwb: Path, guest: StartGuest) -> None:
    tree = running.directory / "board.dts"
    tree.write_text(TREE, encoding="utf-8")
    process = subprocess.Popen(
        [vwb, "record", "run.vwbcap", "--payload", "full", "--control", running.control],
        cwd=running.directory, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    assert process.stderr.readline().startswith("recording to")
    linux = guest(running, "--dt", str(tree))
    page = [f"0x{byte:02x}" for byte in PAGE]
    linux.run(f"i2ctransfer -y 0 w66@0x52 0x00 0x80 {' '.join(page)}")
    linux.run("sleep 0.02")  # it is written now
    assert linux.run("i2ctransfer -y 0 w2@0x52 0x00 0x80 r64") == [" ".join(page)]
    assert linux.run("cat /sys/class/hwmon/hwmon*/temp1_input") == ["42500"]
    assert running.vwb("set", "scmi0.sensor.cpu=61.25").returncode == 0
    assert linux.run("cat /sys/class/hwmon/hwmon*/temp1_input") == ["61250"]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=CEILING_S)
    assert " 0 lost" in errors


def test_capture_of_a_kernel_is_whole_in_wireshark_and_other_formats(
    bench: StartBench, guest: StartGuest, vwb: Path
) -> None:
    running = bench(BENCH)
    record_a_guest(running, vwb, guest)

    def dump(*arguments: str) -> str:
        done = running.vwb("dump", "run.vwbcap", *arguments, timeout=TOOL_CEILING_S)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    shared = Path(f"/tmp/vwb-guest-export-{os.getpid()}")
    shared.mkdir(mode=0o755)
    try:
        dump("-T", "pcapng", "-o", str(shared / "a.pcapng"))
        (shared / "vwb.lua").write_text(running.vwb("dump", "--dissector").stdout)
        for file in shared.iterdir():
            file.chmod(0o644)
        base = [tool("tshark"), "-n", "-r", str(shared / "a.pcapng")]
        transfers = as_ordinary_user(
            *base, "-Y", "i2c.addr == 0x52", "-T", "fields", "-e", "i2c.flags", "-e", "data.data"
        )
        dissected = as_ordinary_user(
            *base, "-X", f"lua_script:{shared}/vwb.lua", "-Y",
            'virtioscmi.name == "SENSOR_READING_GET"', "-T", "fields", "-e", "virtioscmi.sensor",
            "-e", "virtioscmi.value", "-e", "virtioscmi.status_name",
        )  # fmt: skip
    finally:
        shutil.rmtree(shared)
    written = [row[1] for row in transfers if int(row[0], 16) & 1 == 0]
    read = [row[1] for row in transfers if int(row[0], 16) & 1 == 1]
    # The address, where in the EEPROM, and a page; and what is read from there.
    assert "a4" + (128).to_bytes(2, "big").hex() + PAGE.hex() in written
    assert "a5" + PAGE.hex() in read
    assert [row[0] for row in dissected] == ["0", "0"]
    first, second = (float(row[1]) for row in dissected)
    assert second / first == pytest.approx(61.25 / 42.5)
    assert {row[2] for row in dissected} == {"SUCCESS"}

    assert "$scope module scmi0 $end" in dump("-T", "vcd")
    assert " r61.25 " in dump("-T", "vcd").replace("\nr", "\n r")
    shown = dump("scmi.sensor.name == cpu && scmi.status == SUCCESS", "--json").splitlines()
    named = [event for event in map(json.loads, shown) if event["kind"] == "request"]
    assert {event["fields"]["sensor"] for event in named} == {0}
    assert sum(event["name"] == "SENSOR_READING_GET" for event in named) == 2
    assert '"truncated"' not in dump("--json")
    dump("-T", "perfetto", "-o", "run.pftrace")
    assert b"SENSOR_READING_GET" in (running.directory / "run.pftrace").read_bytes()
    assert running.vwb("problems", "--strict").returncode == 0
