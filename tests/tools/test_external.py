# SPDX-License-Identifier: MIT
"""Tests of `./ashlar driver build`, as far as they need no guest: what a folder says of itself,
headers under other names, jumps out of __try statements, and what the scan reports."""

import argparse
import json
import pathlib
import subprocess
import tempfile
import unittest

import driver_inf
import external
import external_build
import external_package
import forward
import layout
import paths
import scan
import seh
from ctext import Reader, tokens
from report import Failure

KIT = paths.TREE / "libddk" / "include"
CLANG = ["clang-19", "--target=riscv64-unknown-elf", "-E", "-fms-extensions", "-fshort-wchar",
         "-nostdlibinc", "-D__STDC__=1"]


def nothing(**changes) -> argparse.Namespace:
    values = {"source": [], "name": None, "include": [], "define": [], "inf": None}
    return argparse.Namespace(**{**values, **changes})


class Folder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name).resolve()

    def put(self, name: str, text: str) -> pathlib.Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


class Descriptions(Folder):
    """Which of the files that may say it counts, and what they say."""

    def test_project_in_another_case(self):
        self.put("src/One.c", "")
        self.put("inc/x.h", "")
        self.put("some.vcxproj", '<Project xmlns="x"><P><TargetName>Some</TargetName></P><I>'
                 "<AdditionalIncludeDirectories>$(DDK)\\inc;INC</AdditionalIncludeDirectories>"
                 "<PreprocessorDefinitions>A=1;%(PreprocessorDefinitions)</PreprocessorDefinitions>"
                 '<ClCompile Include="SRC\\one.C" /><ClCompile Include="src\\two.cpp" /></I>'
                 "</Project>")
        self.put("src/two.cpp", "")
        found = external.describe(self.folder, nothing())
        self.assertEqual(found.name, "some")
        self.assertEqual(found.sources, [self.folder / "src" / "One.c"])
        self.assertEqual(found.includes, [self.folder / "inc"])
        self.assertEqual(found.defines, ["A=1"])
        self.assertEqual(len(found.left_out), 1)

    def test_sources_file(self):
        self.put("a.c", "")
        self.put("b.c", "")
        self.put("SOURCES", "TARGETNAME=Old\nSOURCES=a.c \\\n b.c\nC_DEFINES=/DX -DY=2\n")
        found = external.describe(self.folder, nothing())
        self.assertEqual([file.name for file in found.sources], ["a.c", "b.c"])
        self.assertEqual((found.name, found.defines), ("old", ["X", "Y=2"]))

    def test_own_file_before_project(self):
        self.put("a.c", "")
        self.put("b.vcxproj", "<Project><ClCompile Include='missing.c'/></Project>")
        self.put("ashlar.toml", 'name = "mine"\nsources = ["a.c"]\ndefines = ["Z"]\n')
        found = external.describe(self.folder, nothing(define=["W"]))
        self.assertEqual((found.name, found.defines), ("mine", ["Z", "W"]))
        self.put("ashlar.toml", "source = 1\n")
        with self.assertRaisesRegex(Failure, "no key 'source'"):
            external.describe(self.folder, nothing())

    def test_all_c_files_and_errors(self):
        with self.assertRaisesRegex(Failure, "names no C source"):
            external.describe(self.folder, nothing(name="x"))
        self.put("z.c", "")
        self.assertEqual(len(external.describe(self.folder, nothing(name="x")).sources), 1)
        with self.assertRaisesRegex(Failure, "not there"):
            external.describe(self.folder, nothing(source=["y.c"], name="x"))
        with self.assertRaisesRegex(Failure, "cannot be the name"):
            external.describe(self.folder, nothing(name="a/b"))


