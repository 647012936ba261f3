# SPDX-License-Identifier: MIT
"""Second layer of tests: test tasks inside the guest, which print TAP between the marks. `kernel`
exercises every kernel method in root's place, `kernel-debug` does so on the debug kernel,
`kernel-u54` on harts without Sstc and ASIDs, `kernel-iommu` with an IOMMU and a device behind it,
`kernel-aia` with APLIC and IMSIC (and on the debug kernel both); `runtime` exercises the run-time
library and the process manager in the shell's place; `hostile-calls` attacks the debug kernel with
random system calls. They run under -icount, where time is counted in instructions: budgets and
deadlines are then exact however busy this machine is, and a failure can be repeated."""

import pathlib
from typing import NamedTuple

import guest
import paths
import symbols
from suite import Clock, Tally, in_parallel, last_lines, read_tap

IOMMU = "virt,iommu-sys=on"


class Test(NamedTuple):
    program: str  # what ashlar.test names
    kernel: pathlib.Path = paths.KERNEL_IMAGE
    cpu: str = "rv64"
    machine: str = "virt"
    harts: tuple[int, ...] = (1, 2, 4)


TESTS = {
    "kernel": Test("kernel"),
    "kernel-debug": Test("kernel", paths.DEBUG_IMAGE),
    "kernel-u54": Test("kernel", cpu="sifive-u54"),
    "kernel-iommu": Test("kernel", machine=IOMMU),
    "kernel-iommu-debug": Test("kernel", paths.DEBUG_IMAGE, machine=IOMMU, harts=(2,)),
    "kernel-aia": Test("kernel", machine=guest.AIA),
    "kernel-aia-debug": Test("kernel", paths.DEBUG_IMAGE, machine=guest.CONFINED, harts=(2,)),
    "runtime": Test("runtime"),
    "hostile-calls": Test("hostile", paths.DEBUG_IMAGE),
    "hostile-calls-iommu": Test("hostile", paths.DEBUG_IMAGE, machine=IOMMU, harts=(1, 4))}
# For the kernel's tests of IoSpaces: apps/ktest/edu.c knows where it is.
DEVICES = dict.fromkeys((IOMMU, guest.CONFINED), ["-device", "edu,addr=5"])
TIMEOUT = 120
SLOWEST = 2000  # attacking calls a second, on a busy machine
EXACT = ["-icount", "shift=1,sleep=off", "-seed", "1", "-rtc", "clock=vm"]


def kernel(tally: Tally, wanted, jobs: int, calls: int, seed: int) -> None:
    """`calls` attacking system calls for each number of harts, chosen by `seed`."""
    def one(which: tuple[str, int]) -> None:
        name, harts = which
        clock = Clock()
        test = TESTS[name]
        words = ["ashlar.quiet", f"ashlar.test={test.program}"]
        timeout = TIMEOUT
        if test.program == "hostile":
            words += [f"ashlar.calls={calls}", f"ashlar.seed={seed}"]
            timeout += calls // SLOWEST
        machine = guest.Machine(harts=harts, words=words, kernel=test.kernel, cpu=test.cpu,
                                machine=test.machine, extra=EXACT + DEVICES.get(test.machine, []))
        result = guest.capture(machine, timeout)
        passed, failures = read_tap(result.text())
        if result.timed_out:
            failures.append(f"stopped after {timeout} s")
        elif result.status is None:
            failures.append("ended without its end mark")
        elif result.status != 0 and not failures:
            failures.append(f"ended with status {result.status}")
        console = symbols.Translator(test.kernel).feed(result.console).decode("utf-8", "replace")
        tally.group(f"{name}/{harts}-harts", passed, failures, clock.seconds(),
                    last_lines(console.replace("\r", "")))

    in_parallel(one, [(name, harts) for name, test in TESTS.items() for harts in test.harts
                      if wanted(f"{name}/{harts}-harts")], jobs)
