# SPDX-License-Identifier: MIT
"""The coverage page cannot claim more than is tested: what counts as a declaration, and which
declarations are refused."""

import pathlib
import tempfile
import unittest

import coverage
import ddk_headers
import ddk_tests
import paths

TEST = """
static void helper(void *x) { KeSetEvent(x, 0, FALSE); } // KeResetEvent
#define TAKE(lock) KeAcquireSpinLock(lock, &irql)
DDI_TEST(KeClearEvent, RESULTS | ERRORS, clears)
{
    DDI_SHOWS(KeSetEvent, RESULTS);
    DDI_SHOWS(KeResetEvent, RESULTS);
    DDI_SHOWS_MACRO(KeAcquireSpinLock, ERRORS);
    KeClearEvent(&event);
    TAKE(&lock);
    CHECK(dies(helper, &event, "text with KeReadStateEvent"));
}
DDI_IRQL_MAX(KeSetEvent, DISPATCH_LEVEL, KeSetEvent(&event, 0, FALSE))
DDI_IRQL_MAX(KeClearEvent, DISPATCH_LEVEL, KeSetEvent(&event, 0, FALSE))
static void no_test(void)
{
    DDI_SHOWS(KeSetEvent, ERRORS);
    KeSetEvent(&event, 0, FALSE);
}
"""


class Declarations(unittest.TestCase):
    def read(self, text: str) -> ddk_tests.File:
        with tempfile.TemporaryDirectory(dir=paths.TREE / "tests" / "tools") as folder:
            path = pathlib.Path(folder) / "test_x.c"
            path.write_text(text)
            file = ddk_tests.File(path, {})
            file.read()
            return file

    def test_what_counts(self):
        file = self.read(TEST)
        shown = {(one.routine, one.aspect, one.test, one.limit) for one in file.shown}
        for expected in (("KeClearEvent", "RESULTS", "test_x:clears", ""),
                         ("KeClearEvent", "ERRORS", "test_x:clears", ""),
                         ("KeSetEvent", "RESULTS", "test_x:clears", ""),
                         ("KeAcquireSpinLock", "ERRORS", "test_x:clears", ""),
                         ("KeSetEvent", "IRQL", "test_x:irql_of_KeSetEvent", "<=DISPATCH")):
            self.assertIn(expected, shown)

    def test_what_is_refused(self):
        file = self.read(TEST)
        text = "\n".join(file.complaints)
        self.assertIn("clears declares KeResetEvent but does not use it", text)
        self.assertIn("DDI_IRQL_MAX(KeClearEvent) does not call it", text)
        self.assertIn("no_test, which is no test", text)
        self.assertEqual(len(file.complaints), 3)


class Page(unittest.TestCase):
    def routine(self, irql: str, errors: str) -> coverage.Routine:
        return coverage.Routine("Ke", "1", irql, errors, "-", "ke", "ddk/x.h", "function")

    def test_covered_needs_all_three(self):
        routine = self.routine("<=APC", "yes")
        for aspect in ddk_tests.ASPECTS:
            self.assertFalse(routine.covered())
            routine.tests[aspect].append("x:y")
        self.assertTrue(routine.covered())

    def test_documented_absence_needs_no_test(self):
        routine = self.routine("any", "none")
        routine.tests["RESULTS"].append("x:y")
        self.assertTrue(routine.covered())

    def test_limit_must_be_the_documented_one(self):
        routine, complaints = self.routine("<=APC", "yes"), []
        shown = ddk_tests.Shown("Ke", "IRQL", "x:y", "<=DISPATCH", "function")
        coverage.add_test(routine, shown, complaints)
        self.assertEqual(len(complaints), 1)
        self.assertFalse(routine.tests["IRQL"])

    def test_headers_are_read_through_the_preprocessor(self):
        found = ddk_headers.declarations()
        self.assertEqual(found["RtlULongAdd"].kind, "function")  # its name is pasted
        self.assertEqual(found["KeRaiseIrql"].kind, "macro")
        self.assertEqual(found["PutDmaAdapter"].kind, "member")
        self.assertNotIn("KeFooBar", found)


if __name__ == "__main__":
    unittest.main()
