# SPDX-License-Identifier: MIT
"""Structured exception handling of external sources. The kit's __try is a `for` statement over a
frame (libddk/include/ddk/seh.h), so a `break` or `continue` inside of it, or in its handler, would
end that statement and not the loop or switch around it, as it does with Microsoft's compiler.
Here such jumps of a preprocessed source are turned into `goto` to where they belong; and the jumps
that leave a __try block past its __finally, which the kit cannot run then, are listed."""

import dataclasses

from ctext import Reader, Statement, Token, Unreadable, tokens

FRAME = "DDK_SEH_FRAME"


@dataclasses.dataclass
class Site:
    """A place in a source and what is wrong there."""
    file: str
    line: int
    what: str


@dataclasses.dataclass
class Region:
    """What a statement stands in. `jumps`: where a break and a continue belong."""
    outer: "Region | None"
    statement: Statement
    kind: str  # loop, switch, seh, guarded (a __try block with __finally)


class Unit:
    """One preprocessed source: `edits` to its text, and the sites that no edit can cure."""

    def __init__(self, text: str):
        self.text = text
        self.tokens: list[Token] = tokens(text)
        self.edits: list[tuple[int, int, str]] = []  # offset, order, what goes in there
        self.skipped: list[Site] = []
        self.labels = 0
        self.wrapped: dict[tuple[int, str], str] = {}
        for body in self.functions():
            self.walk(body, None)
        self.join_wide_strings()

    def functions(self) -> list[Statement]:
        try:
            return Reader(self.tokens).functions()
        except Unreadable:
            return []  # the compiler will say what is wrong

    def join_wide_strings(self) -> None:
        """An L that a macro put before a string belongs to it, for Microsoft's compiler."""
        for mark, string in zip(self.tokens, self.tokens[1:]):
            apart = string.start > mark.end
            if mark.text == "L" and apart and string.text.startswith('"'):
                self.edits += [(mark.start, 2, "/*"), (mark.end, 0, "*/"), (string.start, 1, "L")]

    def word(self, place: int) -> str:
        return self.tokens[place].text

    def is_frame(self, statement: Statement) -> bool:
        return statement.kind == "for" and self.word(statement.head[0] + 1) == FRAME and \
            statement.parts[0].kind == "if" and len(statement.parts[0].parts) == 2

    def handler_of(self, statement: Statement) -> tuple[Statement, Statement]:
        """The block behind __try and the statement behind its `else`."""
        choice = statement.parts[0]
        return choice.parts[0], choice.parts[1]

    def has_finally(self, statement: Statement) -> bool:
        handler = self.handler_of(statement)[1]
        head = range(handler.head[0], handler.head[1] + 1)
        return handler.kind != "if" or all(self.word(i) != "DdkSehFilter" for i in head)

    def walk(self, statement: Statement, region: Region | None) -> None:
        if self.is_frame(statement):
            inside = Region(region, statement, "seh")
            body, handler = self.handler_of(statement)
            guarded = Region(inside, body, "guarded") if self.has_finally(statement) else inside
            self.walk(body, guarded)
            self.walk(handler, inside)
            return
        if statement.kind in ("for", "while", "do"):
            region = Region(region, statement, "loop")
        elif statement.kind == "switch":
            region = Region(region, statement, "switch")
        elif statement.kind in ("break", "continue"):
            self.jump(statement, region)
        elif statement.kind in ("goto", "return"):
            self.leave(statement, region)
        for part in statement.parts:
            self.walk(part, region)

    def jump(self, statement: Statement, region: Region | None) -> None:
        """A break or continue: `goto` when a __try lies between it and what it belongs to."""
        wanted = ("loop", "switch") if statement.kind == "break" else ("loop",)
        place, crossed, guard = region, False, False
        while place is not None and place.kind not in wanted:
            crossed = crossed or place.kind == "seh"
            guard = guard or place.kind == "guarded"
            place = place.outer
        if place is None or not crossed:
            return
        if guard:
            self.skip(statement, statement.kind)
        self.go(statement, self.target(place.statement, statement.kind))

    def leave(self, statement: Statement, region: Region | None) -> None:
        """A return or goto: a site when it leaves a block that has a __finally."""
        label = self.word(statement.head[0])
        if label == "ddk_seh_leave":
            return
        place = region
        while place is not None:
            if place.kind == "guarded" and not (statement.kind == "goto" and
                                                self.holds(place.statement, label)):
                self.skip(statement, statement.kind)
                return
            place = place.outer

    def holds(self, statement: Statement, label: str) -> bool:
        if statement.kind == "label" and self.word(statement.head[0]) == label:
            return True
        return any(self.holds(part, label) for part in statement.parts)

    def skip(self, statement: Statement, kind: str) -> None:
        token = self.tokens[statement.first]
        self.skipped.append(Site(token.file, token.line, f"`{kind}` leaves a __try block with a "
                                 "__finally: the kit would skip the __finally block"))

    def target(self, statement: Statement, kind: str) -> str:
        """A label behind a loop or switch, or at the end of a loop's body."""
        key = (statement.first, kind)
        if key not in self.wrapped:
            self.labels += 1
            label = self.wrapped[key] = f"ddk_{kind}_{self.labels}"
            whole = statement if kind == "break" else statement.parts[0]
            self.edits.append((self.tokens[whole.first].start, 1, "{ "))
            self.edits.append((self.tokens[whole.last].end, -whole.first, f" {label}:; }}"))
        return self.wrapped[key]

    def go(self, statement: Statement, label: str) -> None:
        token = self.tokens[statement.first]
        self.edits.append((token.start, 2, f"goto {label} /*"))
        self.edits.append((token.end, 0, "*/"))

    def rewritten(self) -> str:
        """The text with its edits; no line moves."""
        out, place = [], 0
        for offset, _, text in sorted(self.edits):
            out += [self.text[place:offset], text]
            place = offset
        return "".join(out) + self.text[place:]


def uses_frames(text: str) -> bool:
    return f"for ({FRAME}" in text or f"for({FRAME}" in text
