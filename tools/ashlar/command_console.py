# SPDX-License-Identifier: MIT
"""`./ashlar console`: the serial line of a machine that `./ashlar debug` runs."""

import os
import select
import socket
import sys
import termios
import tty

import paths
import symbols
from report import Failure, say

SOCKET = paths.BUILD / "debug.serial"
LEAVE = b"\x1d"  # Ctrl-]


def options(parser) -> None:
    pass


def connect() -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(SOCKET))
    except OSError:
        raise Failure("no machine is being debugged",
                      "start one with ./ashlar debug in another terminal") from None
    return line


def pump(line: socket.socket) -> None:
    translator = symbols.Translator()
    while True:
        ready, _, _ = select.select([line, sys.stdin], [], [])
        if line in ready:
            data = line.recv(65536)
            if not data:
                return
            sys.stdout.buffer.write(translator.feed(data))
            sys.stdout.buffer.flush()
        if sys.stdin in ready:
            typed = os.read(sys.stdin.fileno(), 1024)
            if not typed or LEAVE in typed:
                return
            line.sendall(typed)


def main(arguments) -> int:
    line = connect()
    say("attached; leave with Ctrl-]")
    saved = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    try:
        if saved is not None:
            tty.setraw(sys.stdin)
        pump(line)
    finally:
        if saved is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
    return 0
