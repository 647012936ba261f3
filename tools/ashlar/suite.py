# SPDX-License-Identifier: MIT
"""Counting and showing test results; every stage of `./ashlar test` reports through a Tally.

One line is printed for each group of tests, more only for what failed. TAP from a program or
from the guest is read here: each `ok` or `not ok` line is one test, and a plan (`1..N`) that
was not fulfilled is one failure more.
"""

import concurrent.futures
import os
import re
import sys
import threading
import time

OK = re.compile(r"^ok\b\s*\d*\s*-?\s*(.*)$")
NOT_OK = re.compile(r"^not ok\b\s*\d*\s*-?\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*$")


class Tally:
    """Thread-safe sums over all stages."""

    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failures: list[str] = []
        self.lock = threading.Lock()

    def group(self, name: str, passed: int, failures: list[str], seconds: float,
              details: str = "") -> None:
        """One group's results; `failures` holds a line for each failed test."""
        with self.lock:
            self.passed += passed
            self.failures += [f"{name}: {line}" for line in failures]
            verdict = "ok    " if not failures else "FAILED"
            counts = f"{passed} passed" + (f", {len(failures)} failed" if failures else "")
            print(f"{verdict} {name:<44} {counts:<24} {seconds:6.1f} s")
            for line in failures:
                print(f"         {line}")
            if failures and details:
                print("         | " + details.rstrip().replace("\n", "\n         | "))
            sys.stdout.flush()

    def skip(self, name: str, reason: str) -> None:
        """A test that cannot be run here; it counts as neither passed nor failed."""
        with self.lock:
            self.skipped += 1
            print(f"skipped {name:<43} {reason}")
            sys.stdout.flush()


def read_tap(text: str) -> tuple[int, list[str]]:
    passed, failures, plan, seen = 0, [], None, 0
    for line in text.splitlines():
        if match := PLAN.match(line):
            plan = int(match[1])
        elif match := NOT_OK.match(line):
            failures.append(match[1])
            seen += 1
        elif OK.match(line):
            passed += 1
            seen += 1
    if plan is None:
        failures.append("printed no plan (1..N)")
    elif seen != plan:
        failures.append(f"planned {plan} tests, ran {seen}")
    return passed, failures


def last_lines(text: str, count: int = 30) -> str:
    return "\n".join(text.strip().splitlines()[-count:])


def in_parallel(work, items: list, jobs: int | None = None) -> None:
    """work(item) for each item, several at a time; the first exception comes out."""
    with concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        for done in concurrent.futures.as_completed([pool.submit(work, i) for i in items]):
            done.result()


class Clock:
    def __init__(self):
        self.begin = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self.begin
