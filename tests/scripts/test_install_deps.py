# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/install-deps on machines that differ: the package tools are stand-ins with a state."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "install-deps"

pytestmark = pytest.mark.skipif(not shutil.which("dpkg"), reason="compares versions with dpkg")

# One program under several names. Its machine is a JSON file: what is installed (name: version),
# what each suite has, which suites apt knows, and a log of every change asked for.
TOOL = r"""#!/usr/bin/python3
import json, os, pathlib, re, sys
state_file = pathlib.Path(os.environ["MACHINE"])
machine = json.loads(state_file.read_text())
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
sources = pathlib.Path(machine["apt_dir"], "sources.list.d")
def known():
    text = "".join(path.read_text() for path in sources.iterdir())
    return [suite for suite in machine["suites"] if re.search(rf"\b{suite}(?![-\w])", text)]
def versions(package):
    return [(machine["suites"][s][package], s) for s in known() if package in machine["suites"][s]]
status = 0
if name == "dpkg-query":
    for package, version in machine["installed"].items():
        print("installed", package, version)
elif name == "apt-cache" and arguments[0] == "madison":
    for version, suite in versions(arguments[1]):
        print(f" {arguments[1]} | {version} | http://a {suite}/main amd64 Packages")
elif name == "apt-cache" and arguments[0] == "pkgnames":
    for suite in known():
        print(*[p for p in machine["suites"][suite] if p.startswith(arguments[1])], sep="\n")
elif name == "apt-cache" and len(arguments) == 1:
    for suite in known():
        print(f"     release o=Debian,n={suite},l=Debian,c=main,b=amd64")
elif name == "apt-cache":
    first = [version for version, suite in versions(arguments[1]) if "backports" not in suite]
    print(f"  Candidate: {(first or ['(none)'])[0]}")
elif name == "id":
    print(machine["uid"])
elif name == "sudo":
    machine["log"].append(["sudo", *arguments])
    status = machine["sudo"]
elif name == "sleep":
    machine["log"].append(["sleep"])
elif name == "apt-get":
    words = [a for a in arguments if not re.match(r"-|Acquire", a)]
    machine["log"].append(words)
    if machine["locked"]:
        machine["locked"] -= 1
        print("E: Could not get lock /var/lib/dpkg/lock-frontend.", file=sys.stderr)
        status = 100
    elif words[0] == "install":
        for word in words[1:]:
            package, _, suite = word.partition("/")
            found = [v for v, s in versions(package) if suite in ("", s)]
            machine["installed"][package] = found[0]
state_file.write_text(json.dumps(machine))
sys.exit(status)
"""

