# SPDX-License-Identifier: MIT
"""Compiles and links external sources out of tree, with the options and libraries that the build
wrote into BUILD/kit.json. A source that uses structured exception handling is compiled without
optimisation (its locals must survive a jump) and from its preprocessed text (see seh.py)."""

import concurrent.futures
import dataclasses
import fcntl
import json
import os
import pathlib
import subprocess

import builder
import forward
import layout
import paths
import scan
import seh
from external import Description
from report import Failure, say

KIT = paths.BUILD / "kit.json"
EXTERNAL = paths.BUILD / "external"
# What Microsoft's compiler takes and this one has an opinion about.
QUIET = ["-Wno-microsoft", "-Wno-multichar", "-Wno-four-char-constants", "-Wno-unknown-pragmas",
         "-Wno-ignored-pragmas", "-Wno-pointer-sign", "-Wno-switch", "-Wno-unused-value",
         "-Wno-extra-tokens", "-Wno-parentheses", "-Wno-tautological-compare",
         "-Wno-pragma-pack", "-Wno-comment", "-Wno-missing-declarations", "-Wno-enum-conversion",
         "-Wno-ignored-attributes", "-Wno-visibility", "-Wno-unused-command-line-argument",
         "-Wno-invalid-token-paste"]
# __STDC__ and __GNUC__: the C library's headers ask for them; -fms-compatibility takes them away.
LANGUAGE = ["-std=gnu17", "-fms-extensions", "-fms-compatibility", "-fgnuc-version=4.2.1",
            "-fsigned-char", "-fshort-wchar", "-D_WIN64=1", "-D__STDC__=1"]


@dataclasses.dataclass
class Kind:
    """A driver or an application: what the two differ in."""
    word: str
    args: list[str]
    link_args: list[str]
    libraries: list[str]
    includes: list[pathlib.Path]
    defines: list[str]
    prelude: list[str]  # headers that --long32 reads before it redefines the type


def read_kit(word: str) -> tuple[Kind, list[str]]:
    """The kind and the compiler, with the libraries brought up to date."""
    if not KIT.exists():
        builder.build()
    builder.need(KIT, "kit.json")
    data = json.loads(KIT.read_text(encoding="utf-8"))
    libraries = data[f"{word}_libraries"]
    builder.build([os.path.relpath(library, paths.BUILD) for library in libraries])
    drops = {"-std=gnu23", "-std=c23"}
    args = [arg for arg in data[f"{word}_args"] if arg not in drops]
    own = ["_KERNEL_MODE=1"] if word == "driver" else []
    prelude = ["ntddk.h", "ntstrsafe.h"] if word == "driver" else ["windows.h"]
    return Kind(word, args, data[f"{word}_link_args"], libraries,
                [pathlib.Path(folder) for folder in data[f"{word}_includes"]], own,
                prelude), data["compiler"]


