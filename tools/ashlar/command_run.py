# SPDX-License-Identifier: MIT
"""`./ashlar run`: from a fresh checkout to the shell, or to the output of some commands."""

import os
import pathlib
import shutil
import subprocess
import sys
import threading

import builder
import disk
import external_package
import guest
import paths
import symbols
from report import Failure, say

TIMED_OUT = 124


def package_options(parser) -> None:
    parser.add_argument("--driver", type=pathlib.Path, action="append", default=[],
                        metavar="PACKAGE", help="put this package of `driver build` into the boot "
                                                "package (repeatable)")
    parser.add_argument("--app", type=pathlib.Path, action="append", default=[], metavar="PACKAGE",
                        help="the same for a package of `app build`")


def options(parser) -> None:
    parser.add_argument("--exec", metavar="'CMD; CMD'", dest="commands",
                        help="boot without a terminal, run the commands, print only their output, "
                             "power off; status 0 if and only if each command succeeded")
    parser.add_argument("--disk", type=pathlib.Path, metavar="FILE",
                        help="disk image to use (default: build/disk.img, made when missing)")
    parser.add_argument("--smp", type=int, default=4, metavar="N", help="harts, 1 to 8 (4)")
    parser.add_argument("--memory", default="512M", metavar="SIZE", help="RAM (512M)")
    package_options(parser)
    parser.add_argument("--machine", default=guest.CONFINED, metavar="MACHINE",
                        help=f"QEMU's machine with its properties ({guest.CONFINED}: "
                             "message-signalled interrupts, every PCI device behind an IOMMU); "
                             "virt has neither")
    parser.add_argument("--timeout", type=float, metavar="S",
                        help="stop the machine after S seconds (with --exec: 120)")
    parser.add_argument("extra", nargs="*", metavar="-- EXTRA", help="further QEMU arguments")


def machine_for(arguments) -> guest.Machine:
    if not 1 <= arguments.smp <= 8:
        raise Failure(f"--smp {arguments.smp}: Ashlar runs on 1 to 8 harts", "choose one of them")
    builder.build()
    builder.need(paths.KERNEL_IMAGE, "kernel image")
    builder.need(paths.BOOT_PACKAGE, "boot package")
    image = guest.check_disk(arguments.disk) if arguments.disk else disk.ensure()
    package = paths.BOOT_PACKAGE
    if arguments.driver or arguments.app:
        package = external_package.combined(arguments.driver + arguments.app, paths.RUN_PACKAGE)
        symbols.use_map(package)
    return guest.Machine(harts=arguments.smp, memory=arguments.memory, disk=image,
                         package=package, machine=arguments.machine, extra=arguments.extra)


def why_no_output(result: guest.Result) -> Failure:
    tail = result.console.decode("utf-8", "replace").strip().splitlines()[-25:]
    translator = symbols.Translator()
    shown = translator.feed("\n".join(tail).encode() + b"\n").decode("utf-8", "replace")
    if result.reason:
        shown += result.reason + "\n"
    sys.stderr.write(shown.replace("\r", ""))
    if result.timed_out:
        return Failure(f"the machine was stopped after {result.seconds:.0f} s",
                       "the console's last lines are above; --timeout S gives it longer", TIMED_OUT)
    return Failure("the machine ended before the commands did",
                   "the console's last lines are above")


def run_commands(machine: guest.Machine, commands: str, timeout: float) -> int:
    machine.words += ["ashlar.quiet", guest.quoted(commands)]
    result = guest.capture(machine, timeout, guest.Extract())
    if result.status is None:
        raise why_no_output(result)
    return min(result.status, 255) if result.status >= 0 else 1


def forward(process: subprocess.Popen) -> None:
    """Passes the console on byte by byte, adding source lines below a crash report's addresses."""
    translator = symbols.Translator()
    out = sys.stdout.buffer
    while data := os.read(process.stdout.fileno(), 65536):
        out.write(translator.feed(data))
        out.flush()


def run_terminal(machine: guest.Machine, timeout: float | None) -> int:
    say("booting; leave with `shutdown`, or Ctrl-A X to stop the machine at once")
    size = shutil.get_terminal_size((80, 24))
    machine.words.append(f"ashlar.terminal={size.columns}x{size.lines}")
    process = subprocess.Popen(machine.command(guest.TERMINAL), stdout=subprocess.PIPE)
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        guest.stop(process)

    timer = threading.Timer(timeout or 0, expire)
    if timeout:
        timer.start()
    try:
        forward(process)
        status = process.wait()
    finally:
        timer.cancel()
        guest.stop(process)
        if sys.stdin.isatty():
            subprocess.run(["stty", "sane"], stderr=subprocess.DEVNULL)
    if expired.is_set():
        raise Failure(f"the machine was stopped after {timeout:.0f} s",
                      "--timeout S gives it longer", TIMED_OUT)
    return status


def main(arguments) -> int:
    machine = machine_for(arguments)
    if arguments.commands is not None:
        return run_commands(machine, arguments.commands, arguments.timeout or 120)
    return run_terminal(machine, arguments.timeout)
