# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Rules of the source tree that no compiler checks.

`python3 tests/build/tree_rules.py` prints every violation and ends with 1 if there is one.
test_tree_rules.py runs the rules over the tree, and over a bad tree for each rule.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SPDX = "SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause"
SOURCE = re.compile(r"^(engine|devices|sim|gui|tests)/.*\.(h|cpp)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Who may include what: the first line whose pattern matches the including file counts. \1 is the
# device's folder. This is the picture of the layers: engine <- devices <- sim, tests see all.
LAYERS = [
    (r"engine/main\.cpp$", r"(engine|devices|sim)/"),
    (r"engine/", r"engine/"),
    (r"devices/([^/]+)/", r"(engine|devices/\1)/"),
    (r"sim/", r"sim/|engine/(base|event)/|devices/[^/]+/[^/]+_hardware(_kind)?\.h$"),
    (r"gui/", r"gui/"),
    (r"tests/", r"(engine|devices|sim|gui|tests)/"),
]

# Headers that cost seconds to compile, and the few files that pay for them. Everybody else uses
# engine/base/value.h and engine/base/log.h. At most HANDFUL files each.
HANDFUL = 5
HEAVY_HEADERS: dict[str, tuple[str, list[str]]] = {
    "CLI11": (r"CLI/", ["engine/cli/command_line.cpp"]),
    "nlohmann-json": (r"nlohmann/", ["engine/control/json.cpp"]),
    "spdlog": (r"(spdlog|fmt)/", ["engine/base/log.cpp"]),
    "toml++": (r"toml\+\+/", ["engine/bench/toml.cpp"]),
}

# Hard limits in lines; the first pattern that matches counts.
LINE_LIMITS = [
    (r"tests/.*\.(h|cpp|py)$", 600),
    (r".*\.h$", 200),
    (r".*\.(cpp|py|sh)$", 500),
    (r"scripts/[^.]+$", 500),
]
# path: (limit, reason)
LONGER_FILES: dict[str, tuple[int, str]] = {}

# What opens with the SPDX line: sources and scripts, which may have no extension.
LICENSED = re.compile(
    r"(engine|devices|sim|gui|scripts|tests)/(.*\.(h|cpp|py|sh)|(.*/)?[^./]+)$"
)

# Comment lines that open a header, after the SPDX line: what it is for, and no story.
HEADER_COMMENT = range(1, 9)

# Directories of somebody's machine, and hosts of package registries and their mirrors: the tree
# must build anywhere, with the sources that the machine itself is set up for.
MACHINE_NAMES = re.compile(
    r"(?<![\w.$}/-])/(work|root|home/\w+|Users/\w+|workspaces?|builds)/[\w.]"
    r"|\b[\w.-]*(debian\.org|ubuntu\.com|pypi\.org|pythonhosted\.org|npmjs\.(org|com)|crates\.io"
    r"|pkg\.dev|golang\.org|docker\.(io|com)|gcr\.io|ghcr\.io|quay\.io|jfrog\.io)/[\w]",
    re.ASCII,
)
# path: reason
MAY_NAME_MACHINES: dict[str, str] = {
    "tests/build/test_tree_rules.py": "holds the bad tree for this rule",
}

CLANG_FORMAT_VERSION = 14


@dataclass
class Tree:
    """Files of a tree by their path from its root, and where they are on disk."""

    root: Path
    paths: list[str]

    @classmethod
    def tracked(cls, root: Path) -> "Tree":
        """What git tracks; outside a repository (an unpacked archive) all but build folders."""
        git = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=False
        )
        if git.returncode == 0:
            paths = [path for path in git.stdout.split("\0") if path]
        else:
            paths = []
            for folder, folders, files in os.walk(root):
                top = Path(folder) == root
                folders[:] = [f for f in folders if not (top and re.match(r"build(-|$)|\.", f))]
                paths += [str((Path(folder) / file).relative_to(root)) for file in files]
        return cls(root, sorted(path for path in paths if (root / path).is_file()))

    def sources(self) -> list[str]:
        return [path for path in self.paths if SOURCE.match(path)]

    def lines(self, path: str) -> list[str]:
        return (self.root / path).read_text(encoding="utf-8", errors="replace").splitlines()

    def includes(self, path: str) -> Iterator[tuple[int, str, str]]:
        """Line number, opening bracket and name of each include of a file."""
        for number, line in enumerate(self.lines(path), 1):
            if match := INCLUDE.match(line):
                yield number, match[1], match[2]


Rule = Callable[[Tree], Iterator[str]]


