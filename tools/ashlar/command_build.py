# SPDX-License-Identifier: MIT
"""`./ashlar build`."""

import time

import builder
import paths
from report import say


def options(parser) -> None:
    parser.add_argument("--verbose", action="store_true", help="show each compiler command")
    parser.add_argument("target", nargs="*", help="Ninja targets (default: everything)")


def main(arguments) -> int:
    begin = time.monotonic()
    builder.build(arguments.target, arguments.verbose)
    say(f"built in {paths.BUILD} ({time.monotonic() - begin:.1f} s)")
    return 0
