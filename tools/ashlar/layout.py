# SPDX-License-Identifier: MIT
"""Layout of the structures that an external source defines: the same as on Windows, or it is said
where not. The compiler lays each one out twice, for this system and for Windows on a 64-bit
processor; only what the source itself defines is compared (its `long`, its bit-fields), so the
system's headers are read with their 64-bit `long` in both cases."""

import re
import subprocess

from ctext import Token
from scan import Finding

DUMP = ["-fsyntax-only", "-w", "-x", "cpp-output", "-Xclang", "-fdump-record-layouts-complete"]
WINDOWS = ["--target=x86_64-pc-windows-msvc"]
HERE = ["--target=riscv64-unknown-elf", "-march=rv64gc", "-mabi=lp64d"]
HEAD = re.compile(r"^ *0 \| (?:struct |union )?(\S.*?) *(?:\(empty\))?$")
MEMBER = re.compile(r"^ *([\d:-]+) \|( +)(.*\S)")
UNNAMED = re.compile(r"^\(unnamed at (.*):(\d+):\d+\)$")
SIZE = re.compile(r"\[sizeof=(\d+)")


def records(dump: str) -> dict[str, tuple[int, list[tuple[str, str]]]]:
    """Name of a structure -> size, members (offset, text) of the first level and below."""
    found = {}
    for part in dump.split("*** Dumping AST Record Layout\n")[1:]:
        lines = part.splitlines()
        head = HEAD.match(lines[0])
        size = SIZE.search(part)
        if head is None or size is None:
            continue
        members = [(match[1], match[3]) for line in lines[1:] if (match := MEMBER.match(line))
                   and not match[3].startswith("[")]
        found[head[1]] = (int(size[1]), members)
    return found


def defined(found: list[Token], heads) -> dict[str, tuple[str, int]]:
    """What the source itself defines, with its place: structures with a tag, and those without,
    which the compiler calls by their place."""
    names: dict[str, tuple[str, int]] = {}
    own = {token.file for token in found if not token.system}
    for before, token, after in zip(found, found[1:], found[2:]):
        if before.text in ("struct", "union") and after.text == "{" and not token.system:
            names.setdefault(token.text, (token.file, token.line))
    for head in heads:
        match = UNNAMED.match(head)
        if match is not None and match[1] in own:
            names[head] = (match[1], int(match[2]))
    return names


def with_own_long(text: str, found: list[Token]) -> str:
    """The text in which `long` of the system's headers has 64 bits on Windows as well."""
    out, place = [], 0
    around = [None, *found, None]
    for before, token, after in zip(around, found, around[2:]):
        pair = (before is not None and before.text == "long") or \
            (after is not None and after.text in ("long", "double"))
        if token.text == "long" and token.system and not pair:
            out += [text[place:token.end], " long"]
            place = token.end
    return "".join(out) + text[place:]


def dump(compiler: str, target: list[str], language: list[str], text: str) -> dict:
    done = subprocess.run([compiler, *target, *language, *DUMP, "-"], input=text,
                          capture_output=True, text=True, errors="replace")
    return records(done.stdout)  # what could not be read has no record


def first_difference(here: list, there: list) -> str:
    for (offset, text), (other, _) in zip(here, there):
        if offset != other:
            return f"`{text}` is at {offset} here and at {other} there"
    return "its members are as far from its start in both, its end is not"


def check(compiler: str, language: list[str], text: str, found: list[Token]) -> list[Finding]:
    here = dump(compiler, HERE, language, text)
    names = defined(found, here)
    there = dump(compiler, WINDOWS, language, with_own_long(text, found)) if names else {}
    findings = []
    for name, (file, line) in names.items():
        if name not in here or name not in there or here[name] == there[name]:
            continue
        (size, members), (other, others) = here[name], there[name]
        if size == other and [place for place, _ in members] == [place for place, _ in others]:
            continue  # a type is only spelt differently
        called = "a structure without a tag" if UNNAMED.match(name) else f"the structure {name}"
        findings.append(Finding(
            file, line, f"{called} has {size} bytes here and {other} on Windows: "
            f"{first_difference(members, others)}; --long32 helps where `long` is why"))
    return findings
