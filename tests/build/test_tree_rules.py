# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The tree obeys its rules, and each rule sees what it is there to see."""

from pathlib import Path

import pytest
import tree_rules
from tree_rules import RULES, SPDX, Rule, Tree

HEADER = f"// {SPDX}\n// What it is responsible for,\n// and what not.\n#pragma once\n"
SOURCE = f"// {SPDX}\n"

# For each rule: files that break it, each with the place the rule must name, and files it must let
# pass.
BAD: dict[Rule, dict[str, tuple[str, str]]] = {
    tree_rules.includes_point_down: {
        "engine/base/a.cpp": ('#include "devices/gpio/gpio_wire.h"', ":1:"),
        "engine/base/b.cpp": ('#include <map>\n#include "sim/gpio/bank.h"', ":2:"),
        "engine/base/c.cpp": ('#include "result.h"', ":1:"),
        "engine/base/d.cpp": ('#include "../base/result.h"', ":1:"),
        "engine/base/e.cpp": ("#include <engine/base/result.h>", ":1:"),
        "devices/gpio/a.h": ('#include "sim/gpio/bank.h"', ":1:"),
        "devices/gpio/b.h": ('#  include "devices/rng/rng_wire.h"', ":1:"),
        "devices/gpio/c.h": ('#include "gui/models/line.h"', ":1:"),
        "sim/gpio/a.cpp": ('#include "devices/gpio/gpio_device.h"', ":1:"),
        "sim/gpio/b.cpp": ('#include "engine/virtqueue/virtqueue.h"', ":1:"),
        "sim/gpio/c.cpp": ('#include "engine/device/device.h"', ":1:"),
        "gui/a.cpp": ('#include "engine/base/result.h"', ":1:"),
    },
    tree_rules.heavy_headers_stay_confined: {
        "engine/a.cpp": ("#include <nlohmann/json.hpp>", ":1:"),
        "engine/a.h": ("#include <nlohmann/json_fwd.hpp>", ":1:"),
        "devices/b.cpp": ("#include <CLI/CLI.hpp>", ":1:"),
        "sim/c.cpp": ("#include <toml++/toml.h>", ":1:"),
        "tests/d.cpp": ('#include "spdlog/spdlog.h"', ":1:"),
    },
    tree_rules.files_stay_short: {
        "engine/a.cpp": ("\n" * 501, ":"),
        "engine/a.h": ("\n" * 201, ":"),
        "tests/engine/a_test.cpp": ("\n" * 601, ":"),
        "scripts/vwb/a.py": ("\n" * 501, ":"),
        "scripts/run": ("\n" * 501, ":"),
    },
    tree_rules.sources_name_their_licence: {
        "engine/a.h": ("#pragma once\n", ":1:"),
        "engine/a.cpp": ("int a;\n// " + SPDX, ":1:"),
        "scripts/run": ("#!/bin/sh\ntrue\n", ":1:"),
        "tests/scripts/test_a.py": ("import os\n", ":1:"),
    },
    tree_rules.headers_say_what_they_are_for: {
        "engine/a.h": (f"// {SPDX}\n#pragma once\n", ":2:"),
        "engine/b.h": (f"// {SPDX}\n//\n\n// Too late.\n#pragma once\n", ":2:"),
        "engine/c.h": (f"// {SPDX}\n" + "// Story.\n" * 9, ":2:"),
        "tests/support/d.h": ("#pragma once\n", ":2:"),
    },
    tree_rules.tracked_files_name_no_machine: {
        "README.md": ("cd\n/work/main/build\n", ":2:"),
        "engine/a.cpp": ('open("/root/x");', ":1:"),
        "CMakeLists.txt": ("set(A /home/somebody/a)", ":1:"),
        "scripts/install-deps": ("echo deb http://deb.debian.org/debian main", ":1:"),
        "scripts/b": ("curl https://registry.npmjs.org/left-pad", ":1:"),
        "scripts/c": ("docker pull europe-docker.pkg.dev/a/b", ":1:"),
    },
    tree_rules.sources_are_formatted: {
        "engine/a.cpp": (SOURCE + "int a ;\n", ":2:"),
        "tests/engine/a_test.cpp": (SOURCE + "int a;\nint  b;\n", ":3:"),
    },
}
GOOD: dict[Rule, dict[str, str]] = {
    tree_rules.includes_point_down: {
        "engine/main.cpp": '#include "sim/gpio/bank.h"\n#include "devices/gpio/gpio_device.h"',
        "engine/base/a.cpp": '#include "engine/base/a.h"\n#include <sys/mman.h>',
        "devices/gpio/a.h": '#include "devices/gpio/gpio_wire.h"\n#include "engine/base/result.h"',
        "sim/gpio/a.h": '#include "devices/gpio/gpio_hardware.h"\n#include "engine/event/timer.h"',
        "tests/sim/a_test.cpp": '#include "sim/gpio/bank.h"\n#include "tests/support/guest.h"',
    },
    tree_rules.heavy_headers_stay_confined: {"engine/a.cpp": "#include <vector>"},
    tree_rules.files_stay_short: {
        "engine/a.cpp": "\n" * 500,
        "engine/a.h": "\n" * 200,
        "tests/engine/a_test.cpp": "\n" * 600,
        "README.md": "\n" * 5000,
    },
    tree_rules.sources_name_their_licence: {
        "engine/a.h": HEADER,
        "scripts/run": f"#!/bin/sh\n# {SPDX}\n",
        "tests/scripts/__init__.py": "",
        "scripts/guest/uml.config": "CONFIG_64BIT=y",
    },
    tree_rules.headers_say_what_they_are_for: {
        "engine/a.h": HEADER,
        "engine/b.h": f"// {SPDX}\n//\n// Two\n// lines.\n\n#pragma once\n",
    },
    tree_rules.tracked_files_name_no_machine: {
        "README.md": "See https://docs.oasis-open.org/virtio/ and ./work/a, build/work/b.",
        "scripts/a": 'cd "$HOME/work/a" && ls /usr/src/googletest /sys/kernel /tmp/a',
    },
    tree_rules.sources_are_formatted: {"engine/a.h": HEADER, "engine/a.cpp": SOURCE + "int a;\n"},
}


