# SPDX-License-Identifier: MIT
"""`./ashlar app build DIR`: programs on the Win32 subset of lib/win32, from outside the tree."""

import time

import command_driver
import external
import external_build
import external_package
from report import say


def options(parser) -> None:
    parser.add_argument("verb", choices=("build", "scan"),
                        help="build: compile, link and make a package; scan: only say what cannot "
                             "be supported")
    command_driver.shared_options(parser)
    parser.set_defaults(inf=None)


def main(arguments) -> int:
    begin = time.monotonic()
    description = external.describe(arguments.folder, arguments)
    made = external_build.Builder("app", description, arguments)
    objects = made.compile()
    if arguments.verb == "scan":
        say(f"{description.name}: nothing that cannot be supported")
        return 0
    program = made.link(objects)
    folder = external_package.write(
        arguments.output or external_build.EXTERNAL / f"app-{description.name}.package",
        {f"apps/{description.name}": program.read_bytes()})
    say(f"{description.name}: {folder} ({time.monotonic() - begin:.1f} s); "
        f"try it with ./ashlar run --app {folder}")
    return 0
