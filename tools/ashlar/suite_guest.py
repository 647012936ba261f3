# SPDX-License-Identifier: MIT
"""Second layer of tests: test tasks inside the guest, which print TAP between the marks. `kernel`
exercises every kernel method in root's place, `kernel-debug` does so on the debug kernel,
`kernel-u54` on harts without Sstc and ASIDs; `runtime` exercises the run-time library and the
process manager in the shell's place; `hostile-calls` attacks the debug kernel with random system
calls. They run under -icount, where time is counted in
instructions: budgets and deadlines are then exact however busy this machine is, and a failure can
be repeated."""

import guest
import paths
import symbols
from suite import Clock, Tally, in_parallel, last_lines, read_tap

HARTS = (1, 2, 4)
TESTS = {  # what ashlar.test names, on which kernel, on which processor
    "kernel": ("kernel", paths.KERNEL_IMAGE, "rv64"),
    "kernel-debug": ("kernel", paths.DEBUG_IMAGE, "rv64"),
    "kernel-u54": ("kernel", paths.KERNEL_IMAGE, "sifive-u54"),
    "runtime": ("runtime", paths.KERNEL_IMAGE, "rv64"),
    "hostile-calls": ("hostile", paths.DEBUG_IMAGE, "rv64")}
TIMEOUT = 120
SLOWEST = 2000  # attacking calls a second, on a busy machine
EXACT = ["-icount", "shift=1,sleep=off", "-seed", "1", "-rtc", "clock=vm"]


def kernel(tally: Tally, wanted, jobs: int, calls: int, seed: int) -> None:
    """`calls` attacking system calls for each number of harts, chosen by `seed`."""
    def one(test: tuple[str, int]) -> None:
        name, harts = test
        clock = Clock()
        program, image, cpu = TESTS[name]
        words = ["ashlar.quiet", f"ashlar.test={program}"]
        timeout = TIMEOUT
        if program == "hostile":
            words += [f"ashlar.calls={calls}", f"ashlar.seed={seed}"]
            timeout += calls // SLOWEST
        machine = guest.Machine(harts=harts, words=words, kernel=image, cpu=cpu, extra=EXACT)
        result = guest.capture(machine, timeout)
        passed, failures = read_tap(result.text())
        if result.timed_out:
            failures.append(f"stopped after {timeout} s")
        elif result.status is None:
            failures.append("ended without its end mark")
        elif result.status != 0 and not failures:
            failures.append(f"ended with status {result.status}")
        console = symbols.Translator(image).feed(result.console).decode("utf-8", "replace")
        tally.group(f"{name}/{harts}-harts", passed, failures, clock.seconds(),
                    last_lines(console.replace("\r", "")))

    in_parallel(one, [(name, harts) for name in TESTS for harts in HARTS
                      if wanted(f"{name}/{harts}-harts")], jobs)
