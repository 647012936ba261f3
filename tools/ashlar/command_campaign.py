# SPDX-License-Identifier: MIT
"""`./ashlar campaign`: faults put into running drivers, and what came of them (docs/campaign.md)."""

import hashlib
import json
import os
import pathlib
import statistics
import time

import builder
import campaign_faults
import campaign_plan
import campaign_report
import campaign_run
import campaign_text
import paths
from report import Failure, say


TURNS = 3  # of a load with deaths and one without


def options(parser) -> None:
    parser.add_argument("--trials", type=int, default=200, metavar="N", help="how many (200)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which (1)")
    parser.add_argument("--trial", type=int, metavar="K",
                        help="only trial K of the seed, with its crash report")
    parser.add_argument("--driver", default="virtio-blk", choices=campaign_plan.TARGETS,
                        help="into which driver (virtio-blk)")
    parser.add_argument("--boundaries", nargs="?", type=int, const=0, metavar="N",
                        help="instead: the driver ends at each instruction on the way of a request, "
                             "one after the other (or at N of them)")
    parser.add_argument("--messages", action="store_true",
                        help="instead: it ends on either side of each system call and each store "
                             "that others see")
    parser.add_argument("--load", type=int, metavar="MS",
                        help="instead: what the client gets done in MS milliseconds while nothing "
                             "happens, and while the driver is ended each second")
    parser.add_argument("--harts", type=int, default=1, metavar="H",
                        help="1: under -icount, so times are in virtual time and repeatable (1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="J",
                        help="machines at a time (one for each processor)")
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no machine later")
    parser.add_argument("--record", type=pathlib.Path, metavar="FILE",
                        help="add each result to FILE, and go on where it ends")
    parser.add_argument("--store", type=pathlib.Path, metavar="FOLDER",
                        help="put results as JSON, table and histogram (SVG) there")


def prepare(machines, target, timeout: float = 120):
    """The instructions on the way of requests. Which rare ones are among them differs a little from
    run to run, so they are kept for as long as the driver is not built anew."""
    elf = campaign_plan.elf_of(target)
    text = campaign_text.disassemble(elf)
    digest = hashlib.sha256(elf.read_bytes()).hexdigest()[:16]
    kept = paths.BUILD / "campaign" / f"{target.name}-{digest}.json"
    if not kept.exists():
        way = campaign_run.cover(machines, text, timeout)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps([one.address for one in way]), encoding="utf-8")
        say(f"{target.name}: {len(way)} of {len(text)} instructions are on the way of requests")
    wanted = set(json.loads(kept.read_text(encoding="utf-8")))
    return [one for one in text if one.address in wanted]


def trials_of(arguments, target, way) -> list:
    if arguments.messages:
        return campaign_faults.ends(campaign_faults.messages(way))
    if arguments.boundaries is not None:
        return campaign_faults.boundaries(way, arguments.boundaries)
    faults = campaign_faults.Faults(arguments.seed, campaign_plan.elf_of(target), way)
    if arguments.trial is not None:
        return [faults.trial(arguments.trial)]
    return [faults.trial(number) for number in range(arguments.trials)]


def recorded(file: pathlib.Path | None) -> dict[int, dict]:
    if file is None or not file.exists():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {result["trial"]: result for result in lines}


def measured(machines, trials: list, arguments) -> tuple[list, dict[int, dict]]:
    """What the record had and what is found now."""
    results = recorded(arguments.record)
    until = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None

    def note(found: dict[int, dict]) -> None:
        results.update(found)
        if arguments.record is not None:
            with arguments.record.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(result) + "\n" for result in found.values())

    left = [trial for trial in trials if trial.number not in results]
    campaign_run.run(machines, left, jobs=arguments.jobs, note=note, until=until)
    return [trial for trial in trials if trial.number in results], results


def rate(record: dict) -> float:
    return record["answered"] * 1e6 / record["us"]


def show_load(machines, milliseconds: int) -> int:
    result = machines.run(campaign_plan.loads(milliseconds, [0, 1000] * TURNS), 600)
    found = [record for record in campaign_run.records(result.console) if "load" in record]
    if len(found) != 2 * TURNS:
        raise Failure("the machine did not end its loads:\n" +
                      result.console.decode("utf-8", "replace")[-2000:], "see its console")
    for record in found:
        print(f"{record['kills']:>3} deaths: {rate(record):,.0f} requests a second of virtual "
              f"time, {record['errors']} errors, {record['wrong']} wrong")
    calm, killed = (statistics.median(map(rate, found[first::2])) for first in (0, 1))
    print(f"{killed / calm:.1%} of the throughput at one death a second (medians of {TURNS})")
    return 0


def show_one(machines, trial, result: dict) -> None:
    print(f"trial {trial.number}: {trial.fault}: {trial.what}")
    print(campaign_report.console(machines.console))
    print(json.dumps({key: value for key, value in result.items() if key != "console"}))
    print("=>", campaign_report.verdict(result))


def main(arguments) -> int:
    if not 1 <= arguments.harts <= 8:
        raise Failure(f"--harts {arguments.harts}: Ashlar runs on 1 to 8", "choose one of them")
    builder.build()
    campaign_run.needed()
    target = campaign_plan.TARGETS[arguments.driver]
    with campaign_run.scratch_folder() as folder:
        machines = campaign_run.Machines(target, arguments.harts, pathlib.Path(folder))
        if arguments.load is not None:
            return show_load(machines, arguments.load)
        trials = trials_of(arguments, target, prepare(machines, target))
        if arguments.trial is not None:
            results = campaign_run.run(machines, trials)
            show_one(machines, trials[0], results[arguments.trial])
            return 0
        trials, results = measured(machines, trials, arguments)
        summary = campaign_report.Summary(target.name, trials, results, machines.seconds)
        print(summary.table())
        if arguments.store:
            campaign_report.store(summary, arguments.store)
        return 1 if summary.violations() else 0
