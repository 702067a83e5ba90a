# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Capture files written by somebody else than vwb: the format as its header describes it."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

MAGIC = bytes([0x89]) + b"VWB\r\n\x1a\n"
HEADER, EVENTS, PROBLEM, NOTE, LOSS, FEATURES, END = range(1, 8)
KICK, SERVED, POPPED, COMPLETED, CALL, CALL_SUPPRESSED, MESSAGE, STATE, SIGNAL = range(9)
WALL_NS = 1_700_000_000_000_000_000

GPIO = {"name": "gpio0", "type": "gpio", "index": 0, "device_id": 41, "hardware": "sim"}
RNG = {"name": "rng0", "type": "rng", "index": 1, "device_id": 4, "hardware": "seeded"}
I2C = {"name": "i2c0", "type": "i2c", "index": 2, "device_id": 34, "hardware": "sim"}


def block(kind: int, body: bytes) -> bytes:
    head = struct.pack("<II", len(body), kind) + body
    return head + struct.pack("<I", zlib.crc32(head))


def json_block(kind: int, **members: Any) -> bytes:
    return block(kind, json.dumps(members).encode())


def header(*devices: dict[str, Any], **members: Any) -> bytes:
    lines = [{"name": name, "value": 0} for name in ("led", "button")]
    listed = [
        {"schema": "0", "signals": lines if device["type"] == "gpio" else []} | device
        for device in devices
    ]
    body = {
        "version": 1,
        "program": "capture_file.py",
        "bench": "written",
        "filter": "",
        "payload": "headers",
        "clock_ns": 0,
        "wall_ns": WALL_NS,
        "devices": listed,
    }
    return MAGIC + json_block(HEADER, **(body | members))


def event(
    kind: int,
    device: dict[str, Any],
    time_ns: int,
    *,
    request: int = 0,
    a: int = 0,
    b: int = 0,
    c: int = 0,
    queue: int = 0,
    readable: bytes = b"",
    written: bytes = b"",
) -> bytes:
    data = (readable + written)[:32]
    return struct.pack(
        "<qIIIHHBBBBI32s",
        time_ns,
        request,
        a,
        b,
        device["index"],
        0,
        kind,
        queue,
        len(data),
        min(len(readable), 32),
        c,
        data,
    )


def served(
    device: dict[str, Any],
    request: int,
    readable: bytes,
    written: bytes,
    time_ns: int,
    latency_ns: int = 1000,
) -> bytes:
    """A request that its device answered at once."""
    return event(
        SERVED,
        device,
        time_ns,
        request=request,
        a=len(written),
        b=latency_ns,
        c=len(readable),
        readable=readable,
        written=written,
    )


def gpio_get(line: int) -> bytes:
    return struct.pack("<HHI", 4, line, 0)


def gpio_set(line: int, value: int) -> bytes:
    return struct.pack("<HHI", 5, line, value)


def i2c_write(address: int, data: bytes, fail_next: bool = False) -> bytes:
    return struct.pack("<HHI", address << 1, 0, int(fail_next)) + data


def i2c_read(address: int, fail_next: bool = False) -> bytes:
    return struct.pack("<HHI", address << 1, 0, 2 | int(fail_next))


def write(path: Path, *parts: bytes, end: bool = True) -> Path:
    path.write_bytes(b"".join(parts) + (json_block(END, reason="stopped") if end else b""))
    return path
