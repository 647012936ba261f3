# SPDX-License-Identifier: MIT
"""Tests of the developer's command itself: what it writes for the guest and reads from it."""

import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

import apt
import command_bench
import guest
import paths
import suite
import suite_abi
import suite_limits
import suite_style
import symbols


class Package(unittest.TestCase):
    """tools/mkpackage.py writes archives that depend on names and contents only."""

    def make(self, folder: pathlib.Path, files: dict[str, bytes]) -> subprocess.CompletedProcess:
        sources = []
        for number, data in enumerate(files.values()):
            sources.append(folder / f"source{number}")
            sources[-1].write_bytes(data)
        return subprocess.run([sys.executable, str(paths.TREE / "tools" / "mkpackage.py"),
                               "--output", str(folder / "out.cpio"), "--names", *files,
                               "--files", *map(str, sources)], capture_output=True, text=True)

    def archive(self, files: dict[str, bytes]) -> bytes:
        with tempfile.TemporaryDirectory() as scratch:
            done = self.make(pathlib.Path(scratch), files)
            self.assertEqual(done.returncode, 0, done.stderr)
            return (pathlib.Path(scratch) / "out.cpio").read_bytes()

    def members(self, data: bytes) -> list[tuple[str, int, bytes]]:
        found, offset = [], 0
        while True:
            self.assertEqual(data[offset:offset + 6], b"070701")
            fields = [int(data[offset + 6 + 8 * n:offset + 14 + 8 * n], 16) for n in range(13)]
            name_end = offset + 110 + fields[11]
            name = data[offset + 110:name_end - 1].decode()
            start = name_end + -name_end % 4
            if name == "TRAILER!!!":
                return found
            found.append((name, fields[1], data[start:start + fields[6]]))
            offset = start + fields[6] + -fields[6] % 4

    def test_contents_and_folders(self):
        found = self.members(self.archive({"b/c/file": b"12345", "a": b""}))
        self.assertEqual([name for name, _, _ in found], ["a", "b", "b/c", "b/c/file"])
        self.assertEqual(found[3][2], b"12345")
        self.assertEqual(found[1][1] & 0o170000, 0o040000)

    def test_reproducible(self):
        one = self.archive({"x": b"data", "y": b"more"})
        self.assertEqual(one, self.archive({"y": b"more", "x": b"data"}))

    def test_bad_names(self):
        for name in ("/absolute", "../up", "a//b", "."):
            with tempfile.TemporaryDirectory() as scratch:
                done = self.make(pathlib.Path(scratch), {name: b""})
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("no relative path", done.stderr)


class Marks(unittest.TestCase):
    """Output between the marks, and the commands that go in."""

    def test_between_marks(self):
        console = b"boot\r\n\x1eASHLAR-BEGIN\r\none\r\ntwo\r\n\x1eASHLAR-END 3\r\nrest"
        self.assertEqual(guest.between_marks(console), (b"one\r\ntwo\r\n", 3))
        self.assertEqual(guest.between_marks(b"boot"), (None, None))
        self.assertEqual(guest.between_marks(console[:26]), (b"one\r\n", None))

    def test_extract_in_pieces(self):
        console = b"boot\n\x1eASHLAR-BEGIN\r\none\r\ntwo\r\n\x1eASHLAR-END 0\r\nrest\n"
        for step in (1, 3, 1000):
            target = io.BytesIO()
            extract = guest.Extract(target)
            for start in range(0, len(console), step):
                extract(console[start:start + step])
            self.assertEqual(target.getvalue(), b"one\ntwo\n")

    def test_quoting(self):
        self.assertEqual(guest.quoted('cat "C:\\a b"\nls'),
                         'ashlar.exec="cat \\"C:\\\\a b\\";ls"')