class Forwarding(Folder):
    def test_case_and_backslashes(self):
        self.put("Inc/Real.h", "#include <OTHER.H>\n")
        self.put("other.h", "")
        source = self.put("sys/a.c", '#include "..\\INC\\real.h"\n#include <exact.h>\n')
        self.put("exact.h", "")
        made = forward.Forwarder(self.folder / "f", [self.folder], [])
        made.follow(source)
        self.assertEqual(sorted(made.made), ["..\\INC\\real.h", "OTHER.H"])
        place = made.root.parent / "INC" / "real.h"
        self.assertIn(str(self.folder / "Inc" / "Real.h"), place.read_text(encoding="utf-8"))

    def test_trace_headers(self):
        source = self.put("a.c", '// FUNC MyTrace(LEVEL, MSG, ...);\n#include "a.tmh"\n')
        made = forward.Forwarder(self.folder / "f", [self.folder], [])
        made.follow(source)
        made.write_trace_headers()
        self.assertIn("#define MyTrace(", (made.root / "a.tmh").read_text(encoding="utf-8"))


class Statements(unittest.TestCase):
    def kinds(self, text: str) -> list:
        def shape(statement):
            return [statement.kind, *map(shape, statement.parts)]
        return [shape(body) for body in Reader(tokens(text)).functions()]

    def test_shapes(self):
        self.assertEqual(self.kinds("int f(void) { if (a) b(); else { return 1; } }"),
                         [["block", ["if", ["plain"], ["block", ["return"]]]]])
        self.assertEqual(self.kinds("struct s { int a; }; void f() { do x(); while (1); }"),
                         [["block", ["do", ["plain"]]]])
        self.assertEqual(self.kinds("void f() { switch (x) { case A ? 1 : 2: break; default: } }"),
                         [["block", ["switch", ["block", ["case", ["break"]], ["case"]]]]])
        self.assertEqual(self.kinds("int a[] = { 1 }; void f() { again: goto again; }"),
                         [["block", ["label", ["goto"]]]])

    def test_lines(self):
        found = tokens('# 7 "x\\\\y.c"\none\n\ntwo /* 3 */')
        self.assertEqual([(t.text, t.file, t.line) for t in found[:2]],
                         [("one", "x\\y.c", 7), ("two", "x\\y.c", 9)])


