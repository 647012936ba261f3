# SPDX-License-Identifier: MIT
"""Faults put into running drivers (docs/campaign.md): a sample of what `./ashlar campaign` does by
the thousand. What must never be is checked; what came of each fault is for the recorded runs."""

import os

import campaign_faults
import campaign_plan
import campaign_report
import campaign_run
import command_campaign
from harness import test

TRIALS = {"virtio-blk": 600, "nvme": 200, "partition": 200}
KILLS = 6


def quiet(text: str) -> None:
    "Progress is not what a test prints."


def campaign(system, name: str):
    target = campaign_plan.TARGETS[name]
    machines = campaign_run.Machines(target, system.harts, system.scratch)
    return target, machines, command_campaign.prepare(machines, target)


def summary(system, target, machines, trials):
    results = campaign_run.run(machines, trials, jobs=os.cpu_count() or 1, tell=quiet)
    found = campaign_report.Summary(target.name, trials, results, machines.seconds)
    counts = found.counts()
    system.check(not any(counts[name] for name in campaign_report.VERDICTS[:2]),
                 "all but the driver went on", found.table())
    # one in some thousand changed drivers still loses requests (docs/campaign.md, "Not mended yet")
    bad = [trial.number for trial in trials if trial.fault in campaign_report.ONLY_ENDS
           and found.verdicts[trial.number] in campaign_report.VERDICTS[2:6]]
    system.check(not bad, f"nobody sees that a driver ends: not so in trials {bad}", found.table())
    return found


def mutations(system, name: str):
    target, machines, way = campaign(system, name)
    faults = campaign_faults.Faults(1, campaign_plan.elf_of(target), way)
    found = summary(system, target, machines, [faults.trial(n) for n in range(TRIALS[name])])
    system.check(found.activated() >= TRIALS[name] // 2, "most faults are met", found.table())
    system.check(found.counts()["died, recovered"] >= TRIALS[name] // 12, "some end the driver",
                 found.table())


@test(harts=(1,))
def disk(system):
    "A driver with faults of every class hurts nobody, and is started again."
    mutations(system, "virtio-blk")


@test(harts=(1,))
def other_disk(system):
    "So does one with PRPs and queues of its own."
    mutations(system, "nvme")


@test(harts=(1,))
def middle(system):
    "So does one in the middle of a stack, with clients and a driver below."
    mutations(system, "partition")


def messages(system, name: str):
    target, machines, way = campaign(system, name)
    trials = campaign_faults.ends(campaign_faults.messages(way))
    found = summary(system, target, machines, trials)
    counts = found.counts()
    # a machine whose host is busy may seem to hang, which costs nobody anything
    well = sum(counts[name] for name in ("died, recovered", "hang, ended by the campaign",
                                         "not activated"))
    system.check(well == len(trials), "the client notices nothing", found.table())
    system.check(counts["died, recovered"] >= len(trials) * 2 // 3, "most end there",
                 found.table())


@test(harts=(1,))
def boundaries(system):
    "A driver that ends between any two messages of a request's way loses none."
    messages(system, "virtio-blk")


@test(harts=(1,))
def boundaries_of_nvme(system):
    "So with the other disk."
    messages(system, "nvme")


@test(harts=(1,))
def boundaries_of_partition(system):
    "So with a driver that sends requests on."
    messages(system, "partition")


@test(harts=(1,))
def two_disks_of_one_driver(system):
    "The partition driver has both disks: each gets back its own when that dies, every time."
    target = campaign_plan.TARGETS["partition"]
    machines = campaign_run.Machines(target, system.harts, system.scratch)
    trials = [campaign_faults.Trial(number, "killed", "k", 0, b"", 8 + number, "ended")
              for number in range(KILLS)]
    found = summary(system, target, machines, trials)
    system.check(found.counts()["silent data corruption"] == 0, "both hold what was written",
                 found.table())