def includes_point_down(tree: Tree) -> Iterator[str]:
    for path in tree.sources():
        for pattern, allowed in LAYERS:
            if layer := re.match(pattern, path):
                allowed = layer.expand(allowed) if layer.groups() else allowed
                break
        else:
            continue
        for number, bracket, name in tree.includes(path):
            ours = bracket == '"' or re.match(r"(engine|devices|sim|gui|tests)/", name)
            if ours and not re.match(allowed, name):
                yield f"{path}:{number}: may not include {name} (allowed here: {allowed})"
            elif ours and bracket == "<":
                yield f'{path}:{number}: include {name} with "", from the root of the repository'


def heavy_headers_stay_confined(tree: Tree) -> Iterator[str]:
    for library, (pattern, users) in HEAVY_HEADERS.items():
        including = set()
        for path in tree.sources():
            for number, _, name in tree.includes(path):
                if not re.match(pattern, name):
                    continue
                including.add(path)
                if path.endswith(".h"):
                    yield f"{path}:{number}: {library} in a header: every includer pays for it"
                elif path not in users:
                    yield (
                        f"{path}:{number}: {library} is for the files listed in HEAVY_HEADERS of "
                        "tests/build/tree_rules.py: use those, or add this one with care"
                    )
        for path in users:
            if path not in including:
                yield f"{path}: listed in HEAVY_HEADERS but does not include {library}"
        if len(users) > HANDFUL:
            yield (
                f"tests/build/tree_rules.py: {library} is allowed in {len(users)} files, "
                f"more than {HANDFUL}"
            )


def files_stay_short(tree: Tree) -> Iterator[str]:
    for path in tree.paths:
        limit = next((limit for pattern, limit in LINE_LIMITS if re.match(pattern, path)), None)
        if limit is None:
            continue
        length = len(tree.lines(path))
        exception, _ = LONGER_FILES.get(path, (limit, ""))
        if length > exception:
            yield f"{path}: {length} lines, at most {exception}: split it by noun"
        elif exception > limit >= length:
            yield f"{path}: no longer needs its place in LONGER_FILES"


def sources_name_their_licence(tree: Tree) -> Iterator[str]:
    for path in tree.paths:
        if not LICENSED.match(path):
            continue
        lines = tree.lines(path)
        if lines and SPDX not in lines[1 if lines[0].startswith("#!") else 0]:
            yield f"{path}:1: must open with: {SPDX}"


def headers_say_what_they_are_for(tree: Tree) -> Iterator[str]:
    for path in tree.sources():
        if not path.endswith(".h"):
            continue
        comment = 0
        for line in tree.lines(path)[1:]:
            if not line.startswith("//"):
                break
            comment += line.strip("/ ") != ""
        if comment not in HEADER_COMMENT:
            yield (
                f"{path}:2: {comment} comment lines after the SPDX line; say in "
                f"{HEADER_COMMENT.start} to {HEADER_COMMENT.stop - 1} what it is responsible for"
            )


def tracked_files_name_no_machine(tree: Tree) -> Iterator[str]:
    for path in tree.paths:
        if path in MAY_NAME_MACHINES or path.startswith("LICENSE"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if match := MACHINE_NAMES.search(line):
                yield f"{path}:{number}: names a machine's path or a package registry: {match[0]}"


def find_clang_format() -> str | None:
    """clang-format of the one version the tree is formatted with: others format differently."""
    for name in (f"clang-format-{CLANG_FORMAT_VERSION}", "clang-format"):
        if program := shutil.which(name):
            version = subprocess.check_output([program, "--version"], text=True)
            if f"version {CLANG_FORMAT_VERSION}." in version:
                return program
    return None


def sources_are_formatted(tree: Tree) -> Iterator[str]:
    program = find_clang_format()
    sources = tree.sources()
    if program is None or not sources:
        return
    checked = subprocess.run(
        [program, "--dry-run", "--style=file", *sources],
        cwd=tree.root,
        capture_output=True,
        text=True,
        check=False,
    )
    named = set()
    for line in checked.stderr.splitlines():
        match = re.match(r"([^:]+):(\d+):\d+: warning: ", line)
        if match and match[1] not in named:
            named.add(match[1])
            yield f"{match[1]}:{match[2]}: run clang-format (version {CLANG_FORMAT_VERSION}) -i"
    if checked.returncode != 0:
        yield f".clang-format: {checked.stderr.strip() or checked.returncode}"


RULES: list[Rule] = [
    includes_point_down,
    heavy_headers_stay_confined,
    files_stay_short,
    sources_name_their_licence,
    headers_say_what_they_are_for,
    tracked_files_name_no_machine,
    sources_are_formatted,
]


def main() -> int:
    tree = Tree.tracked(Path(__file__).resolve().parents[2])
    problems = [problem for rule in RULES for problem in rule(tree)]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