class Scan(Folder):
    """The scan on sources as the preprocessor gives them, with the kit's own headers."""

    def unit(self, body: str, head: str = "") -> seh.Unit:
        source = self.put("t.c", f"#include <ntddk.h>\n{head}\nvoid g(void);\n"
                          f"int f(int x)\n{{\n{body}\nreturn 0;\n}}\n")
        kit = json.loads(external_build.KIT.read_text(encoding="utf-8"))["driver_args"]
        library = kit[kit.index("-isystem") + 1]
        done = subprocess.run([*CLANG, "-isystem", str(KIT), "-isystem", library, str(source)],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return seh.Unit(done.stdout)

    def found(self, body: str, head: str = "") -> list[tuple[int, bool]]:
        """Line within the body (from 1) and whether it is fatal."""
        return [(each.line - 5, each.fatal)
                for each in scan.preprocessed(self.unit(body, head)) if each.file.endswith("t.c")]

    def test_return_past_finally(self):
        self.assertEqual(self.found("__try {\nif (x) return 1;\n} __finally {\ng();\n}"),
                         [(2, True)])
        self.assertEqual(self.found("try {\ng();\nleave;\n} finally {\ng();\n}"), [])
        self.assertEqual(self.found("__try {\nreturn 1;\n} __except (1) {\nreturn 2;\n}"), [])

    def test_nested(self):
        body = "__try {\n__try {\nreturn 1;\n} __except (1) {\nreturn 2;\n}\n} __finally {\n}"
        self.assertEqual(self.found(body), [(3, True), (5, True)])

    def test_goto(self):
        body = "__try {\n{0};\n{1}\n} __finally {\n}\nout: g();"
        self.assertEqual(self.found(body.replace("{0}", "goto out").replace("{1}", "")),
                         [(2, True)])
        self.assertEqual(self.found(body.replace("{0}", "goto in").replace("{1}", "in: g();")), [])

    def test_break_past_finally(self):
        self.assertEqual(self.found("while (x) {\n__try {\nbreak;\n} __finally {\n}\n}"),
                         [(3, True)])
        self.assertEqual(self.found("__try {\nwhile (x) {\nbreak;\n}\n} __finally {\n}"), [])

    def test_hidden_in_a_macro(self):
        self.assertEqual(self.found("__try {\nLEAVE_NOW(x);\n} __finally {\n}",
                                    "#define LEAVE_NOW(c) if (c) return 3"), [(2, True)])
        self.assertEqual(self.found("#if 0\n__asm { nop }\n#endif"), [])

    def test_assembly(self):
        self.assertEqual(self.found("__asm {\nmov eax, 1\n}"), [(1, True)])
        self.assertEqual(self.found('int asmx = x; asm("nop");'), [(1, True)])

    def test_long(self):
        self.assertEqual(self.found("long a = 1;\nunsigned long b = 2;\nlong long c = 3;\n"
                                    "LONG d = 4;\nlong double e = 5;"), [(1, False)])

    def test_jumps_go_where_they_belong(self):
        unit = self.unit("while (x) {\n__try {\nif (x == 1) break; else g();\n} __except (1) {\n"
                         "continue;\n}\n}")
        text = unit.rewritten()
        self.assertEqual(unit.skipped, [])
        self.assertIn("goto ddk_break_1 /*break*/; else g();", text)
        self.assertIn("goto ddk_continue_2 /*continue*/;", text)
        self.assertEqual(text.count("\n"), unit.text.count("\n"))
        self.assertIn("ddk_continue_2:; }", text)

    def test_wide_strings_of_macros(self):
        unit = seh.Unit('#define X\nwchar_t *s = L "a" L"b";\n')
        self.assertIn('/*L*/ L"a" L"b"', unit.rewritten())

    def test_compiler_said(self):
        text = "a.c:3:4: error: assignment to cast is illegal, lvalue casts are not supported\n"
        found = scan.compiler_said(text)
        self.assertEqual([(each.file, each.line) for each in found], [("a.c", 3)])
        missing = "d/b.h:9:10: fatal error: 'Wdf.h' file not found"
        self.assertIn("Kernel-Mode Driver Framework", scan.missing_header(missing))


class Layouts(Folder):
    """Structures of a source, laid out for this system and for Windows."""

    def found(self, text: str, system: str = "") -> list[tuple[int, str]]:
        whole = f'# 1 "s.h" 1 3\n{system}\n# 1 "t.c" 2\n{text}\n'
        found = layout.check("clang-19", ["-fms-extensions", "-fshort-wchar"], whole, tokens(whole))
        return [(each.line, each.what) for each in found]

    def test_long(self):
        (line, what), = self.found("struct ok { int a; void *p; };\nstruct s { int a; long b; };"
                                   "\nstruct s x; struct ok y;")
        self.assertEqual(line, 2)
        self.assertIn("s has 16 bytes here and 8 on Windows: `long b` is at 8 here and at 4", what)

    def test_long_of_the_system_is_64_bits_in_both(self):
        self.assertEqual(self.found("struct s { int a; size b; };\nstruct s x;",
                                    "typedef unsigned long size; typedef long long big;"), [])

    def test_bit_fields_and_no_tag(self):
        (line, what), = self.found("\ntypedef struct { char a : 3; int b : 5; } bits;\nbits x;")
        self.assertEqual(line, 2)
        self.assertIn("without a tag has 4 bytes here and 8 on Windows", what)


class Packages(Folder):
    def test_inf(self):
        text = "[Manufacturer]\n%A% = B,NTamd64\n[B.NTamd64]\nServiceBinary = %12%\\x.sys\n"
        adapted = driver_inf.adapted(text, "mine")
        self.assertIn("[B.NTriscv64]", adapted)
        self.assertIn("ServiceBinary = %13%\\mine\n", adapted)
        self.assertIn("[C.NTriscv64]", driver_inf.adapted("[C.NT$ARCH$]", "c"))

    def test_members(self):
        held = {"apps/a": b"123", "drivers/x/x": b"", "drivers/x/x.inf": b"text"}
        archive = external_package.mkpackage().archive(held)
        self.assertEqual(external_package.members(archive), held)

    def test_what_is_no_package(self):
        with self.assertRaisesRegex(Failure, "is empty"):
            external_package.files_of(self.folder)
        self.put("servers/memory", "")
        with self.assertRaisesRegex(Failure, "holds servers/memory"):
            external_package.files_of(self.folder)


if __name__ == "__main__":
    unittest.main()
