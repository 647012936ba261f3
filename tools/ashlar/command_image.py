# SPDX-License-Identifier: MIT
"""`./ashlar image`: the boot package and a fresh demonstration disk."""

import pathlib

import builder
import disk
import paths
from report import say


def options(parser) -> None:
    parser.add_argument("--disk", type=pathlib.Path, default=paths.DISK, metavar="FILE",
                        help="where to write the disk image (default: build/disk.img)")


def main(arguments) -> int:
    builder.build()
    disk.make(arguments.disk)
    builder.need(paths.KERNEL_IMAGE, "kernel image")
    builder.need(paths.BOOT_PACKAGE, "boot package")
    for path in (paths.KERNEL_IMAGE, paths.BOOT_PACKAGE, arguments.disk):
        say(f"{path}  {path.stat().st_size:,} bytes")
    return 0
