# SPDX-License-Identifier: MIT
"""Crash reports of drivers as records: docs/driver-rules.md describes their lines."""

import dataclasses
import re

HEAD = re.compile(r"^\*\*\* (?:driver|task) (\S+) \(task (\d+)(?:, thread \d+)?\) (.*)$", re.M)
BUGCHECK = re.compile(r"bugcheck (0x[0-9a-f]+) \((0x[0-9a-f]+), (0x[0-9a-f]+), (0x[0-9a-f]+), "
                      r"(0x[0-9a-f]+)\): (.*)")
CAUSE = re.compile(r"^    (.*): cause (\d+), value (0x[0-9a-f]+)$")
FIELD = re.compile(r"^    (name|rule|driver|routine|irp|event|owed|answered|sent) +(.*)$")
FRAME = re.compile(r"^#\d+ (0x[0-9a-f]+) task (\S+)$")


@dataclasses.dataclass
class Report:
    task: str
    how: str
    code: int | None = None
    parameters: tuple[int, ...] = ()
    text: str = ""
    fault: int | None = None
    name: str = ""
    rule: str = ""
    driver: str = ""
    routines: list[str] = dataclasses.field(default_factory=list)  # innermost first
    irps: list[str] = dataclasses.field(default_factory=list)
    events: list[str] = dataclasses.field(default_factory=list)  # oldest first
    ledger: list[str] = dataclasses.field(default_factory=list)
    frames: list[int] = dataclasses.field(default_factory=list)

    def take(self, line: str):
        if found := BUGCHECK.search(line):
            self.code = int(found[1], 16)
            self.parameters = tuple(int(word, 16) for word in found.groups()[1:5])
            self.text = found[6]
        elif found := CAUSE.match(line):
            self.text, self.fault = found[1], int(found[3], 16)
        elif found := FRAME.match(line):
            self.frames.append(int(found[1], 16))
        elif found := FIELD.match(line):
            self.take_field(found[1], found[2])

    def take_field(self, field: str, value: str):
        if field in ("name", "rule", "driver"):
            setattr(self, field, value)
        elif field == "routine":
            self.routines.append(value.split()[0])
        elif field == "irp":
            self.irps.append(value)
        elif field == "event":
            self.events.append(value)
        else:
            self.ledger.append(f"{field} {value}")


def reports(text: str) -> list[Report]:
    """Every report in what the guest printed."""
    found = []
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            found.append(Report(task=head[1], how=head[3]))
        elif found:
            found[-1].take(line)
    return found
