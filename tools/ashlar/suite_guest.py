# SPDX-License-Identifier: MIT
"""Second layer of tests: the test task inside the guest, which exercises every kernel method
on the real kernel and prints TAP between the marks."""

import guest
import symbols
from suite import Clock, Tally, in_parallel, last_lines, read_tap

HARTS = (1, 2, 4)
TIMEOUT = 120


def kernel(tally: Tally, wanted, jobs: int) -> None:
    def one(harts: int) -> None:
        clock = Clock()
        machine = guest.Machine(harts=harts, words=["ashlar.quiet", "ashlar.test=kernel"])
        result = guest.capture(machine, TIMEOUT)
        passed, failures = read_tap(result.text())
        if result.timed_out:
            failures.append(f"stopped after {TIMEOUT} s")
        elif result.status is None:
            failures.append("ended without its end mark")
        elif result.status != 0 and not failures:
            failures.append(f"ended with status {result.status}")
        console = symbols.Translator().feed(result.console).decode("utf-8", "replace")
        tally.group(f"kernel/{harts}-harts", passed, failures, clock.seconds(),
                    last_lines(console.replace("\r", "")))

    in_parallel(one, [harts for harts in HARTS if wanted(f"kernel/{harts}-harts")], jobs)
