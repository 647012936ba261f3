# SPDX-License-Identifier: MIT
"""Headers under the names that external sources use. Windows knows no letter case and takes a
backslash for a slash, so a source may say <NtDDK.h> or "..\\inc\\Public.h". For each such name a
header with exactly that name is made in a folder of its own, which includes the real one; a source
is never changed. Headers that Windows builds would generate (*.tmh) are made here as well."""

import pathlib
import re

from external import in_any_case

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.M)
DEPTH = ("0", "1", "2", "3", "4", "5", "6", "7")  # room for names that begin with ../
TRACE_FUNCTION = re.compile(r"^\s*(?://|\*)?\s*FUNC\s+(\w+)\s*(?:\{[^}]*\})?\s*\(", re.M)


def text_of(file: pathlib.Path) -> str:
    data = file.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


class Forwarder:
    """`own`: folders of the external sources; `system`: the kit's and the C library's."""

    def __init__(self, target: pathlib.Path, own: list[pathlib.Path], system: list[pathlib.Path]):
        self.root = target.joinpath(*DEPTH)
        self.root.mkdir(parents=True, exist_ok=True)
        self.own, self.system = own, system
        self.seen: set[pathlib.Path] = set()
        self.made: list[str] = []
        self.trace_functions: set[str] = set()
        self.trace_headers: list[pathlib.Path] = []

    def follow(self, file: pathlib.Path) -> None:
        """Makes what this file and everything it includes need."""
        if file in self.seen:
            return
        self.seen.add(file)
        text = text_of(file)
        self.trace_functions.update(TRACE_FUNCTION.findall(text))
        for angled, quoted in INCLUDE.findall(text):
            self.resolve(file, angled or quoted, bool(quoted))

    def resolve(self, file: pathlib.Path, name: str, quoted: bool) -> None:
        if name.lower().endswith(".tmh"):
            self.trace_headers.append(self.place_of(name))
            return
        folders = ([file.parent] if quoted else []) + self.own
        for folder in folders + self.system:
            found = in_any_case(folder, name)
            if found is None or not found.is_file():
                continue
            if (folder / name).exists() and "\\" not in name:
                if folder not in self.system:
                    self.follow(found)
                return
            self.forward(name, found)
            if folder not in self.system:
                self.follow(found)
            return

    def place_of(self, name: str) -> pathlib.Path:
        place = self.root
        for part in name.replace("\\", "/").split("/"):
            place = place.parent if part == ".." else place / part
        return place

    def forward(self, name: str, found: pathlib.Path) -> None:
        place = self.place_of(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        text = f'#include "{found.resolve()}"\n'
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            place.write_text(text, encoding="utf-8")
        if name not in self.made:
            self.made.append(name)

    def write_trace_headers(self) -> None:
        """The preprocessor of WPP would write them. Here trace messages are compiled away."""
        functions = sorted(self.trace_functions | {"DoTraceMessage"})
        text = "#include <ddk/trace.h>\n" + "".join(
            f"#ifndef {name}\n#define {name}(...) ((void)0)\n#endif\n" for name in functions)
        for place in self.trace_headers:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
