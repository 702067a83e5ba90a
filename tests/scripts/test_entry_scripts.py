# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/run and scripts/test: order, exit status and last lines, with stand-ins for the tools."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

PASSED = "100% tests passed, 0 tests failed out of 3\n\nTotal Test time (real) =   0.10 sec"
FAILED = (
    "67% tests passed, 1 tests failed out of 3\n\nTotal Test time (real) =   0.20 sec\n\n"
    "The following tests FAILED:\n\t  2 - a.b (Failed)\nErrors while running CTest"
)

# Every tool says its name and arguments in the log; a file with its name and its preset says what
# it prints and how it ends.
TOOL = """#!/bin/bash
echo "${0##*/} $*" >>log
while [ $# -gt 0 ] && [ "$1" != --preset ] && [ "$1" != --build ]; do shift; done
[ "$1" = --build ] && build=-build && shift
outcome="${0##*/}$build.$2"
[ -f "$outcome" ] || { echo "${0##*/} says something"; exit 0; }
cat "$outcome"
[ ! -f "$outcome.fails" ]
"""


class Tree:
    """A copy of the scripts with tools that do as they are told."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for folder in ("scripts", "build", "tools"):
            (root / folder).mkdir()
        for name in ("run", "test"):
            shutil.copy(SCRIPTS / name, root / "scripts" / name)
        for path in ("scripts/install-deps", "build/vwb", "tools/cmake", "tools/ctest"):
            self.write(path, TOOL)
            (root / path).chmod(0o755)

    def write(self, path: str, text: str) -> None:
        (self._root / path).write_text(text, encoding="utf-8")

    def end_badly(self, outcome: str, text: str) -> None:
        self.write(outcome, text)
        self.write(f"{outcome}.fails", "")

    def tool(self, path: str, status: int) -> None:
        self.write(path, f"#!/bin/sh\nexit {status}\n")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "VWB_README_TEST"}
        environment["PATH"] = f"{self._root}/tools:{environment['PATH']}"
        return subprocess.run(
            command, cwd=self._root, env=environment, capture_output=True, text=True, check=False
        )

    def log(self) -> list[str]:
        return (self._root / "log").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_run_installs_builds_and_passes_the_demo_on(tree: Tree) -> None:
    tree.tool("build/vwb", 7)

    result = tree.run("scripts/run", "--json")

    assert [line.split(" --log")[0] for line in tree.log()] == [
        "install-deps run",
        "cmake --preset dev -D VWB_UNITY=ON",
        "cmake --build --preset dev --target vwb",
    ]
    assert (result.returncode, result.stdout) == (7, "")
    assert "cmake says something" in result.stderr


def test_run_leaves_a_configured_build_as_it_is(tree: Tree) -> None:
    tree.write("build/CMakeCache.txt", "")

    assert tree.run("scripts/run").returncode == 0

    assert tree.log()[1].split(" --log")[0] == "cmake --preset dev"


def test_run_gives_the_demo_its_arguments_and_stdout(tree: Tree) -> None:
    result = tree.run("scripts/run", "--seconds", "3")

    assert tree.log()[-1] == "vwb demo --seconds 3"
    assert (result.returncode, result.stdout) == (0, "vwb says something\n")


@pytest.mark.parametrize("script", ["run", "test"])
def test_without_packages_nothing_is_built(tree: Tree, script: str) -> None:
    tree.tool("scripts/install-deps", 3)

    assert tree.run(f"scripts/{script}").returncode == 3

    with pytest.raises(FileNotFoundError):
        tree.log()


@pytest.mark.parametrize("script", ["run", "test"])
def test_another_system_than_debian_is_given_a_try(tree: Tree, script: str) -> None:
    tree.tool("scripts/install-deps", 4)
    for preset in ("tsan", "asan", "dev"):
        tree.write(f"ctest.{preset}", PASSED)

    assert tree.run(f"scripts/{script}").returncode == 0

    assert tree.log()[0].startswith("cmake --preset")


def test_all_presets_pass_and_the_last_lines_are_those_of_dev(tree: Tree) -> None:
    for preset in ("tsan", "asan", "dev"):
        tree.write(f"ctest.{preset}", f"1/3 Test {preset}\n{PASSED}\n")

    result = tree.run("scripts/test")

    assert result.returncode == 0
    assert [line.split(" -")[1] for line in tree.log()[1:]] == [
        "-preset tsan", "-build", "-preset tsan",
        "-preset asan", "-build", "-preset asan",
        "-preset dev", "-build", "-preset dev",
    ]  # fmt: skip
    assert result.stdout.count("100% tests passed") == 3
    assert result.stdout.endswith(f"\n== dev: result\n{PASSED}\n")


def test_first_builds_compile_several_files_at_a_time(tree: Tree) -> None:
    tree.write("build/CMakeCache.txt", "")

    tree.run("scripts/test", "--preset", "dev", "--preset", "tsan")

    assert [line.split(" --log")[0] for line in tree.log() if "cmake --preset" in line] == [
        "cmake --preset dev",
        "cmake --preset tsan -D VWB_UNITY=ON",
    ]


def test_failures_come_last_and_decide(tree: Tree) -> None:
    tree.end_badly("ctest.asan", f"1/3 Test\n{FAILED}\n")
    tree.end_badly("cmake-build.tsan", "error: no such thing\n")
    tree.write("ctest.dev", f"1/3 Test\n{PASSED}\n")

    result = tree.run(
        "scripts/test", "--preset", "asan", "--preset", "tsan", "--preset", "dev"
    )

    assert result.returncode == 1
    assert result.stdout.endswith(
        f"\n== dev: result\n{PASSED}\n"
        f"\n== asan: result\n{FAILED}\n"
        "\n== tsan: result\nThe build failed\n"
    )
    assert not [line for line in tree.log() if line.startswith("ctest --preset tsan")]


def test_quick_filters_only_dev(tree: Tree) -> None:
    tree.write("ctest.dev", f"{PASSED}\n")

    result = tree.run("scripts/test", "--quick", "--filter", "a.*b")

    assert result.returncode == 0
    assert [line for line in tree.log() if line.startswith("ctest")] == [
        f"ctest --preset dev --parallel {len(os.sched_getaffinity(0))} --repeat until-pass:2"
        " -R a.*b --no-tests=ignore"
    ]


def test_filter_that_matches_nothing_anywhere_fails(tree: Tree) -> None:
    result = tree.run("scripts/test", "--filter", "nothing")

    assert result.returncode == 1
    assert result.stdout.endswith("== dev: result\nNo test ran\n")


@pytest.mark.parametrize("arguments", [["--fast"], ["--preset"], ["--filter"], ["dev"]])
def test_unknown_arguments_are_refused(tree: Tree, arguments: list[str]) -> None:
    result = tree.run("scripts/test", *arguments)

    assert result.returncode == 2
    assert result.stderr.startswith("usage: scripts/test")


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / "fuzz", *arguments], capture_output=True, text=True, check=False
    )


def test_fuzz_lists_a_harness_for_each_of_its_files_and_each_has_a_corpus() -> None:
    folder = SCRIPTS.parent / "tests" / "fuzz"
    names = fuzz("--list").stdout.split()

    assert "ring" in names
    assert names == sorted(file.name[: -len("_fuzz.cpp")] for file in folder.glob("*_fuzz.cpp"))
    for name in names:
        inputs = list((folder / "corpus" / name).iterdir())
        assert 0 < len(inputs) <= 200, name
        assert all(file.stat().st_size <= 4096 for file in inputs), name


def test_fuzz_names_the_harnesses_when_there_is_no_such_one() -> None:
    result = fuzz("rings")

    assert result.returncode == 2
    assert "no harness 'rings'; there are: capture" in result.stderr


@pytest.mark.parametrize("runs", [["--runs"], ["--runs", "many"]])
def test_fuzz_wants_a_number_of_runs(runs: list[str]) -> None:
    result = fuzz(*runs)

    assert result.returncode == 2
    assert result.stderr.startswith("usage: scripts/fuzz")
