# SPDX-License-Identifier: MIT
"""`./ashlar debug`: the machine, stopped before its first instruction, under gdb-multiarch.

gdb has this terminal; the machine's serial line is on a socket that `./ashlar console` attaches
to, and in build/debug.log. tools/gdb/ashlar_gdb.py loads the symbols and adds the commands.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import time

import command_console
import command_run
import paths
import symbols
from report import Failure, say

GDB_SOCKET = paths.BUILD / "debug.gdb"
LOG = paths.BUILD / "debug.log"
EXTENSION = paths.TREE / "tools" / "gdb" / "ashlar_gdb.py"


def options(parser) -> None:
    parser.add_argument("--disk", type=pathlib.Path, metavar="FILE", help="disk image to use")
    parser.add_argument("--smp", type=int, default=4, metavar="N", help="harts, 1 to 8 (4)")
    parser.add_argument("--memory", default="512M", metavar="SIZE", help="RAM (512M)")
    command_run.package_options(parser)
    parser.add_argument("--words", default="", metavar="'WORD ...'",
                        help="further words for the kernel's command line")
    parser.add_argument("--gdb", action="append", default=[], metavar="COMMAND",
                        help="gdb command to run at the start; with any, gdb ends after them")
    parser.add_argument("extra", nargs="*", metavar="-- EXTRA", help="further QEMU arguments")
    parser.set_defaults(commands=None, timeout=None)


def start(arguments: argparse.Namespace) -> subprocess.Popen:
    machine = command_run.machine_for(arguments)
    machine.words += arguments.words.split()
    for path in (GDB_SOCKET, command_console.SOCKET, LOG):
        path.unlink(missing_ok=True)
    console = ["-display", "none", "-monitor", "none", "-S",
               "-chardev", f"socket,id=serial,path={command_console.SOCKET},server=on,wait=off,"
               f"logfile={LOG}", "-serial", "chardev:serial",
               "-chardev", f"socket,id=gdb,path={GDB_SOCKET},server=on,wait=off",
               "-gdb", "chardev:gdb"]
    # A session of its own: Ctrl-C in gdb interrupts the guest, it must not end QEMU.
    process = subprocess.Popen(machine.command(console), start_new_session=True,
                               stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not GDB_SOCKET.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise Failure("QEMU did not start", "its message is above")
        time.sleep(0.02)
    return process


def gdb_command(arguments: argparse.Namespace) -> list[str]:
    command = ["gdb-multiarch", "-q", "-nx", "-ex", "set confirm off",
               "-ex", f"source {EXTENSION}", "-ex", f"ashlar-attach {GDB_SOCKET}"]
    if arguments.gdb:
        command += ["-batch"]
    return command + [word for line in arguments.gdb for word in ("-ex", line)]


def main(arguments: argparse.Namespace) -> int:
    process = start(arguments)
    say("the serial line: ./ashlar console in another terminal, or " + str(LOG))
    if shutil.which("gdb-multiarch") is None:
        raise Failure("gdb-multiarch is missing", "./ashlar setup installs it")
    environment = dict(os.environ, ASHLAR_KERNEL_ELF=str(paths.KERNEL_ELF),
                       ASHLAR_PACKAGE_MAP=str(symbols.package_map))
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(gdb_command(arguments), env=environment).returncode
    finally:
        signal.signal(signal.SIGINT, previous)
        process.kill()
        process.wait()
