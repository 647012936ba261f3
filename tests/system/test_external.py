# SPDX-License-Identifier: MIT
"""Drivers from outside the tree: tests/external/ is built as somebody's own folder would be, and
its driver comes and goes in a running system."""

import time

import paths
from harness import test

ECHO = paths.TREE / "tests" / "external" / "echo"


def step(guest, line: str, *answers: str) -> None:
    """Types a line and waits for what driver and shell say to it. The two write to the console
    independently of each other, so the line before is given time to come out."""
    time.sleep(0.3)
    guest.send(line + "\r")
    for answer in answers:
        guest.expect(answer, 20)


@test(harts=(1, 4))
def external_driver(system):
    "Built from its project file; loaded, written to, unloaded, loaded again."
    guest = system.boot(package=system.package(system.build("driver", ECHO)))
    step(guest, "driver load xecho", r"built for 64 bits[\s\S]*echo: exceptions work")
    step(guest, "write \\Device\\ExternalEcho hello", "echo: 6 bytes, the first is 'h'")
    step(guest, "driver unload xecho", "echo: unloaded")
    step(guest, "driver list", "unloaded +0  drivers/xecho/xecho")
    step(guest, "driver load XEcho.sys", "echo: exceptions work")
    step(guest, "driver list", "ready +1  drivers/xecho/xecho")


@test(harts=(1,))
def unload_refused(system):
    "Drivers of the device tree stay, names that are not loaded are named."
    status, text = system.exec("driver unload pci")
    system.check(status != 0 and "serves devices of the device tree" in text, "the reason", text)
    status, text = system.exec("driver unload nothing")
    system.check(status != 0 and "nothing is not loaded" in text, "the name", text)
    status, text = system.exec("driver frobnicate")
    system.check(status != 0 and "driver load NAME" in text, "how to write it", text)
