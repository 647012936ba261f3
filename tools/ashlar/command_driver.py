# SPDX-License-Identifier: MIT
"""`./ashlar driver build DIR` and `./ashlar driver scan DIR`: drivers from outside the tree."""

import pathlib
import time

import driver_inf
import external
import external_build
import external_package
from report import say


def shared_options(parser) -> None:
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR", help="where the sources are")
    parser.add_argument("--source", action="append", default=[], metavar="FILE",
                        help="compile this file of DIR (repeatable; default: what ashlar.toml, a "
                             ".vcxproj or a `sources` file in DIR lists, else its C files)")
    parser.add_argument("--name", help="the name it gets (default: what those files say, else DIR)")
    parser.add_argument("--include", action="append", default=[], metavar="DIR",
                        help="a further folder of headers (repeatable)")
    parser.add_argument("--define", action="append", default=[], metavar="NAME[=VALUE]",
                        help="define a macro (repeatable)")
    parser.add_argument("--free", action="store_true", help="build without DBG=1")
    parser.add_argument("--long32", action="store_true",
                        help="`long` of the sources has 32 bits, as on Windows")
    parser.add_argument("--warnings", action="store_true", help="show the compiler's warnings")
    parser.add_argument("--accept", action="store_true",
                        help="build although the scan found what the kit cannot support")
    parser.add_argument("--output", type=pathlib.Path, metavar="DIR",
                        help="where the package goes (default: external/NAME in the build folder)")


def options(parser) -> None:
    parser.add_argument("verb", choices=("build", "scan"),
                        help="build: compile, link and make a package; scan: only say what the kit "
                             "cannot support")
    shared_options(parser)
    parser.add_argument("--inf", type=pathlib.Path, metavar="FILE",
                        help="the INF (default: the one in DIR, else a minimal one is made)")


def main(arguments) -> int:
    begin = time.monotonic()
    description = external.describe(arguments.folder, arguments)
    made = external_build.Builder("driver", description, arguments)
    objects = made.compile()
    if arguments.verb == "scan":
        say(f"{description.name}: nothing that the kit cannot support "
            f"({len(objects)} sources, {time.monotonic() - begin:.1f} s)")
        return 0
    program = made.link(objects)
    inf = driver_inf.for_driver(description)
    folder = external_package.write(
        arguments.output or external_build.EXTERNAL / description.name,
        {f"drivers/{description.name}/{description.name}": program.read_bytes(),
         f"drivers/{description.name}/{description.name}.inf": inf})
    say(f"{description.name}: {folder} ({time.monotonic() - begin:.1f} s); "
        f"try it with ./ashlar run --driver {folder}")
    return 0