class Builder:
    """One driver or application on its way through the compiler."""

    def __init__(self, word: str, description: Description, arguments):
        self.kind, self.compiler = read_kit(word)
        self.description = description
        self.arguments = arguments
        self.work = EXTERNAL / f"{word}-{description.name}"
        self.work.mkdir(parents=True, exist_ok=True)
        self.lock = (self.work / "lock").open("w")  # until this process ends
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.messages: list[str] = []
        self.findings: list[scan.Finding] = []
        self.options = self.make_options()

    def system_folders(self) -> list[pathlib.Path]:
        args = self.kind.args
        library = [pathlib.Path(args[i + 1]) for i, arg in enumerate(args) if arg == "-isystem"]
        return self.kind.includes + library

    def make_forwarding_headers(self) -> pathlib.Path:
        own = [self.description.folder, *self.description.includes]
        forwarder = forward.Forwarder(self.work / "include", own, self.system_folders())
        forwarder.trace_functions.update(self.description.trace_functions)
        for source in self.description.sources:
            forwarder.follow(source)
        forwarder.write_trace_headers()
        if forwarder.trace_headers:
            say("trace messages (WPP) are compiled away: there is no trace session to take them")
        return forwarder.root

    def make_options(self) -> list[str]:
        description = self.description
        folders = [self.make_forwarding_headers(), description.folder, *description.includes]
        options = [f"-I{folder}" for folder in folders]
        for folder in self.kind.includes:
            options += ["-isystem", str(folder)]
        options += [*self.kind.args, *LANGUAGE, *QUIET]
        debug = [] if self.arguments.free else ["DBG=1"]
        options += [f"-D{name}" for name in self.kind.defines + debug + description.defines]
        if self.arguments.long32:
            options += ["-include", str(self.make_prelude())]
        return options + ["-g", "-fno-caret-diagnostics", "-fdiagnostics-color=never"]

    def make_prelude(self) -> pathlib.Path:
        """After the system's headers `long` is a type of 32 bits. `long long` does not survive
        that, which Windows sources do not use."""
        file = self.work / "long32.h"
        headers = "".join(f"#include <{name}>\n" for name in self.kind.prelude)
        file.write_text(headers + "#define long int\n", encoding="utf-8")
        return file

    def run(self, command: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(command, capture_output=True, text=True, errors="replace")

    def compile_one(self, source: pathlib.Path) -> pathlib.Path | None:
        stem = source.stem if source.parent == self.description.folder else \
            f"{source.parent.name}-{source.stem}"
        expanded, object_file = self.work / f"{stem}.i", self.work / f"{stem}.o"
        done = self.run([*self.compiler, *self.options, "-E", str(source), "-o", str(expanded)])
        if done.returncode != 0:
            self.messages.append(done.stderr)
            return None
        text = expanded.read_text(encoding="utf-8", errors="replace")
        unit = seh.Unit(text)
        self.findings += scan.preprocessed(unit)
        self.findings += layout.check(self.compiler[0], LANGUAGE, text, unit.tokens)
        what = ["-O0" if seh.uses_frames(text) else "-O2", str(source)]
        if unit.edits:
            expanded.write_text(unit.rewritten(), encoding="utf-8")
            what[1:] = ["-x", "cpp-output", str(expanded)]
        done = self.run([*self.compiler, *self.options, "-c", *what, "-o", str(object_file)])
        if done.stderr:
            self.messages.append(done.stderr)
        return object_file if done.returncode == 0 else None

    def report(self) -> None:
        """Shows what scan and compiler found; ends here if that cannot be built."""
        messages = "\n".join(text.strip() for text in self.messages if text.strip())
        self.findings += scan.compiler_said(messages)
        unique = sorted({finding.show(): finding for finding in self.findings}.items())
        for line, _ in unique:
            say(line)
        if messages and (self.arguments.warnings or "error:" in messages):
            say("the compiler's messages:\n" + messages)
        header = scan.missing_header(messages)
        if header:
            raise Failure(header, "add its folder with --include DIR if you have it; else this "
                          "source needs what the kit does not have")
        if any(finding.fatal for finding in self.findings) and not self.arguments.accept:
            raise Failure("the scan found what the kit cannot support (see above)",
                          "change those places, or build with --accept if you know that they do "
                          "not matter")

    def compile(self) -> list[pathlib.Path]:
        for reason in self.description.left_out:
            say(f"left out: {reason}")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            made = list(pool.map(self.compile_one, self.description.sources))
        self.report()
        if None in made:
            failed = [source.name for source, done in zip(self.description.sources, made)
                      if done is None]
            raise Failure(f"{', '.join(failed)} cannot be compiled (see above)",
                          "a name that the kit lacks is an issue for the kit; what it has is in "
                          "docs/ddk-coverage.md")
        return made

    def link(self, objects: list[pathlib.Path]) -> pathlib.Path:
        program = self.work / self.description.name
        args = self.kind.link_args
        script = [arg for arg in args if arg.startswith("-Wl,-T,")]
        others = [arg for arg in args if arg not in script]
        done = self.run([*self.compiler, *map(str, objects), *script, "-Wl,--start-group",
                         *self.kind.libraries, *others, "-Wl,--end-group", "-o", str(program)])
        if done.returncode != 0:
            say("the linker's messages:\n" + done.stderr.strip())
            raise Failure(f"{self.description.name} cannot be linked (see above)",
                          "an undefined symbol is a routine that the kit lacks, or one of a source "
                          "that is not listed")
        return program

    def build(self) -> pathlib.Path:
        return self.link(self.compile())
