# SPDX-License-Identifier: MIT
"""What came of the campaign's trials: verdicts, a table, JSON, and a histogram as SVG."""

import collections
import json
import pathlib

import symbols
from report import say

# A trial has the first of these that is true of it.
VERDICTS = ("kernel or manager failure", "the witness noticed", "lost or answered twice",
            "device failed, reason told", "silent data corruption", "the client saw an error",
            "hang, ended by the campaign", "died, recovered", "no effect", "not activated")
SUCCESS = "0x00000000"
# Of a crash report's line on the cause.
MEANS = (("may be owed", "a request owed too long"), ("probe", "dispatch thread does not answer"),
         ("protocol", "protocol of a link"), ("IOMMU", "IOMMU"),
         ("bugcheck", "rule of the driver kit"), ("illegal instruction", "illegal instruction"),
         ("not mapped", "memory not mapped"), ("not writable", "memory not mapped"),
         ("not executable", "memory not mapped"), ("misaligned", "misaligned"),
         ("breakpoint", "breakpoint"), ("system call", "no such system call"),
         ("access fault", "access fault"))
# A driver that only ends has answered nothing wrongly: what its client sees is the system's doing.
ONLY_ENDS = ("killed", "killed at an instruction", "endless loop")
SEEN = ("device failed, reason told", "silent data corruption", "the client saw an error")


def verdict(result: dict) -> str:
    if "machine" in result or "panic" in result:
        return VERDICTS[0]
    if result["witness"]:
        return VERDICTS[1]
    if result["lost"] or result["disk_lost"]:
        return VERDICTS[2]
    if result["failed"]:
        return VERDICTS[3]
    if result["wrong"] or result["disk_wrong"]:
        return VERDICTS[4]
    if result["errors"] or result["disk_errors"]:
        return VERDICTS[5]
    if result["hung"]:
        return VERDICTS[6]
    if result["died"]:
        return VERDICTS[7]
    return VERDICTS[8] if result["reached"] else VERDICTS[9]


def means(result: dict) -> str:
    """How it was found that the driver is broken."""
    if result.get("hung"):
        return "no answer (the campaign's watch)"
    if not result.get("died"):
        return "-"
    cause = result.get("cause", "")
    if not cause or cause.startswith("owed "):
        return "ended from outside"
    return next((name for part, name in MEANS if part in cause), "other: " + cause[:40])


def percentile(values: list[int], percent: float) -> int:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0


def console(data: bytes) -> str:
    """The part of a machine's console that tells of the trial, with source lines."""
    begin = data.find(b'{"begin"')
    end = data.find(b"\x1eASHLAR-END")
    part = data[max(begin, 0):end if end > 0 else None].replace(b"\r", b"")
    return symbols.Translator().feed(part).decode("utf-8", "replace")


