# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A QEMU machine (x86_64, emulated) on the sockets of a running bench, with a Linux guest that
obeys line by line. Its kernel is the one of scripts/guest/qemu.config, its initramfs holds
qemu_init.cpp.
"""

import json
import os
import queue
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CEILING_S, Bench

ROOT = Path(__file__).resolve().parents[2]
EMULATOR = "qemu-system-x86_64"
MEMORY = "64M"

# An emulated guest boots in two seconds, but a busy machine may have several other things to do.
BOOT_CEILING_S = 12 * CEILING_S


def kernel() -> Path:
    command = [ROOT / "scripts/guest/build-kernel", "--machine", "qemu", "--print-path"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, f"no kernel: run {' '.join(map(str, command[:-1]))}"
    return Path(found.stdout.strip())


def archive_entry(
    name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)
) -> bytes:
    """One entry of an initramfs, in the format "newc" of cpio."""
    fields = [1, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % field for field in fields)
    padded = head + name.encode() + b"\0"
    padded += bytes(-len(padded) % 4)
    return padded + content + bytes(-len(content) % 4)


def initramfs(program: Path) -> bytes:
    entries = [archive_entry(folder, 0o040755) for folder in ("dev", "proc", "sys")]
    # The kernel opens it for init before devtmpfs is there.
    entries.append(archive_entry("dev/console", 0o020600, device=(5, 1)))
    entries.append(archive_entry("init", 0o100755, program.read_bytes()))
    return b"".join(entries) + archive_entry("TRAILER!!!", 0)


class QemuMachine:
    """Boots at once; tell() then gives commands to the guest."""

    def __init__(
        self,
        vwb: Path,
        bench: Bench,
        devices: dict[str, str],
        arguments: tuple[str, ...] = (),
        kernel_arguments: str = "",
    ) -> None:
        """devices: for each device of the bench by name, the -device option without its chardev."""
        self._bench = bench
        self._vwb = vwb
        folder = bench.directory
        self._console = folder / "console"
        self._stderr = folder / "qemu-stderr"
        self._monitor_path = folder / "monitor"
        self._monitor: Iterator[dict[str, Any]] | None = None
        archive = folder / "initramfs"
        archive.write_bytes(initramfs(vwb.parent / "tests/guest/vwb-qemu-init"))
        command = [
            *(EMULATOR, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-accel", "tcg", "-cpu", "max", "-m", MEMORY),
            *("-object", f"memory-backend-memfd,id=memory,size={MEMORY},share=on"),
            *("-machine", "q35,memory-backend=memory,kernel-irqchip=split"),
            *("-kernel", str(kernel()), "-initrd", str(archive)),
            *("-append", f"console=ttyS0 panic=-1 quiet {kernel_arguments}"),
            *("-serial", f"file:{self._console}", "-serial", "stdio", "-monitor", "none"),
            *("-qmp", f"unix:{self._monitor_path},server=on,wait=off"),
            *arguments,
        ]
        for name, device in devices.items():
            command += ["-chardev", f"socket,id={name},path={self._socket(name)}"]
            command += ["-device", f"{device},chardev={name}"]
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        with self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                text=True,
            )
        self._reader = threading.Thread(target=self._read_stdout)
        self._reader.start()

    def wait_until_up(self) -> None:
        assert self._line() == "up", self.words()

    def tell(self, command: str) -> list[str]:
        """Gives a command of qemu_init.cpp to the guest and returns its lines. It must succeed."""
        *lines, last = self._give(command)
        assert last == "ok", f"{command}: {last}\n{self.words()}"
        return lines

    def can(self, command: str) -> bool:
        """Gives a command to the guest and tells whether it succeeded."""
        return self._give(command)[-1] == "ok"

    def _give(self, command: str) -> list[str]:
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines = [self._line()]
        while lines[-1] != "ok" and not lines[-1].startswith("failed "):
            lines.append(self._line())
        return lines

    def read(self, path: str, count: int = 4096) -> bytes:
        return bytes.fromhex("".join(self.tell(f"read {path} {count}")))

    def qmp(self, command: str, **arguments: Any) -> Any:
        """Gives a command to QEMU itself and returns its answer."""
        self._ensure_monitor()
        message = {"execute": command, "arguments": arguments}
        self._monitor_socket.sendall(json.dumps(message).encode() + b"\n")
        answer = self._next_message("return", "error")
        assert "return" in answer, f"{command}: {answer}\n{self.words()}"
        return answer["return"]

    def unplug(self, name: str) -> None:
        """Takes a device out and waits until the guest has let it go."""
        self.qmp("device_del", id=name)
        while self._next_message("event")["data"].get("device") != name:
            pass

    def plug(self, name: str, device: str, slot: str) -> None:
        address = {"type": "unix", "data": {"path": str(self._socket(name))}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}
        # The chardev of the card that was taken out goes when QEMU gets to it.
        self.qmp("chardev-add", id=f"{name}-next", backend=backend)
        self.qmp("device_add", driver=device, id=name, chardev=f"{name}-next", bus=slot)

    def switch_off(self) -> None:
        """Switches the machine off from inside, as its user would."""
        assert self.process.stdin
        self.process.stdin.write("off\n")
        self.process.stdin.close()
        assert self.process.wait(BOOT_CEILING_S) == 0, self.words()

    def kill(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def clean_up(self) -> None:
        self.kill()
        self._reader.join()
        if self._monitor:
            self._monitor_socket.close()

    def words(self) -> str:
        """What QEMU and the guest's kernel said."""
        console = self._console.read_text(errors="replace") if self._console.exists() else ""
        stderr = self._stderr.read_text(errors="replace")
        return f"--- QEMU\n{stderr}--- console of the guest\n{console}"

    def _socket(self, name: str) -> Path:
        return self._bench.directory / "vhost-workbench" / "bench" / f"{name}.sock"

    def _ensure_monitor(self) -> None:
        if self._monitor:
            return
        self._monitor_socket = socket.socket(socket.AF_UNIX)
        self._monitor_socket.settimeout(BOOT_CEILING_S)
        self._monitor_socket.connect(str(self._monitor_path))
        self._monitor = (json.loads(line) for line in self._monitor_socket.makefile())
        self._next_message("QMP")
        self.qmp("qmp_capabilities")

    def _next_message(self, *kinds: str) -> dict[str, Any]:
        """The next message of QEMU that has one of these keys; others are passed over."""
        assert self._monitor
        for message in self._monitor:
            if any(kind in message for kind in kinds):
                return message
        pytest.fail(f"QEMU closed its monitor\n{self.words()}")

    def _line(self) -> str:
        try:
            line = self._lines.get(timeout=BOOT_CEILING_S)
        except queue.Empty:
            pytest.fail(f"the guest said nothing for {BOOT_CEILING_S:g} s\n{self.words()}")
        if line is None:
            pytest.fail(f"QEMU ended with {self.process.wait()}\n{self.words()}")
        return line.rstrip("\n")

    def _read_stdout(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put(None)