def plant(root: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Tree(root, sorted(files))


def skip_without_tool(rule: Rule) -> None:
    if rule is tree_rules.sources_are_formatted and tree_rules.find_clang_format() is None:
        version = tree_rules.CLANG_FORMAT_VERSION
        pytest.skip(f"needs clang-format {version}: others format differently")


@pytest.fixture
def empty_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded trees know nothing of the real tree's exceptions."""
    monkeypatch.setattr(
        tree_rules,
        "HEAVY_HEADERS",
        {library: (pattern, []) for library, (pattern, _) in tree_rules.HEAVY_HEADERS.items()},
    )
    monkeypatch.setattr(tree_rules, "LONGER_FILES", {})


@pytest.fixture
def style_file(tmp_path: Path) -> None:
    own = Path(__file__).resolve().parents[2] / ".clang-format"
    (tmp_path / ".clang-format").write_bytes(own.read_bytes())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_tree_obeys(rule: Rule) -> None:
    skip_without_tool(rule)
    tree = Tree.tracked(Path(__file__).resolve().parents[2])
    assert "tests/build/tree_rules.py" in tree.paths

    problems = list(rule(tree))

    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.usefixtures("empty_lists", "style_file")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_names_every_violation_once(rule: Rule, tmp_path: Path) -> None:
    skip_without_tool(rule)
    tree = plant(tmp_path, {path: text for path, (text, _) in BAD[rule].items()})

    problems = list(rule(tree))

    for path, (_, place) in BAD[rule].items():
        assert len([problem for problem in problems if problem.startswith(path + place)]) == 1, path
    assert len(problems) == len(BAD[rule])


@pytest.mark.usefixtures("empty_lists", "style_file")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_lets_good_files_pass(rule: Rule, tmp_path: Path) -> None:
    skip_without_tool(rule)
    assert not list(rule(plant(tmp_path, GOOD[rule])))


def test_heavy_header_list_stays_short_and_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [f"engine/{name}.cpp" for name in "abcdef"]
    monkeypatch.setattr(tree_rules, "HEAVY_HEADERS", {"spdlog": ("spdlog/", users)})
    tree = plant(tmp_path, {path: "#include <spdlog/spdlog.h>\n" for path in users[:5]})

    problems = list(tree_rules.heavy_headers_stay_confined(tree))

    assert [problem.split(":")[0] for problem in problems] == [
        "engine/f.cpp",
        "tests/build/tree_rules.py",
    ]


def test_exception_to_the_line_limit_holds_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exceptions = {f"engine/{name}.cpp": (520, "a table of the specification") for name in "abc"}
    monkeypatch.setattr(tree_rules, "LONGER_FILES", exceptions)
    files = {"engine/a.cpp": "\n" * 521, "engine/b.cpp": "\n" * 520, "engine/c.cpp": "\n" * 500}

    problems = list(tree_rules.files_stay_short(plant(tmp_path, files)))

    assert [problem.split(":")[0] for problem in problems] == ["engine/a.cpp", "engine/c.cpp"]


def test_tracked_files_of_an_unpacked_archive_leave_builds_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    files = ["engine/a.cpp", "build/b.cpp", "build-asan/c.cpp", "tests/build/d.py", ".cache/e"]
    plant(tmp_path, {path: "" for path in files})

    assert Tree.tracked(tmp_path).paths == ["engine/a.cpp", "tests/build/d.py"]