class Summary:
    def __init__(self, driver: str, trials: list, results: dict[int, dict], seconds: float):
        self.driver, self.trials, self.results, self.seconds = driver, trials, results, seconds
        self.verdicts = {trial.number: verdict(results[trial.number]) for trial in trials}

    def counts(self) -> collections.Counter:
        return collections.Counter(self.verdicts.values())

    def activated(self) -> int:
        return len(self.trials) - self.counts()["not activated"]

    def recovery(self) -> list[int]:
        """Microseconds from each death to the new task's readiness, as the plug-and-play manager
        tells them; of the driver under test."""
        return [time for trial in self.trials
                for time in self.results[trial.number].get("again_us", [])]

    def violations(self) -> list[str]:
        """What must never be."""
        counts = self.counts()
        seen = [trial.number for trial in self.trials
                if trial.fault in ONLY_ENDS and self.verdicts[trial.number] in SEEN]
        return [f"{name}: {counts[name]}" for name in VERDICTS[:3] if counts[name]] + \
            [f"trial {number}: the driver only ended, and its client saw it" for number in seen]

    def crashes(self) -> tuple[int, int]:
        """How many drivers died or hung, and after how many of these the device worked on and each
        request had one answer."""
        bad = VERDICTS[:4]
        found = [self.verdicts[trial.number] not in bad for trial in self.trials
                 if any(self.results[trial.number].get(key) for key in ("died", "hung", "machine"))]
        return len(found), sum(found)

    def by_class(self) -> list[list]:
        rows = []
        for fault in dict.fromkeys(trial.fault for trial in self.trials):
            found = collections.Counter(self.verdicts[trial.number] for trial in self.trials
                                        if trial.fault == fault)
            rows.append([fault, sum(found.values()), *(found[name] for name in VERDICTS)])
        return rows

    def table(self) -> str:
        lines = [f"{self.driver}: {len(self.trials)} trials, {self.activated()} activated, "
                 f"{self.seconds:.0f} s", ""]
        counts = self.counts()
        lines += [f"  {name:<30} {counts[name]:>7}" for name in VERDICTS]
        lines += ["", "  found by"]
        found = collections.Counter(means(self.results[trial.number]) for trial in self.trials)
        lines += [f"    {name:<32} {number:>5}" for name, number in found.most_common()
                  if name != "-"]
        times = self.recovery()
        crashed, again = self.crashes()
        lines += ["", f"  {crashed} drivers died or hung; the device worked on after {again}"]
        lines += ["", f"  recovery, microseconds of virtual time, {len(times)} deaths: "
                  + ", ".join(f"p{percent} {percentile(times, percent)}" for percent in (50, 99))
                  + f", max {max(times, default=0)}", "", "  by class (columns as above)"]
        lines += [f"    {row[0]:<26}" + "".join(f"{value:>6}" for value in row[1:])
                  for row in self.by_class()]
        lines += self.remarkable()
        return "\n".join(lines)

    def remarkable(self) -> list[str]:
        """Trials that somebody should look at: the first few of each bad kind."""
        lines = []
        for name in VERDICTS[:6]:
            found = [trial for trial in self.trials if self.verdicts[trial.number] == name]
            lines += [f"  {name}: trial {trial.number}: {trial.fault}: {trial.what}; "
                      + self.detail(self.results[trial.number]) for trial in found[:12]]
        return ["", *lines] if lines else []

    @staticmethod
    def detail(result: dict) -> str:
        keys = ("machine", "panic", "witness", "lost", "disk_lost", "wrong", "stale", "foreign",
                "disk_wrong", "errors", "status", "reopened", "hung", "cause")
        return " ".join(f"{key} {result[key]}" for key in keys
                        if result.get(key) and result[key] != SUCCESS)

    def json(self) -> dict:
        times, (crashed, again) = self.recovery(), self.crashes()
        return {"driver": self.driver, "trials": len(self.trials), "activated": self.activated(),
                "seconds": round(self.seconds), "verdicts": dict(self.counts()),
                "died_or_hung": crashed, "worked_on": again,
                "recovery_us": {"count": len(times), "p50": percentile(times, 50),
                                "p99": percentile(times, 99), "max": max(times, default=0)},
                "classes": {row[0]: dict(zip(("trials", *VERDICTS), row[1:]))
                            for row in self.by_class()}}


WIDTH, HEIGHT, BARS = 640, 240, 40


def histogram(times: list[int], title: str) -> str:
    """Recovery times as bars; the last bar holds all that are longer."""
    top = max(1, percentile(times, 99.5))
    step = max(1, -(-top // BARS))
    bars = collections.Counter(min(time // step, BARS) for time in times)
    highest = max(bars.values(), default=1)
    left, base, unit = 40, HEIGHT - 40, (WIDTH - 60) / (BARS + 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
             'font-family="sans-serif" font-size="11">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{left}" y="18" font-size="13">{title}</text>']
    for index, number in sorted(bars.items()):
        tall = max(1.0, number / highest * (base - 40))
        parts.append(f'<rect x="{left + index * unit:.1f}" y="{base - tall:.1f}" '
                     f'width="{unit - 1:.1f}" height="{tall:.1f}" fill="#4a6fa5">'
                     f"<title>{index * step} us: {number}</title></rect>")
    for index in range(0, BARS + 1, 8):
        parts.append(f'<text x="{left + index * unit:.1f}" y="{base + 16}">'
                     f"{index * step / 1000:.1f}</text>")
    parts += [f'<line x1="{left}" y1="{base}" x2="{WIDTH - 20}" y2="{base}" stroke="black"/>',
              f'<text x="{left}" y="{HEIGHT - 8}">milliseconds of virtual time; highest bar: '
              f"{highest} deaths</text>", "</svg>"]
    return "\n".join(parts) + "\n"


def store(summary: Summary, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"campaign-{summary.driver}"
    stem.with_suffix(".json").write_text(json.dumps(summary.json(), indent=1) + "\n",
                                         encoding="utf-8")
    stem.with_suffix(".txt").write_text(summary.table() + "\n", encoding="utf-8")
    times = summary.recovery()
    stem.with_suffix(".svg").write_text(
        histogram(times, f"{summary.driver}: recovery after {len(times)} deaths"), encoding="utf-8")
    say(f"stored in {folder}")


