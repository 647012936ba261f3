# SPDX-License-Identifier: MIT
"""Tokens and statements of preprocessed C. The preprocessor has been there, so there are neither
comments nor conditionals, and each token knows the file and line it came from. What a statement
is follows from its first token and balanced brackets alone; expressions are not looked into."""

import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<marker>^[ \t]*\#[ \t]*(?:line[ \t]+)?(?P<line>\d+)[ \t]*
        "(?P<file>(?:[^"\\]|\\.)*)"(?P<flags>[^\n]*))
  | (?P<pragma>^[ \t]*\#[^\n]*)
  | (?P<word>[A-Za-z_$][\w$]*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<text>(?:"(?:[^"\\\n]|\\.)*")|(?:'(?:[^'\\\n]|\\.)*'))
  | (?P<newline>\n)
  | (?P<space>[ \t\r\f\v]+)
  | (?P<sign>.)
""", re.X | re.M)
CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclasses.dataclass
class Token:
    text: str
    start: int  # offset in the text
    file: str
    line: int
    system: bool  # from a header of the kit or of the C library

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens(text: str) -> list[Token]:
    found: list[Token] = []
    file, line, system = "", 1, False
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if match["marker"] is not None:
            file = match["file"].replace('\\\\', '\\')
            line = int(match["line"]) - 1  # the line end that follows counts
            system = " 3" in match["flags"]
        elif kind == "newline":
            line += 1
        elif kind not in ("space", "pragma"):
            found.append(Token(match.group(), match.start(), file, line, system))
    return found


@dataclasses.dataclass
class Statement:
    """kind: block, if, for, while, do, switch, case, label, break, continue, goto, return, plain.
    `head` is the token range of what stands in the brackets behind the word (or the label's name),
    `parts` are the statements inside."""
    kind: str
    first: int
    last: int = 0  # its last token
    head: tuple[int, int] = (0, 0)
    parts: list["Statement"] = dataclasses.field(default_factory=list)


class Unreadable(Exception):
    """The text is no C that this reader understands."""


class Reader:
    def __init__(self, found: list[Token]):
        self.tokens = found
        self.at = 0

    def text(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    def balanced(self) -> tuple[int, int]:
        """Steps over a bracketed range; where it begins and ends."""
        begin, stack = self.at, []
        while self.at < len(self.tokens):
            text = self.tokens[self.at].text
            if text in CLOSING:
                stack.append(CLOSING[text])
            elif stack and text == stack[-1]:
                stack.pop()
            elif text in (")", "]", "}"):
                raise Unreadable("unbalanced brackets")
            self.at += 1
            if not stack:
                return begin, self.at - 1
        raise Unreadable("unbalanced brackets")

    def through_semicolon(self) -> None:
        while self.text() not in (";", ""):
            if self.text() in CLOSING:
                self.balanced()
            elif self.text() in (")", "]", "}"):
                raise Unreadable("a statement without its semicolon")
            else:
                self.at += 1
        self.at += 1

    def functions(self) -> list[Statement]:
        """The bodies of all functions. At file scope a brace behind a closing bracket opens one;
        every other brace belongs to a type or an initialiser."""
        bodies = []
        while self.at < len(self.tokens):
            if self.text() == "{" and self.at > 0 and self.tokens[self.at - 1].text == ")":
                bodies.append(self.statement())
            elif self.text() in CLOSING:
                self.balanced()
            else:
                self.at += 1
        return bodies

    def statement(self) -> Statement:
        made = Statement("plain", self.at)
        read = getattr(self, "read_" + WORDS.get(self.text(), ""), None)
        if self.text() == "{":
            self.block(made)
        elif read is not None:
            made.kind = self.text()
            read(made)
        elif self.text(1) == ":" and self.text().isidentifier() and self.text(2) != ":":
            made.kind = "label"
            made.head = (self.at, self.at)
            self.at += 2
            if self.text() != "}":
                made.parts.append(self.statement())
        else:
            self.through_semicolon()
        made.last = self.at - 1
        return made

    def block(self, made: Statement) -> None:
        made.kind = "block"
        self.at += 1
        while self.text() != "}":
            if self.text() == "":
                raise Unreadable("a block without its end")
            made.parts.append(self.statement())
        self.at += 1

    def read_if(self, made: Statement) -> None:
        self.read_loop(made)
        if self.text() == "else":
            self.at += 1
            made.parts.append(self.statement())

    def read_loop(self, made: Statement) -> None:
        self.at += 1
        made.head = self.balanced()
        made.parts.append(self.statement())

    def read_do(self, made: Statement) -> None:
        self.at += 1
        made.parts.append(self.statement())
        if self.text() != "while":
            raise Unreadable("a do without its while")
        self.through_semicolon()

    def read_case(self, made: Statement) -> None:
        made.kind = "case"
        questions = 0
        while self.text() != ":" or questions:
            questions += {"?": 1, ":": -1}.get(self.text(), 0)
            if self.text() == "":
                raise Unreadable("a case without its colon")
            self.at += 1
        self.at += 1
        if self.text() not in ("}", "case", "default"):
            made.parts.append(self.statement())

    def read_jump(self, made: Statement) -> None:
        made.head = (self.at + 1, self.at + 1)
        self.through_semicolon()


WORDS = {"if": "if", "for": "loop", "while": "loop", "switch": "loop", "do": "do", "case": "case",
         "default": "case", "break": "jump", "continue": "jump", "goto": "jump",
         "return": "jump"}
