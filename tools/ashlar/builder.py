# SPDX-License-Identifier: MIT
"""Brings build/ up to date: configures with Meson when needed, compiles with Ninja.
clangd finds build/compile_commands.json by itself."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys

import command_setup
import paths
from report import Failure, say

OVERLAYS = paths.TREE / "subprojects" / "packagefiles"


def refresh_overlays() -> None:
    """Meson lays our build files over an unpacked library once; copy the ones changed since."""
    for wrap in (paths.TREE / "subprojects").glob("*.wrap"):
        settings = dict(re.findall(r"^(\w+) = (.*)$", wrap.read_text(encoding="utf-8"), re.M))
        unpacked = wrap.parent / settings["directory"]
        overlay = OVERLAYS / settings.get("patch_directory", wrap.stem)
        if not unpacked.is_dir() or not overlay.is_dir():
            continue
        for file in (path for path in overlay.rglob("*") if path.is_file()):
            copy = unpacked / file.relative_to(overlay)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists() or copy.read_bytes() != file.read_bytes():
                shutil.copy(file, copy)


def configure() -> None:
    say(f"configuring {paths.BUILD}")
    command = ["meson", "setup", str(paths.BUILD), str(paths.TREE),
               "--cross-file", str(paths.TREE / "platform" / "riscv64-clang.ini"),
               "--native-file", str(paths.TREE / "platform" / "native-clang.ini")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise Failure("Meson could not configure the build (its last lines are above)",
                      f"correct the meson.build it names; if {paths.BUILD} is damaged, delete it")


def compile_all(targets: list[str], verbose: bool) -> None:
    command = ["ninja", "-C", str(paths.BUILD)]
    if verbose or sys.stderr.isatty():
        status = subprocess.run([*command, *(["-v"] if verbose else []), *targets],
                                stdout=sys.stderr).returncode
    else:
        done = subprocess.run([*command, "--quiet", *targets], capture_output=True, text=True)
        status = done.returncode
        if status != 0:
            sys.stderr.write(done.stdout + done.stderr)
    if status != 0:
        raise Failure("the build failed (the compiler's messages are above)",
                      "correct the source it names and run ./ashlar build again")


@contextlib.contextmanager
def one_at_a_time():
    """Neither Meson nor Ninja bears a second one in the same folder (tests build drivers)."""
    lock = paths.BUILD.with_name(paths.BUILD.name + ".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(targets: list[str] | None = None, verbose: bool = False) -> None:
    """Sets up, configures and compiles; returns only when everything is up to date."""
    command_setup.ensure()
    refresh_overlays()
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    with one_at_a_time():
        if not (paths.BUILD / "build.ninja").exists():
            configure()
        compile_all(targets or [], verbose)


def need(path, what: str) -> None:
    if not path.exists():
        raise Failure(f"the build made no {what} ({path})",
                      "the folder that defines it has no meson.build, or it was left out")
