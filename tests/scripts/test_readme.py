# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""README's commands work, pasted in order into one shell by a user with an empty home.

Every block fenced as ```sh runs. A block that cannot run here is fenced as

    ```sh no-run: the reason

The shell starts in a copy of the tree, new as a clone; what README builds and writes stays there.
Caches are the real ones, of the compiler too: a guest kernel takes minutes.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# For the whole of README. It covers a guest kernel built on the way.
SESSION_CEILING_S = 1400


@dataclass(frozen=True)
class Block:
    """A fenced block of shell commands, and why it is not run (empty if it is)."""

    line: int
    commands: str
    reason: str = ""


def shell_blocks(markdown: str) -> list[Block]:
    blocks = []
    fence = re.compile(
        r"^(?P<indent> *)```sh(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=indent)```[ ]*$", re.M | re.S
    )
    for match in fence.finditer(markdown):
        line = markdown.count("\n", 0, match.start()) + 1
        body = re.sub(f"^{match['indent']}", "", match["body"], flags=re.M)
        info = match["info"].strip()
        said = re.fullmatch(r"no-run: (\S.*)", info)
        if info and not said:
            raise ValueError(f"line {line}: write '```sh' or '```sh no-run: REASON', not {info!r}")
        blocks.append(Block(line, body, said[1] if said else ""))
    return blocks


class Session:
    """One shell that is fed blocks, stops at the first command that fails, and is then cleared."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._directory = directory
        self._environment = environment
        self.output = directory / "output"
        self._reached = directory / "reached"

    def run(self, blocks: list[Block], ceiling_s: float) -> str:
        """An empty text when all went well, else where it stopped and what was said last."""
        script = "".join(
            f"echo {block.line} >{self._reached}\n{block.commands}\n" for block in blocks
        )
        # What the commands leave running ends with the shell, whichever way it ends.
        with self.output.open("wb") as output:
            shell = subprocess.Popen(
                ["bash", "-e", "-c", script],
                cwd=self._directory / "tree",
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = shell.wait(ceiling_s)
                ended = f"ended with {status}" if status else ""
            except subprocess.TimeoutExpired:
                ended = f"still ran after {ceiling_s:g} s"
            finally:
                try:
                    os.killpg(shell.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                shell.wait()
        if not ended:
            return ""
        place = self._reached.read_text(encoding="utf-8").strip()
        last = self.output.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        return f"the block of line {place} {ended}:\n" + "\n".join(last)


def copy_sources(tree: Path) -> None:
    """Copies what a clone would have, with changes that are not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build-*", ".cache"))
        shutil.rmtree(tree / "build", ignore_errors=True)
        return
    for path in filter(None, listed.stdout.split("\0")):
        if (ROOT / path).is_file():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, tree / path)


@pytest.fixture
def session() -> Iterator[Session]:
    # Short, because sockets live below it.
    directory = Path(tempfile.mkdtemp(prefix="vwb-readme-"))
    tree, home, runtime = (directory / name for name in ("tree", "home", "run"))
    for folder in (home, runtime):
        folder.mkdir(mode=0o700)
    copy_sources(tree)
    real_home = Path.home()
    cache = os.environ.get("XDG_CACHE_HOME", str(real_home / ".cache"))
    environment = {
        name: value for name, value in os.environ.items() if not re.match("(XDG|VWB)_", name)
    } | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_CACHE_HOME": cache,
        "CCACHE_DIR": os.environ.get("CCACHE_DIR", f"{cache}/ccache"),
        "VWB_README_TEST": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    yield Session(directory, environment)
    shutil.rmtree(directory)


def test_commands_of_readme_work(session: Session) -> None:
    blocks = shell_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    assert blocks, "README.md has no ```sh block"
    for block in blocks:
        if block.reason:
            print(f"line {block.line} is not run: {block.reason}\n{block.commands}")

    failure = session.run([block for block in blocks if not block.reason], SESSION_CEILING_S)

    assert not failure, f"README.md: {failure}"


def test_blocks_of_shell_are_found_with_their_lines() -> None:
    markdown = (
        "# Title\n```sh\na\nb\n```\n```toml\nc = 1\n```\n"
        "1. step\n   ```sh\n   d\n   ```\n```sh no-run: needs a card\ne\n```\n```\nf\n```\n"
    )

    assert shell_blocks(markdown) == [
        Block(2, "a\nb\n"),
        Block(10, "d\n"),
        Block(13, "e\n", "needs a card"),
    ]


@pytest.mark.parametrize("info", ["no-run", "no-run:", "no-run: ", "-e", "norun: because"])
def test_block_that_does_not_run_needs_a_reason(info: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        shell_blocks(f"```sh {info}\na\n```\n")


def test_blocks_share_a_shell_in_a_private_place(session: Session) -> None:
    blocks = [
        Block(1, "cd scripts/.. && export GREETING=hello && echo text >written\n"),
        Block(5, '[ "$GREETING" = hello ] && [ -x scripts/run ] && [ -z "$(ls -A "$HOME")" ]\n'),
    ]

    assert session.run(blocks, ceiling_s=5) == ""

    assert not (ROOT / "written").exists()


def test_failing_command_stops_with_its_block_and_output(session: Session) -> None:
    blocks = [Block(1, "true\n"), Block(5, "echo said\nfalse\necho after\n")]

    assert session.run(blocks, ceiling_s=5) == "the block of line 5 ended with 1:\nsaid"


def test_what_a_block_leaves_running_ends(session: Session, tmp_path: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    poll = select.poll()
    poll.register(reader := os.open(held, os.O_RDONLY | os.O_NONBLOCK), select.POLLIN)

    assert session.run([Block(1, f"exec 9>{held}\nsleep 1000 &\n")], ceiling_s=5) == ""

    # Nobody holds the other end any more.
    assert poll.poll(5000) == [(reader, select.POLLHUP)]
    os.close(reader)


def test_block_that_hangs_is_named(session: Session) -> None:
    failure = session.run([Block(1, "true\n"), Block(7, "sleep 1000\n")], ceiling_s=0.2)

    assert failure.startswith("the block of line 7 still ran after 0.2 s")


def test_scripts_test_does_not_run_itself(session: Session) -> None:
    assert session.run([Block(1, "scripts/test --quick\n")], ceiling_s=5) == ""

    assert session.output.read_text(encoding="utf-8") == "scripts/test: already running\n"
