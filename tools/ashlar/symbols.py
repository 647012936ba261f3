# SPDX-License-Identifier: MIT
"""Turns addresses in the guest's panics and crash reports into functions and source lines.

What it looks for in a line of console output:
    pc 0xffffffc000201234      an address of the kernel (also ra, sepc)
    #2 0xffffffc000201234      a frame of the kernel's backtrace
    #2 0x12345678 task fat     a frame of the task that was loaded from .../fat; the same for pc
"""

import json
import os
import pathlib
import re
import subprocess

import paths

FRAME = re.compile(r"(?:#(?P<level>\d+)|\b(?:pc|ra|sepc))[ =:]+(?P<address>0x[0-9a-fA-F]{4,16})"
                   r"(?:.*?\btask (?P<task>[\w.-]+))?")

KERNEL_LOWEST = 1 << 63  # the kernel is linked in the upper half of the address space


package_map = paths.PACKAGE_MAP  # path in the boot package -> file with symbols


def use_map(package: pathlib.Path) -> None:
    """From now on names of tasks are looked up in what lies beside this boot package."""
    global package_map
    package_map = package.with_name(package.name + ".json")


def task_elf(task: str) -> pathlib.Path | None:
    try:
        origins = json.loads(package_map.read_text(encoding="utf-8"))
    except OSError:
        return None
    for name, origin in origins.items():
        if name == task or pathlib.PurePosixPath(name).name == task:
            return pathlib.Path(origin)
    return None


def tidy(where: str) -> str:
    """file:line, the file relative to the tree."""
    file, line = where.rsplit(":", 2)[:2]
    return f"{os.path.relpath(os.path.normpath(file), paths.TREE)}:{line}"


def lookup(elf: pathlib.Path, address: int, is_return: bool) -> str:
    """`function at file:line`, with callers it was inlined into; empty when nothing is known."""
    place = address - 1 if is_return else address
    done = subprocess.run(
        ["llvm-symbolizer-19", f"--obj={elf}", "--inlining=true", "--functions=linkage",
         hex(place)], capture_output=True, text=True)
    rows = done.stdout.split("\n\n")[0].splitlines() if done.returncode == 0 else []
    found = [f"{name} at {tidy(where)}" for name, where in zip(rows[::2], rows[1::2])
             if not name.startswith("??")]
    return ", inlined into ".join(found)


class Translator:
    """Feeds on console output and yields what to print below a line that names an address."""

    def __init__(self, image: pathlib.Path = paths.KERNEL_IMAGE):
        """`image` is the kernel that runs."""
        self.kernel = paths.DEBUG_ELF if image == paths.DEBUG_IMAGE else paths.KERNEL_ELF
        self.pending = b""

    def feed(self, data: bytes) -> bytes:
        """Returns the data with a translation inserted after each complete line that needs one."""
        out = bytearray()
        for piece in data.splitlines(keepends=True):
            out += piece
            self.pending += piece
            if piece.endswith(b"\n"):
                note = self.translate(self.pending.decode("utf-8", "replace"))
                self.pending = b""
                if note:
                    out += f"      = {note}\r\n".encode()
        return bytes(out)

    def translate(self, line: str) -> str:
        match = FRAME.search(line)
        if match is None:
            return ""
        address = int(match["address"], 16)
        if match["task"] is None:
            elf = self.kernel if address >= KERNEL_LOWEST else None
        else:
            elf = task_elf(match["task"])
        if elf is None or not elf.exists():
            return ""
        return lookup(elf, address, match["level"] not in (None, "0"))
