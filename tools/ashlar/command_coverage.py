# SPDX-License-Identifier: MIT
"""`./ashlar coverage`: writes docs/ddk-coverage.md from headers and tests."""

import coverage
import paths
from report import Failure, say


def options(parser) -> None:
    parser.add_argument("--check", action="store_true",
                        help="write nothing; fail when the committed page is not the generated one")
    parser.add_argument("--gaps", metavar="AREA", choices=[a for a in coverage.AREAS],
                        help="list what levels 1 and 2 of an area lack, and write nothing")


def gaps(routines, area: str) -> None:
    for routine in routines.values():
        if routine.area != area or routine.level not in "12" or routine.covered():
            continue
        lacks = [aspect for aspect in ("RESULTS", "ERRORS", "IRQL") if not routine.tests[aspect]]
        lacks = [aspect for aspect in lacks if (aspect, "none") != ("ERRORS", routine.errors)
                 and (aspect, "any") != ("IRQL", routine.irql)]
        print(f"{routine.name:<40} {'no declaration' if not routine.header else ' '.join(lacks)}"
              f"{'  ' + routine.irql if 'IRQL' in lacks else ''}")


def main(arguments) -> int:
    routines, complaints = coverage.gather()
    if complaints:
        raise Failure("; ".join(complaints[:20]), "correct the declarations (tests/libddk/"
                      "ddi_test.h says how) or the table")
    if arguments.gaps:
        gaps(routines, arguments.gaps)
        return 0
    text = coverage.page(routines)
    if arguments.check:
        if not coverage.PAGE.exists() or coverage.PAGE.read_text(encoding="utf-8") != text:
            raise Failure("docs/ddk-coverage.md is not what the headers and tests give",
                          "./ashlar coverage")
    else:
        coverage.PAGE.write_text(text, encoding="utf-8")
        say(f"wrote {coverage.PAGE.relative_to(paths.TREE)}")
    print(coverage.summary(routines))
    return 0
