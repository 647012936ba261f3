# SPDX-License-Identifier: MIT
"""Faults put into running drivers (docs/campaign.md): a sample of what `./ashlar campaign` does by
the thousand. What must never be is checked; what came of each fault is for the recorded runs."""

import campaign_plan
import campaign_report
import campaign_run
import command_campaign
from harness import test

TRIALS = 60
BOUNDARIES = 30
KILLS = 6


def quiet(text: str) -> None:
    "Progress is not what a test prints."


def campaign(system, name: str):
    target = campaign_plan.TARGETS[name]
    machines = campaign_run.Machines(target, system.harts, system.scratch)
    return target, machines, command_campaign.prepare(machines, target)


def summary(system, target, machines, trials):
    results = campaign_run.run(machines, trials, tell=quiet)
    found = campaign_report.Summary(target.name, trials, results, machines.seconds)
    system.check(not found.violations(), "nothing was lost, and all but the driver went on",
                 found.table())
    return found


@test(harts=(1,))
def mutations(system):
    "A driver with faults of every class hurts nobody, and is started again."
    target, machines, way = campaign(system, "virtio-blk")
    faults = campaign_plan.Faults(1, campaign_plan.elf_of(target), way)
    found = summary(system, target, machines, [faults.trial(n) for n in range(TRIALS)])
    system.check(found.activated() >= TRIALS // 2, "most faults are met", found.table())
    system.check(found.counts()["died, recovered"] >= 5, "some end the driver", found.table())


@test(harts=(1,))
def boundaries(system):
    "A driver that ends at any point of a request's way loses none."
    target, machines, way = campaign(system, "virtio-blk")
    trials = campaign_plan.boundaries(way, BOUNDARIES)
    found = summary(system, target, machines, trials)
    counts = found.counts()
    system.check(counts["died, recovered"] + counts["not activated"] == len(trials),
                 "the client notices nothing", found.table())
    system.check(counts["died, recovered"] >= BOUNDARIES // 2, "most end there", found.table())


@test(harts=(1,))
def two_disks_of_one_driver(system):
    "The partition driver has both disks: each gets back its own when that dies, every time."
    target = campaign_plan.TARGETS["partition"]
    machines = campaign_run.Machines(target, system.harts, system.scratch)
    trials = [campaign_plan.Trial(number, "killed", "k", 0, b"", 8 + number, 0, "ended")
              for number in range(KILLS)]
    found = summary(system, target, machines, trials)
    system.check(found.counts()["silent data corruption"] == 0, "both hold what was written",
                 found.table())
