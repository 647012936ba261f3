# SPDX-License-Identifier: MIT
"""What the tests of the driver kit declare to show (tests/libddk/ddi_test.h). A declaration
counts only when the test it stands in uses the routine, itself or through functions and macros of
the same file or of the headers beside it; everything else is a complaint."""

import dataclasses
import pathlib
import re

import paths

FOLDERS = ("tests/libddk",)
ASPECTS = ("RESULTS", "ERRORS", "IRQL")

DECLARATION = re.compile(r"\b(DDI_(?:TEST|SHOWS|IRQL_MAX|IRQL_MIN)(?:_MACRO|_MEMBER)?)\s*\(")
FUNCTION = re.compile(r"^(?:[A-Za-z_][\w \t*]*?[\s*])?([A-Za-z_]\w*)\s*\(", re.M)
MACRO = re.compile(r"^#define (\w+)((?:\\\n|.)*)", re.M)
WORD = re.compile(r"[A-Za-z_]\w*")
GENERATED = re.compile(r"^(?!DDI_|TEST)([A-Z]\w*)(\([^();{}]*\));?$", re.M)  # MACRO(name, ...)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', re.S)
LIMITS = {"PASSIVE_LEVEL": "PASSIVE", "APC_LEVEL": "APC", "DISPATCH_LEVEL": "DISPATCH"}


@dataclasses.dataclass(frozen=True)
class Shown:
    routine: str
    aspect: str
    test: str  # file:test
    limit: str  # of an IRQL test that names one: <=DISPATCH, >=DISPATCH
    kind: str  # function, macro, member


def without_comments(text: str) -> str:
    """Comments and strings blanked out, with the offsets kept."""
    def blank(match: re.Match) -> str:
        inner = re.sub(r"[^\n]", " ", match[0])
        return f'"{inner[1:-1]}"' if match[0][0] == '"' else inner
    return COMMENT.sub(blank, text)


