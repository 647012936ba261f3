# SPDX-License-Identifier: MIT
"""The console's driver dies and is started again: nothing that was typed or printed is lost or comes
twice. docs/restart-contract.md, "Serial ports"."""

import re

import external_package
import guest as machines
import paths
from harness import test

AGAIN = r"pnp: ns16550 died and was started again: \d+ us"


@test(harts=(1, 2, 4))
def the_console_goes_on(system):
    "The shell reads and writes on, and the same line settings are in force."
    guest = system.boot(machine=machines.CONFINED if system.harts == 1 else "virt")
    for number in range(3):
        guest.send("kill ns16550\r")
        guest.expect(AGAIN)
        guest.send(f"echo after death {number}\r")
        guest.expect(f"\nafter death {number}\nC:[^\n]*> $")


@test(harts=(1, 4))
def what_is_typed_meanwhile(system):
    "Lines that arrive at once, while the driver dies again and again, are all run, once, in order."
    guest = system.boot()
    lines = [f"mkdir C:/typed{number}\r" for number in range(12)]
    for at in (2, 5, 8, 11):
        lines.insert(at, "kill ns16550\r")
    guest.send("".join(lines) + "echo all of it\r")
    guest.expect(r"\nall of it\nC:[^\n]*> $", timeout=60)
    listing = guest.run("ls C:/")
    for number in range(12):
        system.check(len(re.findall(rf"\btyped{number}\b", listing)) == 1, f"typed{number}", listing)


def package(system):
    faulty = (paths.BUILD / "drivers/test/faulty/faulty-line").read_bytes()
    folder = external_package.write(system.scratch / "faulty", {"drivers/ns16550/faulty": faulty})
    return system.package(folder)


@test(harts=(1, 4))
def a_version_that_does_not_work(system):
    "It faults, or its ISR or DPC does not end, in the middle of a line: the line is read all the same."
    guest = system.boot(package=package(system))
    guest.run("driver verify ns16550 probe=400")
    for character, why in (("\x1c", "cause"), ("\x1d", "bugcheck 0x133"), ("\x1e", "bugcheck 0x133")):
        guest.send("driver update ns16550 ns16550/faulty\r")
        guest.expect(r"runs in task [^\n]*faulty(.|\n)*> $")
        guest.send(f"echo one{character} line\r")
        text = guest.expect(r"(?s)drivers/ns16550/ns16550 comes back.*\none-? line\nC:[^\n]*> $").string
        system.check(why in text, f"its report says {why}", text)
