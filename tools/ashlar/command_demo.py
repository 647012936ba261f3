# SPDX-License-Identifier: MIT
"""`./ashlar demo`: a file is streamed while its disk's driver is killed every second, and then
upgraded."""

import pathlib
import sys

import builder
import disk
import external_package
import guest
import paths
from report import Failure, say

END = b"\x1eASHLAR-END"
MARGIN = 90  # booting, the first pass and the last


def options(parser) -> None:
    parser.add_argument("--seconds", type=int, default=15, metavar="S",
                        help="how long the driver is killed, once a second (15)")
    parser.add_argument("--driver", choices=("virtio-blk", "partition", "nvme"),
                        default="virtio-blk", help="which one (virtio-blk)")
    parser.add_argument("--smp", type=int, default=4, metavar="N", help="harts, 1 to 8 (4)")
    parser.add_argument("--plain", action="store_true",
                        help="a line a second instead of a picture (so without a terminal)")


def package_with(next_image: str, driver: str) -> pathlib.Path:
    """A boot package with a next version of the driver: the same code, in another file."""
    image = paths.BUILD / "drivers/storage" / driver / driver
    folder = external_package.write(paths.BUILD / "demo", {next_image: image.read_bytes()})
    return external_package.combined([folder], paths.BUILD / "demo.cpio")


def machine_for(arguments, plain: bool) -> guest.Machine:
    if not 1 <= arguments.smp <= 8:
        raise Failure(f"--smp {arguments.smp}: Ashlar runs on 1 to 8 harts", "choose one of them")
    if not 1 <= arguments.seconds <= 86400:
        raise Failure(f"--seconds {arguments.seconds}: from 1 to 86400", "choose one of them")
    builder.build()
    controller = "nvme" if arguments.driver == "nvme" else "virtio-blk"
    next_image = f"drivers/next/{arguments.driver}"
    command = (f"allow kill demo {arguments.seconds} {arguments.driver} "
               f"{'plain' if plain else 'picture'} {next_image}")
    return guest.Machine(harts=arguments.smp, disk=disk.ensure(), controller=controller,
                         package=package_with(next_image, arguments.driver),
                         machine=guest.CONFINED,
                         words=["ashlar.quiet", guest.quoted(command)])


class Screen:
    """Passes on what comes between the marks, at once, and remembers it."""

    def __init__(self):
        self.console = bytearray()
        self.shown = 0

    def __call__(self, data: bytes) -> None:
        self.console += data
        begin = self.console.find(guest.BEGIN)
        if begin < 0:
            return
        self.shown = max(self.shown, begin + len(guest.BEGIN))
        end = self.console.find(END, begin)
        until = end if end >= 0 else len(self.console) - len(END)
        if until > self.shown:
            sys.stdout.buffer.write(self.console[self.shown:until])
            sys.stdout.buffer.flush()
            self.shown = until


def main(arguments) -> int:
    plain = arguments.plain or not sys.stdout.isatty()
    machine = machine_for(arguments, plain)
    screen = Screen()
    say("booting; the first pass over the file is undisturbed")
    result = guest.capture(machine, arguments.seconds + MARGIN, screen)
    print()
    text = result.console.decode("utf-8", "replace")
    if f"demo: SHA-256 {disk.RANDOM_SHA256}" not in text:
        raise Failure("the file that was read is not the file that was written",
                      "the console's last lines are above")
    say("every pass has the SHA-256 of the file on the host" if result.status == 0 else
        "something was lost: see above")
    return 0 if result.status == 0 else 1