SOURCES = """Types: deb
URIs: http://mirror.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


class Machine:
    """A Debian 12 on which everything but gpiod is installed, unless a test says otherwise."""

    def __init__(self, directory: Path) -> None:
        self.apt_dir = directory / "apt"
        (self.apt_dir / "sources.list.d").mkdir(parents=True)
        (self.apt_dir / "sources.list.d" / "debian.sources").write_text(SOURCES, encoding="utf-8")
        (directory / "os-release").write_text("VERSION_CODENAME=bookworm\n", encoding="utf-8")
        tools = directory / "tools"
        tools.mkdir()
        for name in ("dpkg-query", "apt-cache", "apt-get", "id", "sudo", "sleep"):
            (tools / name).write_text(TOOL, encoding="utf-8")
            (tools / name).chmod(0o755)
        self._directory = directory
        wanted = self.bash("packages_of all").stdout.split()
        names = [requirement.partition(">=")[0] for requirement in wanted]
        self.state = {
            "apt_dir": str(self.apt_dir),
            "installed": {name: "1" for name in names if name != "linux-source"}
            | {"gpiod": "2.1.3", "libgpiod-dev": "2.1.3", "linux-source-6.12": "6.12.1"}
            | {name: "1:10.0.2" for name in names if name.startswith("qemu-")}
            | {"seabios": "1.16.3"},
            "suites": {
                "bookworm": {name: "1" for name in names if name != "linux-source"}
                | {"gpiod": "1.6.3", "libgpiod-dev": "1.6.3", "linux-source-6.1": "6.1.1"},
                "bookworm-backports": {
                    "gpiod": "2.1.3",
                    "libgpiod-dev": "2.1.3",
                    "linux-source-6.12": "6.12.1",
                    "linux-source-6.16": "6.16.1",
                },
            },
            "uid": 0,
            "sudo": 0,
            "locked": 0,
            "log": [],
        }

    def add_source(self, name: str, text: str) -> None:
        (self.apt_dir / "sources.list.d" / name).write_text(text, encoding="utf-8")

    def sources(self) -> list[str]:
        return sorted(path.name for path in (self.apt_dir / "sources.list.d").iterdir())

    def bash(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command with the functions of the script at hand."""
        paths = f"apt_dir={self.apt_dir} os_release={self._directory}/os-release"
        return subprocess.run(
            ["bash", "-c", f". {SCRIPT}; {paths}; {command}"],
            env=os.environ
            | {
                "PATH": f"{self._directory}/tools:{os.environ['PATH']}",
                "MACHINE": str(self._directory / "state"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def install_deps(self, group: str) -> subprocess.CompletedProcess[str]:
        state = self._directory / "state"
        state.write_text(json.dumps(self.state), encoding="utf-8")
        result = self.bash(f"main {group}")
        self.state = json.loads(state.read_text(encoding="utf-8"))
        return result


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("group", ["run", "test", "guest", "all"])
def test_does_nothing_when_all_is_there(machine: Machine, group: str) -> None:
    machine.state["uid"] = 1000

    result = machine.install_deps(group)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert machine.state["log"] == []


def test_installs_just_what_the_group_lacks(machine: Machine) -> None:
    for name in ("ninja-build", "libspdlog-dev", "libgtest-dev", "bison"):
        del machine.state["installed"][name]

    result = machine.install_deps("run")

    assert result.returncode == 0, result.stderr
    assert machine.state["log"] == [["update"], ["install", "ninja-build", "libspdlog-dev"]]
    assert result.stdout == ""


def test_takes_what_the_release_has_too_old_from_a_new_backports_source(machine: Machine) -> None:
    machine.state["installed"] |= {"gpiod": "1.6.3", "libgpiod-dev": "1.6.3"}
    del machine.state["installed"]["linux-source-6.12"]

    result = machine.install_deps("all")

    assert result.returncode == 0, result.stderr
    added = machine.apt_dir / "sources.list.d" / "vhost-workbench-backports.sources"
    assert added.read_text(encoding="utf-8") == SOURCES.replace(
        "bookworm bookworm-updates", "bookworm-backports"
    )
    assert machine.state["log"][:2] == [["update"], ["update"]]
    assert sorted(machine.state["log"][2]) == [
        "gpiod/bookworm-backports",
        "install",
        "libgpiod-dev/bookworm-backports",
        "linux-source-6.12/bookworm-backports",
    ]


def test_adds_no_source_when_apt_knows_backports(machine: Machine) -> None:
    machine.state["installed"]["gpiod"] = "1.6.3"
    machine.add_source("own.list", "deb http://mirror.invalid/debian bookworm-backports main\n")

    result = machine.install_deps("guest")

    assert result.returncode == 0, result.stderr
    assert machine.state["log"] == [["update"], ["install", "gpiod/bookworm-backports"]]
    assert machine.sources() == ["debian.sources", "own.list"]


def test_newer_kernel_source_will_do_and_an_older_one_will_not(machine: Machine) -> None:
    del machine.state["installed"]["linux-source-6.12"]
    machine.state["installed"]["linux-source-6.16"] = "6.16.1"
    assert machine.install_deps("guest").returncode == 0
    assert machine.state["log"] == []

    del machine.state["installed"]["linux-source-6.16"]
    machine.state["installed"]["linux-source-6.1"] = "6.1.1"
    del machine.state["suites"]["bookworm-backports"]["linux-source-6.12"]
    assert machine.install_deps("guest").returncode == 0
    assert machine.state["log"][-1] == ["install", "linux-source-6.16/bookworm-backports"]


def test_package_that_no_source_has_is_named(machine: Machine) -> None:
    del machine.state["installed"]["libtomlplusplus-dev"]
    del machine.state["suites"]["bookworm"]["libtomlplusplus-dev"]

    result = machine.install_deps("run")

    assert result.returncode == 1
    assert "no package for libtomlplusplus-dev" in result.stderr
    assert machine.sources() == ["debian.sources"]


def test_adds_no_second_source_when_backports_lacks_the_package_too(machine: Machine) -> None:
    machine.state["installed"]["gpiod"] = "1.6.3"
    del machine.state["suites"]["bookworm-backports"]["gpiod"]
    machine.add_source("own.list", "deb http://mirror.invalid/debian bookworm-backports main\n")

    result = machine.install_deps("guest")

    assert result.returncode == 1
    assert "no package for gpiod>=2" in result.stderr
    assert machine.sources() == ["debian.sources", "own.list"]


def test_waits_while_another_program_holds_the_lock(machine: Machine) -> None:
    del machine.state["installed"]["cmake"]
    machine.state["locked"] = 2

    result = machine.install_deps("run")

    assert result.returncode == 0, result.stderr
    update = ["update"]
    assert machine.state["log"] == [
        update, ["sleep"], update, ["sleep"], update, ["install", "cmake"],
    ]  # fmt: skip


def test_user_without_sudo_is_told_the_command(machine: Machine) -> None:
    machine.state |= {"uid": 1000, "sudo": 1}
    del machine.state["installed"]["cmake"]

    result = machine.install_deps("run")

    assert result.returncode == 3
    assert result.stderr.splitlines()[-1] == f"{SCRIPT} run"
    assert machine.state["log"] == [["sudo", "-n", "true"]]


def test_user_with_sudo_gets_root_for_the_same_group(machine: Machine) -> None:
    machine.state["uid"] = 1000
    del machine.state["installed"]["cmake"]

    result = machine.install_deps("run")

    assert result.returncode == 0
    assert machine.state["log"] == [["sudo", "-n", "true"], ["sudo", "--", str(SCRIPT), "run"]]


@pytest.mark.parametrize("arguments", ["everything", "run test", "--quick"])
def test_unknown_arguments_are_refused(machine: Machine, arguments: str) -> None:
    result = machine.install_deps(arguments)

    assert result.returncode == 2
    assert result.stderr.startswith("usage: scripts/install-deps")


KEY = " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBGPL\n -----END PGP PUBLIC KEY BLOCK-----\n"


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        pytest.param(
            {"a.sources": f"# main\n{SOURCES}\n{SOURCES}"},
            "sources\n" + SOURCES.replace("bookworm bookworm-updates", "bookworm-backports"),
            id="stanza",
        ),
        pytest.param(
            {
                "a.sources": "Types: deb\nURIs: http://other.invalid\nSuites: nodistro\n"
                "Components: main\n \t\nEnabled: no\n" + SOURCES + "\n"
                "types: deb deb-src\nuris: http://two.invalid\n http://three.invalid\n"
                "suites: bookworm-security\n# folded\n\tbookworm\ncomponents: main contrib\n"
                "architectures: amd64\nsigned-by:\n" + KEY
            },
            "sources\ntypes: deb\nuris: http://two.invalid\n http://three.invalid\n"
            "suites: bookworm-backports\ncomponents: main\narchitectures: amd64\n"
            "signed-by:\n" + KEY,
            id="folded fields, embedded key, disabled stanza",
        ),
        pytest.param(
            {"../sources.list": "deb http://mirror.invalid/debian bookworm main # ours\n"},
            "list\ndeb http://mirror.invalid/debian bookworm-backports main\n",
            id="line",
        ),
        pytest.param(
            {
                "a.list": "# deb http://one.invalid bookworm main\n"
                "deb-src http://two.invalid bookworm main\n"
                "deb [trusted=yes] http://three.invalid bookworm contrib\n"
                "deb [ arch=amd64 signed-by=/k.gpg ] http://four.invalid bookworm contrib main\n"
            },
            "list\n"
            "deb [ arch=amd64 signed-by=/k.gpg ] http://four.invalid bookworm-backports main\n",
            id="line with options",
        ),
        pytest.param({"a.list": "deb http://mirror.invalid trixie main\n"}, "", id="none"),
    ],
)
def test_backports_source_is_made_from_the_source_of_the_release(
    machine: Machine, sources: dict[str, str], expected: str
) -> None:
    (machine.apt_dir / "sources.list.d" / "debian.sources").unlink()
    for name, text in sources.items():
        machine.add_source(name, text)

    result = machine.bash("backports_source bookworm")

    assert result.stdout == expected
    assert result.returncode == (0 if expected else 1)
