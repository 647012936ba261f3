# SPDX-License-Identifier: MIT
"""docs/kernel-abi.md against abi/kernel/ and the kernel's code: every constant is explained, every
method has its section with the right number, and the errors that section lists are the ones that
the method's code names.

What a method may answer is read from the sources: the errors in its `case` of the object's invoke
function, in what invoke says before the switch, and in every function of type `unsigned` that is
called from there, to any depth (a method's error travels in its result, so no other matters).
CAPABILITY, METHOD and DELETED, which the system call itself answers for every method, are
explained once.
"""

import pathlib
import re

import paths
from suite import Clock, Tally

ABI = paths.TREE / "abi" / "kernel"
KERNEL = paths.TREE / "kernel"
DOCUMENT = paths.TREE / "docs" / "kernel-abi.md"
ALWAYS = {"ASH_E_CAPABILITY", "ASH_E_METHOD", "ASH_E_DELETED"}
DEBUG_ONLY = ("ASH_PROVOKE_",)  # rules that a test breaks
# What a script cannot see: checks before the switch that these methods always pass.
NEVER = {"ASH_CNODE_FINISH": {"ASH_E_TRUNCATED"}, "ASH_FIRMWARE_INFO": {"ASH_E_RIGHTS"}}

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
ENUM = re.compile(r"enum (\w+) \{(.*?)\}", re.DOTALL)
CONSTANT = re.compile(r"\b(ASH_\w+)\s*=\s*(\w+)")
DEFINE = re.compile(r"^#define (ASH_[A-Z]\w*)", re.MULTILINE)
FUNCTION = re.compile(r"^(?:\[\[[^\]]*\]\] )?(?:static )?(?:inline )?unsigned\s(\w+)\([^;{]*\)\n"
                      r"\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
ERROR = re.compile(r"\bASH_E_\w+")
CALL = re.compile(r"\b(\w+)\(")
HEADING = re.compile(r"^### .*\(`(ASH_\w+)`, (\d+)\)$", re.MULTILINE)
LISTED = re.compile(r"^Errors: (.*?)\.$", re.MULTILINE | re.DOTALL)


def bare(path: pathlib.Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def constants() -> dict[str, dict[str, str]]:
    """Enumerators of abi/kernel/*.h with their values, by enum; "" holds the macros."""
    found = {"": {}}
    for path in sorted(ABI.glob("*.h")):
        text = bare(path)
        found[""] |= {name: "" for name in DEFINE.findall(text)}
        for name, body in ENUM.findall(text):
            found[name] = dict(CONSTANT.findall(body))
    return found


class Code:
    """The functions of type unsigned of the kernel: a name stands for the one in the same file, or
    for the only one elsewhere."""

    def __init__(self):
        self.files = {path: dict(FUNCTION.findall(bare(path)))
                      for path in sorted(KERNEL.rglob("*.c")) if path.parent.name != "check"}
        self.everywhere = {}
        for functions in self.files.values():
            self.everywhere |= functions

    def errors(self, path: pathlib.Path, text: str) -> set[str]:
        """All errors named in `text`, which stands in `path`, and in what it calls."""
        found, seen, todo = set(), set(), [text]
        while todo:
            part = todo.pop()
            found |= set(ERROR.findall(part))
            for name in set(CALL.findall(part)) - seen:
                seen.add(name)
                todo.append(self.files[path].get(name) or self.everywhere.get(name, ""))
        return found

    def methods(self, names: list[str]) -> dict[str, set[str]]:
        found = {}
        for path, functions in self.files.items():
            for name, body in functions.items():
                if name.startswith("invoke") and "method" in body:
                    self.dispatcher(path, body, names, found)
        return found

    def dispatcher(self, path, body: str, names: list[str], found: dict) -> None:
        """One invoke function: the methods it names, each with its part of the text. A method
        without a part of its own is the last one: what is left in the function."""
        common, parts = split(body)
        here = [name for name in names if name in body]
        first = min((names.index(name) for name in here), default=0)
        last = max((names.index(name) for name in here), default=-1)
        for name in names[first:last + 1]:
            if name not in here and name in found:
                continue  # another object's, with a number in between
            part = parts.get(name, parts.get("default", ""))
            found[name] = (self.errors(path, common + part) - ALWAYS
                           - NEVER.get(name, set()))


def split(body: str) -> tuple[str, dict[str, str]]:
    """Cuts `case X:` and `if (method == X) return ...;` out of the text of an invoke function."""
    parts = {}

    def cut(match: re.Match) -> str:
        parts[match[1]] = match[2]
        return ""

    body = re.sub(r"if \(method == (ASH_\w+)\)(.*?;)", cut, body, flags=re.DOTALL)
    pieces = re.split(r"\b(?:case (ASH_\w+)|(default)):", body)
    names = []
    for one, other, text in zip(pieces[1::3], pieces[2::3], pieces[3::3]):
        names.append(one or other)
        if text.strip():  # else the next label shares its text
            parts |= dict.fromkeys(names, text)
            names = []
    return pieces[0], parts


def sections(text: str) -> dict[str, tuple[str, str]]:
    """The sections about methods: number and text, by constant."""
    found = {}
    matches = list(HEADING.finditer(text))
    for match in matches:
        end = re.compile(r"^##", re.MULTILINE).search(text, match.end())
        found[match[1]] = (match[2], text[match.end():end.start() if end else len(text)])
    return found


def listed(section: str) -> set[str] | None:
    """The errors of a section's line "Errors: RANGE, OCCUPIED." or "Errors: none."."""
    line = LISTED.search(section)
    if line is None:
        return None
    return {"ASH_E_" + name for name in re.findall(r"\b[A-Z_]{2,}\b", line[1])}


def short(names: set[str]) -> str:
    return ", ".join(sorted(name.removeprefix("ASH_E_") for name in names)) or "none"


def findings(text: str) -> tuple[int, list[str]]:
    """How much was checked, and what is wrong with the document's text."""
    wrong, enums = [], constants()
    every = [name for names in enums.values() for name in names
             if not name.startswith(DEBUG_ONLY)]
    wrong += [f"{name} is not explained" for name in every
              if not re.search(rf"\b{name}\b", text)]
    methods, code, described = enums["ash_method"], Code(), sections(text)
    possible = code.methods(list(methods))
    wrong += [f"{name} has a section but does not exist" for name in described.keys() - methods]
    for name, number in methods.items():
        if name not in described:
            wrong.append(f"{name} has no section")
            continue
        if described[name][0] != number:
            wrong.append(f"{name} is {number}, not {described[name][0]}")
        errors = listed(described[name][1])
        if name not in possible:
            wrong.append(f"{name}: no invoke function in kernel/ names it")
        elif errors is None:
            wrong.append(f"{name}: its section has no line \"Errors: ...\"")
        elif errors != possible[name]:
            wrong.append(f"{name}: lists {short(errors)}; its code has {short(possible[name])}")
    for name, number in enums["ash_error"].items():
        if not re.search(rf"^\| {number} \| `{name}` \|", text, re.MULTILINE):
            wrong.append(f"{name}: no row `| {number} | `{name}` |` in the table of errors")
    wrong += structures(text)
    return len(every) + len(methods) + len(enums["ash_error"]), wrong


def structures(text: str) -> list[str]:
    """Every struct of the interface is drawn with all its members."""
    wrong = []
    for path in sorted(ABI.glob("*.h")):
        for name, body in re.findall(r"struct (\w+) \{(.*?)\n\}", bare(path), re.DOTALL):
            drawing = re.search(rf"`struct {name}`.*?\n\n(.*?)\n\n", text, re.DOTALL)
            members = re.findall(r"(\w+)(?:\[[^\]]*\])?;", body)
            missing = [member for member in members
                       if drawing is None or not re.search(rf"\b{member}\b", drawing[1])]
            wrong += [f"struct {name}: {member} is not drawn" for member in missing]
    return wrong


def documentation(tally: Tally) -> None:
    clock = Clock()
    checked, wrong = findings(DOCUMENT.read_text(encoding="utf-8"))
    tally.group("style/kernel-abi", checked - len(wrong), wrong, clock.seconds(),
                "docs/kernel-abi.md explains abi/kernel/; see tools/ashlar/suite_abi.py")
