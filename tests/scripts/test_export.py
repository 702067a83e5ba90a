# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Captures in open formats, read by the programs that such files are for."""

import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import capture_file as cf
from conftest import CEILING_S, Bench

StartBench = Callable[[str], Bench]
TOOL_CEILING_S = 12 * CEILING_S  # foreign programs take their time to start

BENCH = """
[bench]
name = "export"
[[device]]
type = "gpio"
[device.sim]
lines = 2
[[device]]
type = "i2c"
[[device.sim.chip]]
address = 0x48
model = "lm75"
"""


def tool(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def run(vwb: Path, *arguments: Any) -> bytes:
    done = subprocess.run(
        [vwb, *map(str, arguments)], capture_output=True, check=False, timeout=TOOL_CEILING_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_ordinary_user(*command: str) -> str:
    """Wireshark reads no Lua for root."""
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        options = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=TOOL_CEILING_S,
        env=os.environ | {"HOME": "/nonexistent"}, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Two I2C transfers of one read, one to nobody, and GPIO requests with kick and call."""
    events = [
        cf.served(cf.I2C, 1, cf.i2c_write(0x48, b"\x00", fail_next=True), b"\0", 10_000),
        cf.served(cf.I2C, 2, cf.i2c_read(0x48), b"\x1a\x80\0", 20_000),
        cf.served(cf.I2C, 3, cf.i2c_write(0x21, b"\x55"), b"\1", 90_000),
        cf.served(cf.GPIO, 1, cf.gpio_get(7), b"\0\1", 100_000),
        cf.event(cf.POPPED, cf.GPIO, 101_000, request=2, queue=1, a=2, b=1, readable=b"\3\0"),
        cf.event(cf.KICK, cf.GPIO, 101_000, a=1),
        cf.event(cf.KICK, cf.GPIO, 101_500, queue=1, a=1),
        cf.event(cf.CALL, cf.GPIO, 102_000),
        cf.event(cf.SIGNAL, cf.GPIO, 200_000, a=1, b=1),
        cf.event(cf.COMPLETED, cf.GPIO, 201_000, request=2, queue=1, a=1, written=b"\1"),
        cf.event(cf.CALL, cf.GPIO, 202_000, queue=1),
        cf.event(cf.SIGNAL, cf.GPIO, 300_000, a=1, b=0),
    ]
    return cf.write(
        tmp_path / "a.vwbcap", cf.header(cf.GPIO, cf.I2C), cf.block(cf.EVENTS, b"".join(events)),
        cf.json_block(cf.NOTE, time_ns=400_000, text="the end"),
    )  # fmt: skip


@pytest.fixture
def shared(vwb: Path, capture: Path) -> Any:
    """Packets and dissector where an ordinary user may read them."""
    directory = Path("/tmp") / f"vwb-export-{os.getpid()}"
    directory.mkdir(mode=0o755)
    run(vwb, "dump", capture, "-T", "pcapng", "-o", directory / "a.pcapng")
    (directory / "vwb.lua").write_bytes(run(vwb, "dump", "--dissector"))
    for file in directory.iterdir():
        file.chmod(0o644)
    yield directory
    shutil.rmtree(directory)


def test_wireshark_reads_i2c_without_our_help(shared: Path) -> None:
    text = as_ordinary_user(
        tool("tshark"), "-n", "-r", str(shared / "a.pcapng"), "-Y", "i2c", "-T", "fields",
        "-e", "i2c.addr", "-e", "i2c.flags", "-e", "data.data", "-e", "frame.interface_name",
        "-e", "frame.time_epoch", "-e", "frame.packet_flags_direction",
    )  # fmt: skip
    rows = [line.split("\t") for line in text.splitlines()]
    assert [int(row[0], 16) for row in rows] == [0x48, 0x48, 0x21]
    assert [int(row[1], 16) & 1 for row in rows] == [0, 1, 0]
    assert [row[2] for row in rows] == ["9000", "911a80", "4255"]  # the address first
    assert {row[3] for row in rows} == {"i2c0 bus"}
    assert rows[0][4] == "1700000000.000010000"
    assert [int(row[5], 16) for row in rows] == [1, 2, 1]  # in to the device, out of it


def test_dissector_made_from_the_schema_makes_fields_to_filter_for(shared: Path) -> None:
    def rows(wanted: str, *fields: str) -> list[list[str]]:
        shown = [part for field in fields for part in ("-e", field)]
        text = as_ordinary_user(
            tool("tshark"), "-n", "-X", f"lua_script:{shared}/vwb.lua", "-r",
            str(shared / "a.pcapng"), "-Y", wanted, "-T", "fields", *shown,
        )  # fmt: skip
        return [line.split("\t") for line in text.splitlines()]

    got = rows("virtiogpio.line == 7", "virtiogpio.name", "virtiogpio.level", "vwb.queue_name")
    assert got == [["GET_VALUE", "1", "requestq"]]
    assert rows('virtioi2c.status_name == "ERR"', "vwb.request", "virtioi2c.write_buf") == [
        ["3", "55"]
    ]
    got = rows("vwb.kind == 3", "vwb.text", "vwb.value")
    assert [row[0] for row in got] == ["button", "button"]
    assert [float(row[1]) for row in got] == [1, 0]
    assert len(rows("vwb.kind == 6 && vwb.number == 1", "vwb.queue")) == 2
    assert rows('frame.comment contains "the end"', "frame.number")


def test_sigrok_decodes_the_lines_to_the_right_bytes(
    vwb: Path, capture: Path, tmp_path: Path
) -> None:
    run(vwb, "dump", capture, "-T", "vcd", "-o", tmp_path / "a.vcd")
    text = (tmp_path / "a.vcd").read_text()
    assert "$scope module gpio0 $end" in text
    assert "$var wire 1" in text
    done = subprocess.run(
        [tool("sigrok-cli"), "-I", "vcd", "-i", tmp_path / "a.vcd",
         "-P", "i2c:scl=i2c0_scl:sda=i2c0_sda", "-A", "i2c=address-read:address-write:data-read:"
         "data-write:ack:nack:start:repeat-start:stop"],
        capture_output=True, text=True, check=False, timeout=TOOL_CEILING_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = [line.split(": ", 1)[1] for line in done.stdout.splitlines()]
    decoded = [text for text in shown if text not in ("Read", "Write")]
    assert decoded == [
        "Start", "Address write: 48", "ACK", "Data write: 00", "ACK",
        "Start repeat", "Address read: 48", "ACK", "Data read: 1A", "ACK", "Data read: 80",
        "NACK", "Stop",
        "Start", "Address write: 21", "NACK", "Stop",
    ]  # fmt: skip


def test_vcd_has_the_signals_by_name_and_time(vwb: Path, capture: Path) -> None:
    lines = run(vwb, "dump", capture, "-T", "vcd").decode().splitlines()
    code = next(line.split()[3] for line in lines if line.endswith(" button $end"))
    time_of: dict[str, list[int]] = {"0": [], "1": []}
    now = 0
    for line in lines[lines.index("$enddefinitions $end") + 1 :]:
        if line.startswith("#"):
            now = int(line[1:])
        elif line[1:] == code:
            time_of[line[0]].append(now)
    assert time_of == {"0": [0, 300_000], "1": [200_000]}


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        else:
            assert key & 7 == 2
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        found.append((key >> 3, value))
    return found


def test_perfetto_trace_has_slices_and_flows_that_connect(vwb: Path, capture: Path) -> None:
    trace = run(vwb, "dump", capture, "-T", "perfetto")
    raw = subprocess.run(
        [tool("protoc"), "--decode_raw"], input=trace, capture_output=True, check=False
    )
    assert raw.returncode == 0, raw.stderr
    flows: dict[int, list[tuple[int, str]]] = {}
    depth: dict[int, int] = {}
    for _, packet in fields(trace):
        members = dict(fields(packet))
        if 11 not in members:
            continue
        event = fields(members[11])
        plain = dict(event)
        track, kind = plain[11], plain[9]
        depth[track] = depth.get(track, 0) + {1: 1, 2: -1, 3: 0}[kind]
        for flow in (value for number, value in event if number == 47):
            flows.setdefault(flow, []).append((members[8], plain[23].decode()))
    assert set(depth.values()) == {0}
    chains = {tuple(name for _, name in sorted(chain)) for chain in flows.values()}
    # kick -> popped, and answered -> call: of the request that was parked too.
    assert {("kick", "GET_VALUE"), ("GET_VALUE", "call")} <= chains
    assert {("kick", "IRQ"), ("IRQ", "call")} <= chains
    assert b"the end" in trace


def test_extcap_lists_interfaces_and_their_link_types(bench: StartBench) -> None:
    running = bench(BENCH)
    listed = running.vwb("extcap", "--extcap-interfaces", "--extcap-version=4.0").stdout
    assert listed.startswith("extcap {version=")
    for name in ("vwb:gpio0", "vwb:i2c0", "vwb:i2c0:bus"):
        assert f"interface {{value={name}}}" in listed
    dlts = running.vwb("extcap", "--extcap-dlts", "--extcap-interface", "vwb:i2c0:bus").stdout
    assert "dlt {number=209}" in dlts
    dlts = running.vwb("extcap", "--extcap-dlts", "--extcap-interface", "vwb:gpio0").stdout
    assert "dlt {number=147}" in dlts
    assert "arg {number=0}{call=--filter}" in running.vwb("extcap", "--extcap-config").stdout
    done = running.vwb(
        "extcap", "--capture", "--extcap-interface", "vwb:nothing", "--fifo", "/dev/null"
    )
    assert "there are: vwb:gpio0 vwb:i2c0" in done.stderr


def test_extcap_without_a_bench_lists_nothing_and_is_no_error(vwb: Path, tmp_path: Path) -> None:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    environment.pop("VWB_CONTROL", None)
    done = subprocess.run(
        [vwb, "extcap", "--extcap-interfaces"], env=environment, capture_output=True, text=True,
        check=False, timeout=CEILING_S,
    )  # fmt: skip
    assert (done.returncode, done.stdout.count("interface {")) == (0, 0)


def test_extcap_streams_to_a_fifo_that_tshark_reads(
    bench: StartBench, vwb: Path, tmp_path: Path
) -> None:
    running = bench(BENCH)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    streaming = subprocess.Popen(
        [vwb, "extcap", "--capture", "--extcap-interface", "vwb:gpio0", "--fifo", fifo,
         "--control", running.control],
    )  # fmt: skip
    reader = subprocess.Popen(
        [tool("tshark"), "-n", "-l", "-i", fifo, "-c", "1", "-T", "fields", "-e", "frame.len"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    limit = time.monotonic() + TOOL_CEILING_S
    value = 0
    while reader.poll() is None:  # until tshark has seen a line change
        assert time.monotonic() < limit
        value = 1 - value
        running.vwb("set", f"gpio0.line1={value}")
        time.sleep(0.05)
    assert reader.stdout
    with reader.stdout as text:
        assert int(text.read()) >= 44
    streaming.terminate()
    assert streaming.wait(TOOL_CEILING_S) == 0
