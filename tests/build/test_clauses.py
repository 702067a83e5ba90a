# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The tables of tests/conformance: each row names a test that exists, and no row comes twice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "tests" / "conformance"

GOOGLE_TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
PYTEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
# What a verdict says of the statement; with a reason where it doesn't speak for itself.
VERDICTS = re.compile(
    r"(conforms|permitted)(: .+)?$"
    # not of a back-end's making, or of no device of ours, or otherwise than the text
    r"|(driver-only|front-end|not-offered|differs): .+$"
    # of a defect that others have
    r"|impossible$"
)
HEADERS = ("clause\tstatement\ttest\tverdict", "section\tdefect\ttest\tverdict")
# Only where there is nothing to be seen no test is named.
UNTESTED = re.compile(r"(driver-only|front-end|not-offered|permitted): ")


def known_tests(tree: Path) -> set[str]:
    """suite.case of each GoogleTest, and file::test of each pytest."""
    found = set()
    for path in (tree / "tests").rglob("*.cpp"):
        found |= {".".join(match) for match in GOOGLE_TEST.findall(path.read_text("utf-8"))}
    for path in (tree / "tests").rglob("test_*.py"):
        name = path.relative_to(tree).as_posix()
        found |= {f"{name}::{match}" for match in PYTEST.findall(path.read_text("utf-8"))}
    return found


def violations(table: Path, tests: set[str]) -> Iterator[str]:
    """Each with the number of its line."""
    header, *lines = table.read_text("utf-8").splitlines()
    if header not in HEADERS:
        yield f"{table.name}:1: the columns are {header!r}"
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(lines, 2):
        cells = line.split("\t")
        if len(cells) != 4 or not all(cells):
            yield f"{table.name}:{number}: {len(cells)} cells, expected 4 that are not empty"
            continue
        clause, statement, test, verdict = cells
        if (clause, statement) in seen:
            first = seen[clause, statement]
            yield f"{table.name}:{number}: the same statement as in line {first}"
        seen[clause, statement] = number
        if not VERDICTS.match(verdict):
            yield f"{table.name}:{number}: no such verdict: {verdict}"
        if test == "-" and not UNTESTED.match(verdict):
            yield f"{table.name}:{number}: needs a test"
        if test != "-" and test not in tests:
            yield f"{table.name}:{number}: there is no test {test}"


@pytest.mark.parametrize("table", sorted(TABLES.glob("*.tsv")), ids=lambda path: path.stem)
def test_each_row_has_a_test_that_exists(table: Path) -> None:
    assert list(violations(table, known_tests(ROOT))) == []


def test_wrong_rows_are_named_by_their_line(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "some_test.cpp").write_text("TEST_P(Ring, Is)\n{\n}\n", "utf-8")
    (tmp_path / "tests" / "test_some.py").write_text("def test_it() -> None: ...\n", "utf-8")
    table = tmp_path / "clauses.tsv"
    rows = [
        "clause\tstatement\ttest\tverdict",
        "2.1\tone\tRing.Is\tconforms",
        "2.1\ttwo\ttests/test_some.py::test_it\tpermitted",
        "2.1\tone\tRing.Is\tconforms",
        "2.2\tthree\tRing.IsNot\tconforms",
        "2.3\tfour\t-\tnot-offered: SUSPEND",
        "2.4\tfive\t-\tconforms",
        "2.5\tsix\tRing.Is\tnot-offered",
        "2.6\tseven\tRing.Is",
    ]
    table.write_text("\n".join(rows) + "\n", "utf-8")

    assert list(violations(table, known_tests(tmp_path))) == [
        "clauses.tsv:4: the same statement as in line 2",
        "clauses.tsv:5: there is no test Ring.IsNot",
        "clauses.tsv:7: needs a test",
        "clauses.tsv:8: no such verdict: not-offered",
        "clauses.tsv:9: 3 cells, expected 4 that are not empty",
    ]
