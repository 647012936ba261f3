# SPDX-License-Identifier: MIT
"""First layer of tests: unit tests and fuzz targets, which run on this machine under
AddressSanitizer and UndefinedBehaviorSanitizer."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import paths
from suite import Clock, Tally, in_parallel, last_lines, read_tap

CORPUS = paths.TREE / "tests" / "fuzz" / "corpus"
UNIT_TIMEOUT = 120
# What a fuzz target may take beyond its time: start-up and the committed corpus.
FUZZ_GRACE = 60


def introspect(what: str) -> list[dict]:
    return json.loads((paths.BUILD / "meson-info" / f"intro-{what}.json").read_text())


def run(command: list[str], timeout: float, **settings) -> tuple[int, str]:
    environment = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1")
    environment["ASAN_SYMBOLIZER_PATH"] = "/usr/bin/llvm-symbolizer-19"
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, env=environment, **settings)
    except subprocess.TimeoutExpired as late:
        return -1, (late.stdout or b"").decode("utf-8", "replace") + \
            f"\nstopped after {timeout:.0f} s"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def unit_tests(tally: Tally, wanted) -> None:
    def one(test: dict) -> None:
        clock = Clock()
        status, text = run(test["cmd"], UNIT_TIMEOUT, cwd=test["workdir"] or paths.BUILD)
        passed, failures = read_tap(text) if "1.." in text else (int(status == 0), [])
        if status != 0 and not failures:
            failures = [f"ended with status {status}"]
        tally.group(f"host/{test['name']}", passed, failures, clock.seconds(), last_lines(text))

    in_parallel(one, [test for test in introspect("tests") if wanted(f"host/{test['name']}")])


class Recorder(unittest.TestResult):
    """Collects names of passed tests, which unittest itself only counts."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def addSuccess(self, test):  # noqa: N802, the name is unittest's
        self.passed += 1


def tools(tally: Tally) -> None:
    """Tests of `./ashlar` itself."""
    clock, result = Clock(), Recorder()
    folder = paths.TREE / "tests" / "tools"
    unittest.defaultTestLoader.discover(str(folder)).run(result)
    broken = result.failures + result.errors
    failures = [f"{test}: {why.strip().splitlines()[-1]}" for test, why in broken]
    tally.group("host/tools", result.passed, failures, clock.seconds(),
                last_lines("\n".join(why for _, why in broken)))


def fuzz_targets() -> dict[str, pathlib.Path]:
    return {target["name"]: pathlib.Path(target["filename"][0])
            for target in introspect("targets") if target["name"].startswith("fuzz_")}


def fuzz(tally: Tally, wanted, seconds: int) -> None:
    """Each target: the committed corpus first, then new inputs for a fixed time."""
    def one(name: str) -> None:
        clock = Clock()
        corpus = CORPUS / name
        with tempfile.TemporaryDirectory() as scratch:
            status, text = run(
                [str(targets[name]), f"-max_total_time={seconds}", "-timeout=10", "-seed=1",
                 "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=1",
                 f"-artifact_prefix={scratch}/", scratch, *([str(corpus)] if corpus.is_dir()
                                                           else [])],
                seconds + FUZZ_GRACE, cwd=scratch)
            failures = [] if status == 0 else ["found an input that breaks it" +
                                               keep_artifact(name, scratch)]
        if not corpus.is_dir() or not any(corpus.iterdir()):
            failures.append(f"has no corpus in {corpus.relative_to(paths.TREE)}")
        tally.group(f"fuzz/{name}", int(not failures), failures, clock.seconds(),
                    last_lines(text, 40))

    targets = fuzz_targets()
    in_parallel(one, [name for name in sorted(targets) if wanted(f"fuzz/{name}")])


def keep_artifact(name: str, scratch: str) -> str:
    kept = paths.BUILD / "fuzz"
    kept.mkdir(exist_ok=True)
    for kind in ("crash", "timeout", "oom", "leak"):
        for file in pathlib.Path(scratch).glob(f"{kind}-*"):
            place = kept / f"{name}-{file.name[:24]}"
            place.write_bytes(file.read_bytes())
            return f": {place}"
    return ""
