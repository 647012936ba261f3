# SPDX-License-Identifier: MIT
"""What the kit cannot support in an external source, found before anything runs: jumps out of a
__try block past its __finally, inline assembly, a cast as the left side of an assignment (the
compiler says where), and the type `long`, which has 64 bits here. The scan reads the
preprocessor's output, so that it sees what macros hide and not what is switched off."""

import dataclasses
import re

import seh
from ctext import Token

ASSEMBLY = {"__asm", "_asm", "__asm__", "__emit"}
CAST = re.compile(r"^(?P<file>[^\n:]+):(?P<line>\d+):\d+: error: assignment to cast is illegal",
                  re.M)
RAISED = re.compile(r"^(?P<file>[^\n:]+):(?P<line>\d+):\d+: error: cannot "
                    r"(?:increment|decrement) value of type", re.M)


@dataclasses.dataclass
class Finding:
    """`fatal`: what would run would be wrong. The others are for the author to look at."""
    file: str
    line: int
    what: str
    fatal: bool = True

    def show(self) -> str:
        return f"{self.file}:{self.line}: {'error' if self.fatal else 'note'}: {self.what}"


def assembly(found: list[Token]) -> list[Finding]:
    sites = []
    for token, after in zip(found, found[1:]):
        opens = token.text == "asm" and after.text in ("(", "volatile", "{")
        if not token.system and (token.text in ASSEMBLY or opens):
            sites.append(Finding(token.file, token.line, "inline assembly: the instructions of "
                                 "another processor mean nothing on RISC-V; write it in C, or use "
                                 "a routine of the kit"))
    return sites


def bare_long(found: list[Token]) -> list[Finding]:
    """`long` by itself: 32 bits on Windows, 64 here. One note for each file."""
    lines: dict[str, set[int]] = {}
    around = [None, *found, None]
    for before, token, after in zip(around, found, around[2:]):
        pair = (before is not None and before.text == "long") or \
            (after is not None and after.text in ("long", "double"))
        if token.text == "long" and not token.system and not pair:
            lines.setdefault(token.file, set()).add(token.line)
    return [Finding(file, min(places), f"`long` has 64 bits here and 32 on Windows ({len(places)} "
                    "lines, this is the first): build with --long32 if a structure or a "
                    "calculation counts on 32", fatal=False)
            for file, places in lines.items()]


def preprocessed(unit: seh.Unit) -> list[Finding]:
    jumps = [Finding(site.file, site.line, site.what + "; use __leave, or move the jump behind the "
                     "statement") for site in unit.skipped if site.file]
    return jumps + assembly(unit.tokens) + bare_long(unit.tokens)


def compiler_said(messages: str) -> list[Finding]:
    """Errors of the compiler that are really questions of what the kit supports."""
    casts = {(match["file"], int(match["line"])) for match in CAST.finditer(messages)}
    casts |= {(match["file"], int(match["line"])) for match in RAISED.finditer(messages)
              if "lvalue" in messages}
    return [Finding(file, line, "a cast on the left of an assignment: an extension that neither "
                    "C nor this compiler has; write *(TYPE *)&variable = ...")
            for file, line in sorted(casts)]


# Headers of frameworks and port drivers that are no part of WDM, by the start of their names.
FOREIGN = {
    "wdf": "a driver of the Kernel-Mode Driver Framework; the kit is WDM alone",
    "ndis": "a network driver of NDIS, which is no part of WDM",
    "netadaptercx": "a network driver of NetAdapterCx, which is no part of WDM",
    "fltkernel": "a minifilter; the filter manager is no part of WDM",
    "fwp": "a driver of the Windows Filtering Platform, which is no part of WDM",
    "storport": "a miniport of Storport, which is no part of WDM",
    "scsi": "a driver of the SCSI port and class libraries, which are no part of WDM",
    "classpnp": "a driver of the storage class library, which is no part of WDM",
    "portcls": "an audio miniport, which is no part of WDM",
    "ks": "a driver of kernel streaming, which is no part of WDM",
    "hidport": "a HID minidriver: the HID class driver comes later",
    "usb": "a USB client driver: there is no USB stack yet",
    "wsk": "a client of Winsock Kernel: there is no network stack yet",
    "tdi": "a transport driver: there is no network stack yet",
    "acpi": "a client of ACPI, which this machine does not have",
    "d3dkm": "a display driver, which is no part of WDM",
}
MISSING = re.compile(r"^(?P<where>[^\n]+?:\d+):\d+: fatal error: '(?P<name>[^']+)' file not found",
                     re.M)


def missing_header(messages: str) -> str:
    """In words: which header is missing and what that means; empty if it is something else."""
    match = MISSING.search(messages)
    if match is None:
        return ""
    name = match["name"].replace("\\", "/").rpartition("/")[2].lower()
    for start, meaning in FOREIGN.items():
        if name.startswith(start):
            return f"{match['where']} includes {match['name']}: {meaning}"
    return f"{match['where']} includes {match['name']}, which neither the kit nor the folder has"
