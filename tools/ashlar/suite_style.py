# SPDX-License-Identifier: MIT
"""Checks of the sources themselves: clang-format, clang-tidy, and the house rules that a
script can see. clang-tidy is slow, so a file that passed is checked again only when it, a
header it includes, its compile command or .clang-tidy changed."""

import hashlib
import json
import os
import pathlib
import subprocess

import coverage
import paths
from report import Failure
from suite import Clock, Tally, in_parallel, last_lines

MAX_LINES = 500
SOURCES = (".c", ".h", ".S", ".py")
TIDY_CACHE = paths.BUILD / "tidy"


def tracked() -> list[pathlib.Path]:
    listing = subprocess.run(["git", "-c", f"safe.directory={paths.TREE}", "-C",
                              str(paths.TREE), "ls-files", "-z", "--cached"],
                             capture_output=True, text=True, check=True)
    files = [paths.TREE / name for name in listing.stdout.split("\0") if name]
    return [path for path in files if path.is_file()]


def house_rules(tally: Tally) -> None:
    """SPDX line first, and files of a size that can be read."""
    clock, failures, checked = Clock(), [], 0
    for path in tracked():
        if path.suffix not in SOURCES and path.name != "meson.build":
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        checked += 1
        name = path.relative_to(paths.TREE)
        if not any("SPDX-License-Identifier: MIT" in line for line in lines[:2]):
            failures.append(f"{name}: the first line is no SPDX line")
        elif len(lines) >= MAX_LINES:
            failures.append(f"{name}: {len(lines)} lines; the limit is {MAX_LINES}")
    tally.group("style/house-rules", checked - len(failures), failures, clock.seconds())


def formatting(tally: Tally) -> None:
    clock = Clock()
    files = [path for path in tracked() if path.suffix in (".c", ".h")]
    failures = []

    def one(path: pathlib.Path) -> None:
        done = subprocess.run(["clang-format-19", "--dry-run", "--Werror", str(path)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            where = done.stderr.splitlines()[0] if done.stderr else str(path)
            failures.append(where.replace(f"{paths.TREE}/", ""))

    in_parallel(one, files)
    tally.group("style/clang-format", len(files) - len(failures), sorted(failures),
                clock.seconds(), "correct with: clang-format-19 -i FILE")


def ddk_coverage(tally: Tally) -> None:
    """The page about the driver kit says what headers and tests say, and every declaration in a
    test shows something."""
    clock = Clock()
    try:
        routines, failures = coverage.gather()
        committed = coverage.PAGE.read_text(encoding="utf-8") if coverage.PAGE.exists() else ""
        if not failures and committed != coverage.page(routines):
            failures = ["docs/ddk-coverage.md is out of date"]
    except Failure as failure:
        failures = [failure.problem]
    tally.group("style/ddk-coverage", int(not failures), failures, clock.seconds(),
                "write it anew with: ./ashlar coverage")


def header_dependencies() -> dict[str, list[str]]:
    """What each object file was compiled from, as Ninja recorded it."""
    listing = subprocess.run(["ninja", "-C", str(paths.BUILD), "-t", "deps"],
                             capture_output=True, text=True, check=True).stdout
    found, current = {}, []
    for line in listing.splitlines():
        if line.startswith(" "):
            current.append(line.strip())
        elif ": #deps" in line:
            current = found.setdefault(line.split(":")[0], [])
    return found


def digest(command: dict, dependencies: list[str]) -> str:
    state = hashlib.sha256(command["command"].encode())
    state.update((paths.TREE / ".clang-tidy").read_bytes())
    for name in dependencies:
        path = paths.BUILD / name
        if path.is_file() and not str(path).startswith("/usr/"):
            state.update(path.read_bytes())
    return state.hexdigest()


def own_units() -> list[dict]:
    """Compile commands of our own sources, one a file (host tests compile some twice)."""
    units = {}
    for command in json.loads((paths.BUILD / "compile_commands.json").read_text()):
        path = (paths.BUILD / command["file"]).resolve()
        inside = path.is_relative_to(paths.TREE) and path.suffix == ".c"
        if inside and "subprojects" not in path.parts and not path.is_relative_to(paths.BUILD):
            units.setdefault(path, command)
    return [dict(command, path=path) for path, command in sorted(units.items())]


def short(message: str) -> str:
    """The message with its file relative to the tree."""
    file, _, rest = message.partition(":")
    return f"{os.path.relpath(paths.BUILD / file, paths.TREE)}:{rest}"


def tidy(tally: Tally) -> None:
    clock, failures, details = Clock(), [], []
    TIDY_CACHE.mkdir(exist_ok=True)
    dependencies, units = header_dependencies(), own_units()

    def one(unit: dict) -> None:
        stamp = TIDY_CACHE / digest(unit, dependencies.get(unit["output"], []))
        if stamp.exists():
            return
        done = subprocess.run(["clang-tidy-19", "--quiet", "-p", str(paths.BUILD),
                               str(unit["path"])], capture_output=True, text=True)
        if done.returncode == 0:
            stamp.touch()
            return
        found = [short(line) for line in done.stdout.splitlines() if ": error:" in line]
        failures.extend(found or [f"{unit['path'].relative_to(paths.TREE)}: clang-tidy failed"])
        details.append(last_lines(done.stdout, 12))

    in_parallel(one, units)
    # A finding in a header shows in each unit that includes it.
    tally.group("style/clang-tidy", len(units) - len(details), sorted(set(failures)),
                clock.seconds(), "\n".join(details[:5]))
