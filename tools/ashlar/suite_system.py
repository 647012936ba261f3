# SPDX-License-Identifier: MIT
"""Third layer of tests: tests/system/test_*.py, which drive QEMU through its serial line and
its monitor. See tests/system/harness.py for what such a test looks like."""

import importlib.util
import shutil
import sys
import tempfile
import traceback
import pathlib

import paths
from suite import Clock, Tally, in_parallel, last_lines

FOLDER = paths.TREE / "tests" / "system"
LOGS = paths.BUILD / "logs"


def load() -> list:
    """All test cases; importing a test file registers them with the harness."""
    if not (FOLDER / "harness.py").exists():
        return []
    sys.path.insert(0, str(FOLDER))
    import harness
    for file in sorted(FOLDER.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return harness.cases()


def run_case(case, tally: Tally) -> None:
    from harness import Skipped  # its folder is on the path since load()
    clock, failures = Clock(), []
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="ashlar-test-"))
    system = case.system(scratch)
    details = ""
    try:
        case.run(system)
    except Skipped as why:
        tally.skip(f"system/{case.name}", str(why))
        return
    except AssertionError as wrong:
        failures = [str(wrong).splitlines()[0] if str(wrong) else "assertion failed"]
        details = "\n".join(str(wrong).splitlines()[1:])
    except Exception:  # a broken test is a failed test, and the others go on
        failures = ["the test itself broke"]
        details = traceback.format_exc()
    finally:
        system.close()
        shutil.rmtree(scratch, ignore_errors=True)
    LOGS.mkdir(exist_ok=True)
    log = LOGS / (case.name.replace("/", "-") + ".log")
    log.write_text(system.log(), encoding="utf-8")
    if failures:
        details += f"\nlast lines of {log}:\n" + last_lines(system.log())
    tally.group(f"system/{case.name}", int(not failures), failures, clock.seconds(), details)


def system(tally: Tally, wanted, jobs: int) -> None:
    cases = [case for case in load() if wanted(f"system/{case.name}")]
    in_parallel(lambda case: run_case(case, tally), cases, jobs)
