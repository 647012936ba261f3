# SPDX-License-Identifier: MIT
"""The kernel's costs against their limits (tests/kernel/limits.toml). How many instructions a path
takes is the same in every run, so one that became too long is a failed test."""

import tomllib

import command_bench
import paths
from report import Failure
from suite import Clock, Tally

LIMITS = paths.TREE / "tests" / "kernel" / "limits.toml"


def too_much(limits: dict[str, int], figures: dict[str, float]) -> list[str]:
    wrong = [f"{name}: not measured" for name in limits if name not in figures]
    return wrong + [f"{name}: {figures[name]}; the limit is {limit}"
                    for name, limit in limits.items() if figures.get(name, 0) > limit]


def limits(tally: Tally, wanted) -> None:
    measure = {"ipc": lambda: command_bench.kernel_bench("ipc"),
               "latency": lambda: command_bench.kernel_bench("latency"),
               "size": command_bench.measure_size}
    for group, table in tomllib.loads(LIMITS.read_text(encoding="utf-8")).items():
        clock = Clock()
        if not wanted(f"limits/{group}"):
            continue
        try:
            wrong = too_much(table, {row["name"]: row["value"] for row in measure[group]()})
        except Failure as failure:
            wrong = [f"{name}: not measured: {failure}" for name in table]
        tally.group(f"limits/{group}", len(table) - len(wrong), wrong, clock.seconds(),
                    f"./ashlar bench {group} shows all of them")
