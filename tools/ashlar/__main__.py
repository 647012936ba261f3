# SPDX-License-Identifier: MIT
"""Entry of `./ashlar`: the command line. Each command lives in a module of its own, which is
imported only when it is asked for, so that starting stays cheap."""

import argparse
import importlib
import sys

from report import Failure

COMMANDS = {
    "run": "boot Ashlar in QEMU and land in its shell (sets up and builds first)",
    "test": "run every test; ends with `N passed, N failed`",
    "build": "compile kernel, servers, drivers and applications into build/",
    "image": "make the boot package and a fresh demonstration disk",
    "debug": "boot under gdb, with the symbols of the kernel and of every task",
    "console": "attach this terminal to the serial line of `debug`",
    "demo": "stream a file while its disk's driver is killed every second",
    "bench": "measure, and print a table or JSON lines",
    "campaign": "put faults into running drivers, and show what came of them",
    "coverage": "write docs/ddk-coverage.md: what the driver kit has and what tests show of it",
    "driver": "build a WDM driver from outside the tree, or scan it for what the kit lacks",
    "app": "build a Win32 test program from outside the tree",
    "setup": "install what is missing, through apt",
}


def overview() -> str:
    lines = ["Ashlar: a microkernel whose Windows-style drivers run as isolated tasks.", "",
             "usage: ./ashlar COMMAND [OPTIONS]      (./ashlar COMMAND --help for its options)", ""]
    lines += [f"  {name:<9}{text}" for name, text in COMMANDS.items()]
    lines += ["  help     this page", "", "Start with: ./ashlar run"]
    return "\n".join(lines)


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name in ("help", "-h", "--help"):
        print(overview())
        return 0
    if name not in COMMANDS:
        raise Failure(f"there is no command '{name}'", "./ashlar help lists them")
    module = importlib.import_module(f"command_{name}")
    parser = argparse.ArgumentParser(prog=f"./ashlar {name}", description=COMMANDS[name])
    module.options(parser)
    return module.main(parser.parse_args(sys.argv[2:]))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(failure.show())
    except KeyboardInterrupt:
        sys.exit(130)
