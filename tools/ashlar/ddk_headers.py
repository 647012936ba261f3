# SPDX-License-Identifier: MIT
"""What the driver kit's headers declare: the preprocessor's own output is read, so that names
which macros paste together (RtlULongAdd) count, and a name in a comment does not."""

import dataclasses
import pathlib
import re
import subprocess

import paths
from report import Failure

INCLUDE = paths.TREE / "libddk" / "include"
# wdm.h brings most; the rest are headers a driver includes by name.
ENTRY_HEADERS = ("initguid.h", "ntddk.h", "ntifs.h", "ntstrsafe.h", "ntintsafe.h", "wdmguid.h",
                 "ntdddisk.h", "ntddser.h", "ntddstor.h")
OPTIONAL_HEADERS = ("wdmsec.h", "usermode_accessors.h")
OPTIONS = ["-std=gnu23", "-fshort-wchar", "-fms-extensions", "-Wno-everything", "-DDBG=1"]

MARK = re.compile(r'^# \d+ "([^"]*)"')
DEFINE = re.compile(r"^#define (\w+)(\(?)")
TOKEN = re.compile(r"[A-Za-z_]\w*|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|.", re.S)
MEMBER_TABLES = ("_DMA_OPERATIONS",)
NOT_NAMES = {"__attribute__", "__asm__", "_Static_assert", "static_assert", "sizeof", "typeof",
             "__typeof__", "_Alignas", "if", "for", "while", "switch", "return"}


@dataclasses.dataclass(frozen=True)
class Declaration:
    name: str
    kind: str  # function, macro, member
    header: str  # as a driver would include it, or its part: ddk/list.h


def preprocess() -> str:
    names = list(ENTRY_HEADERS) + [n for n in OPTIONAL_HEADERS if (INCLUDE / n).exists()]
    source = "".join(f"#include <{name}>\n" for name in names)
    done = subprocess.run(["clang-19", "-E", "-dD", *OPTIONS, "-I", str(INCLUDE), "-x", "c", "-"],
                          input=source, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"the kit's headers do not preprocess: {done.stderr.splitlines()[0]}")
    return done.stdout


def by_header(text: str):
    """Yields (header, its lines) for the runs of lines that come from the kit."""
    header, lines = None, []
    for line in text.splitlines():
        if mark := MARK.match(line):
            if header and lines:
                yield header, lines
            path = pathlib.Path(mark[1])
            inside = path.is_relative_to(INCLUDE)
            header, lines = (str(path.relative_to(INCLUDE)) if inside else None), []
        elif header:
            lines.append(line)
    if header and lines:
        yield header, lines


class Reader:
    """Follows braces and parentheses over the runs of one translation unit."""

    def __init__(self):
        self.found: dict[str, Declaration] = {}
        self.depth = 0
        self.parentheses = 0
        self.table = None
        self.before: list[str] = []

    def add(self, name: str, kind: str, header: str) -> None:
        self.found.setdefault(name, Declaration(name, kind, header))

    def token(self, token: str, header: str) -> None:
        if token == "{":
            words = self.before[-3:]
            if self.depth == 0 and any(name in words for name in MEMBER_TABLES):
                self.table = header
            self.depth += 1
        elif token == "}":
            self.depth -= 1
            self.table = self.table if self.depth else None
        elif token == "(" and self.depth == 0 and self.parentheses == 0:
            self.function(header)
        elif token == ";" and self.table and self.depth == 1 and self.before:
            self.add(self.before[-1], "member", header)
        self.parentheses += (token == "(") - (token == ")")
        self.before = (self.before + [token])[-8:]

    def function(self, header: str) -> None:
        if len(self.before) < 2:
            return
        name, previous = self.before[-1], self.before[-2]
        typed = previous == "*" or (re.match(r"\w", previous) and previous != "typedef")
        if re.match(r"[A-Za-z_]\w*$", name) and typed and name not in NOT_NAMES:
            self.add(name, "function", header)

    def run(self, header: str, lines: list[str]) -> None:
        for line in lines:
            if define := DEFINE.match(line):
                self.add(define[1], "macro", header)
            elif not line.startswith("#"):
                for token in TOKEN.findall(line):
                    if not token.isspace():
                        self.token(token, header)


def declarations() -> dict[str, Declaration]:
    reader = Reader()
    for header, lines in by_header(preprocess()):
        reader.run(header, lines)
    return reader.found