def closing(text: str, start: int, pair: str = "()") -> int:
    """The offset behind the bracket that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == pair[0]) - (text[at] == pair[1])
        if depth == 0:
            return at + 1
    return len(text)


def arguments(text: str, start: int) -> tuple[list[str], int]:
    end = closing(text, start)
    parts, depth, begin = [], 0, start + 1
    for at in range(start + 1, end):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if (text[at] == "," and depth == 0) or at == end - 1:
            parts.append(" ".join(text[begin:at].split()))
            begin = at + 1
    return parts, end


@dataclasses.dataclass
class Body:
    name: str
    start: int
    end: int
    words: set[str]


def bodies(text: str) -> list[Body]:
    """Functions and tests: a name, parentheses and braces at the outermost level."""
    found = []
    for match in FUNCTION.finditer(text):
        parts, end = arguments(text, match.end() - 1)
        brace = re.match(r"\s*\{", text[end:])
        if not brace or match[0].startswith((" ", "\t", "#")):
            continue
        start = end + brace.end() - 1
        stop = closing(text, start, "{}")
        name = parts[-1] if match[1] in ("TEST", "DDI_TEST", "DDI_TEST_MACRO") else match[1]
        found.append(Body(name, match.start(), stop, set(WORD.findall(text[start:stop]))))
    return found


def used_by(words: set[str], known: dict[str, set[str]]) -> set[str]:
    """The words of a body and of everything of the file that it names."""
    reached, todo = set(), set(words)
    while todo:
        reached |= todo
        todo = set().union(*(known.get(word, set()) for word in todo)) - reached
    return reached


class File:
    def __init__(self, path: pathlib.Path, shared: dict[str, set[str]]):
        self.name = path.stem
        self.where = str(path.relative_to(paths.TREE))
        self.text = without_comments(path.read_text(encoding="utf-8"))
        self.bodies = bodies(self.text)
        self.known = dict(shared)
        for body in self.bodies:
            self.known[body.name] = body.words
        for macro in MACRO.finditer(self.text):
            self.known.setdefault(macro[1], set(WORD.findall(macro[2])))
        for made in GENERATED.finditer(self.text):
            words = WORD.findall(made[2])
            if words:
                self.known.setdefault(words[0], set(words[1:]) | {made[1]})
        self.shown: list[Shown] = []
        self.complaints: list[str] = []

    def complain(self, at: int, text: str) -> None:
        line = self.text.count("\n", 0, at) + 1
        self.complaints.append(f"{self.where}:{line}: {text}")

    def body_at(self, offset: int) -> Body | None:
        for body in self.bodies:
            if body.start <= offset < body.end:
                return body
        return None

    def read(self) -> None:
        for match in DECLARATION.finditer(self.text):
            line_start = self.text.rfind("\n", 0, match.start()) + 1
            if not self.text[line_start:match.start()].lstrip().startswith("#"):
                parts, _ = arguments(self.text, match.end() - 1)
                self.declaration(match.start(), match[1], parts)

    def declaration(self, at: int, macro: str, parts: list[str]) -> None:
        kind = "function" if macro.count("_") == 1 else macro.rsplit("_", 1)[1].lower()
        if macro.startswith("DDI_IRQL"):
            self.irql(at, macro, parts)
            return
        body = self.body_at(at)
        routine, aspects = (parts[1], parts[2]) if kind == "member" else (parts[0], parts[1])
        if body is None:
            self.complain(at, f"{macro}({routine}) stands in no test")
            return
        if not self.is_test(body):
            self.complain(at, f"{macro}({routine}) stands in {body.name}, which is no test")
        here = {w for w in body.words}
        if macro.startswith("DDI_SHOWS") and not self.uses(body, routine):
            self.complain(at, f"{body.name} declares {routine} but does not use it")
            return
        if macro.startswith("DDI_TEST") and routine not in used_by(here, self.known):
            self.complain(at, f"{body.name} declares {routine} but does not use it")
            return
        for aspect in (part.strip() for part in aspects.split("|")):
            if aspect not in ASPECTS:
                self.complain(at, f"{aspect} is no aspect: {', '.join(ASPECTS)}")
            self.shown.append(Shown(routine, aspect, f"{self.name}:{body.name}", "", kind))

    def is_test(self, body: Body) -> bool:
        head = self.text[body.start:self.text.find("{", body.start)]
        return bool(re.match(r"(DDI_)?TEST(_MACRO)?\s*\(", head))

    def uses(self, body: Body, routine: str) -> bool:
        """A mention besides the declarations themselves."""
        text = self.text[body.start:body.end]
        bare = re.sub(r"DDI_SHOWS\w*\s*\([^;]*\);", " ", text)
        return routine in used_by(set(WORD.findall(bare)) - {body.name}, self.known)

    def irql(self, at: int, macro: str, parts: list[str]) -> None:
        routine, limit = parts[0], LIMITS.get(parts[1])
        words = set(WORD.findall(" ".join(parts[2:])))
        if limit is None:
            self.complain(at, f"{parts[1]} is no limit: {', '.join(LIMITS)}")
        elif routine not in used_by(words, self.known):
            self.complain(at, f"{macro}({routine}) does not call it")
        else:
            sign = "<=" if "_MAX" in macro else ">="
            kind = "macro" if macro.endswith("_MACRO") else "function"
            self.shown.append(Shown(routine, "IRQL", f"{self.name}:irql_of_{routine}",
                                    sign + limit, kind))


def read_all() -> tuple[list[Shown], list[str]]:
    """Everything that is shown, and complaints about declarations that show nothing."""
    shown, complaints = [], []
    for folder in FOLDERS:
        shared: dict[str, set[str]] = {}
        base = paths.TREE / folder
        for header in sorted(base.glob("*.h")):
            if header.name == "ddi_test.h":
                continue
            text = without_comments(header.read_text(encoding="utf-8"))
            shared.update({body.name: body.words for body in bodies(text)})
            shared.update({m[1]: set(WORD.findall(m[2])) for m in MACRO.finditer(text)})
        built = (base / "meson.build").read_text(encoding="utf-8")
        for path in sorted(base.glob("*.c")):
            file = File(path, shared)
            file.read()
            if file.shown and f"'{path.stem.removeprefix('test_')}'" not in built:
                complaints.append(f"{file.where}: is not built by {folder}/meson.build")
                continue
            shown += file.shown
            complaints += file.complaints
    return shown, complaints
