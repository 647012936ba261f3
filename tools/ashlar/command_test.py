# SPDX-License-Identifier: MIT
"""`./ashlar test`: sets up, builds, and runs the three layers of tests and the style checks."""

import os

import builder
import disk
import suite_abi
import suite_guest
import suite_host
import suite_limits
import suite_style
import suite_system
from report import Failure, say
from suite import Tally

SHOWN = 40  # failures repeated at the end
STAGES = ("style", "host", "fuzz", "kernel", "system")


def options(parser) -> None:
    parser.add_argument("--only", metavar="STAGE", action="append", choices=STAGES,
                        help="only this stage; may be repeated: " + ", ".join(STAGES))
    parser.add_argument("-k", metavar="TEXT", dest="filter", default="",
                        help="only test groups whose name contains TEXT")
    parser.add_argument("--fuzz-seconds", type=int, default=5, metavar="S",
                        help="time for each fuzz target (5)")
    parser.add_argument("--hostile-calls", type=int, default=100_000, metavar="N",
                        help="attacks on the debug kernel: so many system calls for each number "
                             "of harts (100,000; 10,000,000 take some 5 to 30 minutes a number)")
    parser.add_argument("--hostile-seed", type=int, default=1, metavar="N",
                        help="which system calls (1)")
    parser.add_argument("--jobs", type=int, metavar="N", default=max(1, (os.cpu_count() or 2) // 2),
                        help="machines that run at a time (half of the processors)")


def run_stage(stage: str, arguments, tally: Tally) -> None:
    def wanted(name: str) -> bool:
        return arguments.filter in name

    if stage == "style":
        for check, name in ((suite_style.house_rules, "style/house-rules"),
                            (suite_style.formatting, "style/clang-format"),
                            (suite_style.ddk_coverage, "style/ddk-coverage"),
                            (suite_abi.documentation, "style/kernel-abi"),
                            (suite_style.tidy, "style/clang-tidy")):
            if wanted(name):
                check(tally)
    elif stage == "host":
        if wanted("host/tools"):
            suite_host.tools(tally)
        suite_host.unit_tests(tally, wanted)
    elif stage == "fuzz":
        suite_host.fuzz(tally, wanted, arguments.fuzz_seconds)
    elif stage == "kernel":
        suite_guest.kernel(tally, wanted, arguments.jobs, arguments.hostile_calls,
                           arguments.hostile_seed)
        suite_limits.limits(tally, wanted)
    else:
        suite_system.system(tally, wanted, arguments.jobs)


def main(arguments) -> int:
    builder.build()
    disk.ensure_pristine()
    tally = Tally()
    for stage in STAGES:
        if not arguments.only or stage in arguments.only:
            run_stage(stage, arguments, tally)
    if tally.passed + tally.skipped + len(tally.failures) == 0:
        raise Failure(f"no test matches '{arguments.filter}'",
                      "./ashlar test without -k runs everything")
    if tally.failures:
        say("failed:")
        for line in tally.failures[:SHOWN]:
            say(f"  {line}")
        if len(tally.failures) > SHOWN:
            say(f"  and {len(tally.failures) - SHOWN} more, above")
    if tally.skipped:
        print(f"{tally.skipped} skipped")
    print(f"{tally.passed} passed, {len(tally.failures)} failed")
    return 1 if tally.failures else 0