class Tap(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(suite.read_tap("1..2\nok 1 - a\nok 2 - b # note\n"), (2, []))
        self.assertEqual(suite.read_tap("ok 1 - a\nnot ok 2 - b # why\n1..2\n"), (1, ["b # why"]))

    def test_broken_plans(self):
        self.assertEqual(suite.read_tap("1..3\nok 1 - a\n"), (1, ["planned 3 tests, ran 1"]))
        self.assertEqual(suite.read_tap(""), (0, ["printed no plan (1..N)"]))


class Addresses(unittest.TestCase):
    def test_frames(self):
        match = symbols.FRAME.search("  #3 0x10044 task virtio-blk")
        self.assertEqual((match["level"], match["address"], match["task"]),
                         ("3", "0x10044", "virtio-blk"))
        self.assertIsNone(symbols.FRAME.search("random 0x10044 number"))
        self.assertEqual(symbols.FRAME.search("pc 0xffffffff80001234 cause 5")["address"],
                         "0xffffffff80001234")

    def test_text_passes_unchanged(self):
        translator = symbols.Translator()
        self.assertEqual(translator.feed(b"C:\\> ls") + translator.feed(b"\r\n"), b"C:\\> ls\r\n")


class Apt(unittest.TestCase):
    def test_private_configuration(self):
        if not apt.codename():
            self.skipTest("not a Debian machine")
        debian = apt.Debian(paths.versions()["debian"])
        text = apt.as_text(debian.install_command(["meson"]))
        self.assertIn("Dir::Etc::SourceParts=/dev/null", text)
        self.assertNotIn("/etc/apt/sources", text)


class Names(unittest.TestCase):
    def test_wraps_match_versions(self):
        sources = paths.versions()["sources"].values()
        for wrap in (paths.TREE / "subprojects").glob("*.wrap"):
            text = wrap.read_text(encoding="utf-8")
            self.assertTrue(any(f"source_filename = {facts['file']}\n" in text and
                                f"source_hash = {facts['sha256']}\n" in text
                                for facts in sources), wrap.name)

    def test_short_message(self):
        message = f"{paths.TREE}/kernel/trap.c:1:2: error: x"
        self.assertEqual(suite_style.short(message), "kernel/trap.c:1:2: error: x")
class Lines(unittest.TestCase):
    """Lines of code without comments and blank lines."""

    def test_comments(self):
        text = '// one\nint a; /* two\n three */ int b;\n\n   \nchar *s = "/* no // */";\n'
        self.assertEqual(command_bench.code_lines(text), 3)
        self.assertEqual(command_bench.code_lines("/* a\n\n b */\n"), 0)


class Limits(unittest.TestCase):
    """What costs too much, or is not measured, is found."""

    def test_too_much(self):
        limits = {"a": 100, "b": 100, "c": 100}
        self.assertEqual(suite_limits.too_much(limits, {"a": 100, "b": 101, "d": 900}),
                         ["c: not measured", "b: 101; the limit is 100"])


class KernelAbi(unittest.TestCase):
    """The comparison of docs/kernel-abi.md with headers and code sees what is wrong."""

    def wrong(self, old: str, new: str) -> str:
        text = suite_abi.DOCUMENT.read_text(encoding="utf-8")
        self.assertIn(old, text)
        return "\n".join(suite_abi.findings(text.replace(old, new))[1])

    def test_agrees(self):
        self.assertEqual(self.wrong("# The kernel", "# The kernel"), "")

    def test_number(self):
        self.assertEqual(self.wrong("(`ASH_CNODE_MOVE`, 18)", "(`ASH_CNODE_MOVE`, 19)"),
                         "ASH_CNODE_MOVE is 18, not 19")

    def test_errors(self):
        self.assertIn("ASH_TIMER_SET: lists NOT_BOUND; its code has NOT_BOUND, TRUNCATED",
                      self.wrong("Errors: NOT_BOUND, TRUNCATED.", "Errors: NOT_BOUND."))

    def test_missing(self):
        self.assertIn("ASH_IRQ_ACK has no section",
                      self.wrong("### Irq.ack (`ASH_IRQ_ACK`, 74)", "### ack"))
        self.assertIn("ASH_E_WX: no row", self.wrong("| 14 | `ASH_E_WX` |", "| 14 | |"))
        self.assertIn("struct ash_boot: timebase is not drawn", self.wrong("| timebase ", "| "))
        self.assertIn("ASH_SYS_POLL is not explained", self.wrong("`ASH_SYS_POLL`", ""))


