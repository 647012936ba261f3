# SPDX-License-Identifier: MIT
"""Machines of the campaign: one boots, does trials until the plan is at its end or until one leaves
no driver behind, and is followed by another one for the rest."""

import concurrent.futures
import json
import pathlib
import re
import tempfile
import threading
import time

import campaign_plan
import campaign_text
import guest
import paths
from report import Failure, say

ICOUNT = ["-icount", "shift=0"]
AGAIN = re.compile(r"pnp: (\S+) died and was started again: (\d+) us")
COVER_WORDS = 32
TRIALS_EACH = 150   # of a machine
SECONDS_EACH = 3.0  # of a trial, at most, on average


def blank(file: pathlib.Path, kibibytes: int) -> pathlib.Path:
    with file.open("wb") as image:
        image.truncate(kibibytes << 10)
    return file


class Machines:
    def __init__(self, target: campaign_plan.Target, harts: int, scratch: pathlib.Path):
        self.target, self.harts, self.scratch = target, harts, scratch
        self.console = b""  # of the last machine
        self.seconds = 0.0

    def another(self, number: int) -> "Machines":
        """With files of its own."""
        scratch = self.scratch / str(number)
        scratch.mkdir(exist_ok=True)
        return Machines(self.target, self.harts, scratch)

    def machine(self, lines: list[str]) -> guest.Machine:
        package = campaign_plan.package(self.target, lines, self.scratch / "campaign.cpio")
        other = blank(self.scratch / "witness.img", campaign_plan.WITNESS_KIB)
        disk = blank(self.scratch / "disk.img", campaign_plan.DISK_KIB)
        found = guest.Machine(harts=self.harts, disk=disk,
                              words=["ashlar.quiet", "ashlar.test=campaign"], package=package,
                              machine=guest.CONFINED, controller=self.target.controller)
        second = guest.Machine(controller=self.target.witness, machine=guest.CONFINED)
        found.extra = ["-drive", f"if=none,id=d1,file={other},format=raw",
                       "-device", second.disk_device("d1") + ("" if self.target.witness != "nvme"
                                                              else ",id=second")]
        if self.harts == 1:
            found.extra += ICOUNT
        return found

    def run(self, lines: list[str], timeout: float) -> guest.Result:
        result = guest.capture(self.machine(lines), timeout)
        self.console = result.console
        self.seconds += result.seconds
        return result


def records(console: bytes):
    """Lines of JSON and of the plug-and-play manager, in the order in which they came."""
    for line in console.decode("utf-8", "replace").replace("\r", "").splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                yield {"damaged": line}
        elif match := AGAIN.search(line):
            yield {"driver": match[1], "again_us": int(match[2])}
        elif "PANIC" in line or "panic:" in line.lower():
            yield {"panic": line.strip()}


def cover(machines: Machines, text: list, timeout: float) -> list:
    """The instructions that requests of a healthy driver pass."""
    starts = campaign_text.leaders(text)
    lines = ["way 0"]
    lines += ["way " + " ".join(f"{at:x}" for at in starts[n:n + 16])
              for n in range(0, len(starts), 16)]
    result = machines.run(lines, timeout)
    reached = set()
    for record in records(result.console):
        if "cover" not in record:
            continue
        for word in range(COVER_WORDS):
            bits = int(record["cover"][16 * word:16 * word + 16], 16)
            reached |= {starts[record["first"] + 64 * word + bit] for bit in range(64)
                        if bits >> bit & 1}
    if result.status != 0 or not reached:
        tail = result.console.decode("utf-8", "replace")[-3000:]
        raise Failure(f"the way of the driver's requests cannot be found:\n{tail}",
                      "./ashlar test --only system -k recovery tells whether the driver works")
    return campaign_text.passed(text, starts, reached)


def collect(console: bytes, into: dict[int, dict]) -> int | None:
    """Adds what a machine told of its trials; the trial that it did not end, if any."""
    current, driver_times = None, []
    for record in records(console):
        if "begin" in record:
            current, driver_times = record["begin"], []
            into[current] = {"trial": current, "machine": "the machine ended"}
        elif "again_us" in record:
            driver_times.append(record["again_us"])
        elif "panic" in record and current is not None:
            into[current]["panic"] = record["panic"]
        elif "trial" in record:
            panic = into.get(record["trial"], {}).get("panic")
            into[record["trial"]] = {**record, "again_us": driver_times}
            if panic:
                into[record["trial"]]["panic"] = panic
            current = None
    return current


def some(machines: Machines, trials: list, tell) -> dict[int, dict]:
    """One machine after the other until each trial has been done."""
    results: dict[int, dict] = {}
    left = list(trials)
    while left:
        result = machines.run([trial.line() for trial in left], 60 + SECONDS_EACH * len(left))
        unfinished = collect(result.console, results)
        if unfinished is not None:
            results[unfinished]["machine"] = ("did not go on" if result.timed_out else
                                              "ended by itself")
            results[unfinished]["console"] = result.console.decode("utf-8", "replace")[-6000:]
        done = [trial for trial in left if trial.number in results]
        if not done:
            raise Failure("a machine did no trial:\n" +
                          result.console.decode("utf-8", "replace")[-3000:], "see its console")
        if unfinished is None and len(done) < len(left):
            tell(f"trial {done[-1].number} left no driver behind; a new machine for the others")
        left = [trial for trial in left if trial.number not in results]
    return results


def run(machines: Machines, trials: list, jobs: int = 1, tell=say, note=None,
        until: float | None = None) -> dict[int, dict]:
    """All of them, on so many machines at a time; none begins after the moment `until` (of
    time.monotonic). `note` is called with what each machine has found."""
    size = max(1, min(TRIALS_EACH, -(-len(trials) // jobs)))
    parts = [trials[at:at + size] for at in range(0, len(trials), size)]
    results: dict[int, dict] = {}
    lock = threading.Lock()

    def work(number: int) -> None:
        own = machines.another(number)
        while True:
            with lock:
                if not parts or (until is not None and time.monotonic() > until):
                    return
                part = parts.pop(0)
            found = some(own, part, tell)
            with lock:
                results.update(found)
                machines.seconds += own.seconds
                machines.console, own.seconds = own.console, 0.0
                if note is not None:
                    note(found)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(work, number) for number in range(jobs)]:
            future.result()
    return results


def scratch_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="ashlar-campaign-")


def needed() -> None:
    for path in (paths.KERNEL_IMAGE, paths.BOOT_PACKAGE, paths.PACKAGE_MAP):
        if not path.exists():
            raise Failure(f"there is no {path}", "./ashlar build makes it")
