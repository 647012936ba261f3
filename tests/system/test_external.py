# SPDX-License-Identifier: MIT
"""Drivers from outside the tree: tests/external/ is built as somebody's own folder would be, and
its driver comes and goes in a running system."""

import paths
from harness import test

ECHO = paths.TREE / "tests" / "external" / "echo"


@test(harts=(1, 4))
def external_driver(system):
    "Built from its project file; loaded, written to, unloaded, loaded again."
    guest = system.boot(package=system.package(system.build("driver", ECHO)))
    text = "".join(guest.run(line) for line in (
        "driver load xecho", "write \\Device\\ExternalEcho hello", "driver unload xecho",
        "driver load XEcho.sys", "driver list"))
    for words in ("echo: exceptions work", "built for 64 bits",
                  "echo: 6 bytes, the first is 'h'", "echo: unloaded", "xecho is unloaded"):
        system.check(words in text, f"the console says '{words}'", text)
    rows = [line.split() for line in text.splitlines() if "drivers/xecho/" in line]
    system.check(bool(rows) and rows[0][2] == "ready", "it runs again", text)


@test(harts=(1,))
def unload_refused(system):
    "Drivers of the device tree stay, names that are not loaded are named."
    status, text = system.exec("driver unload pci")
    system.check(status != 0 and "serves devices of the device tree" in text, "the reason", text)
    status, text = system.exec("driver unload nothing")
    system.check(status != 0 and "nothing is not loaded" in text, "the name", text)
    status, text = system.exec("driver frobnicate")
    system.check(status != 0 and "driver load NAME" in text, "how to write it", text)
