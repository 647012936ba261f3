# SPDX-License-Identifier: MIT
"""The teaching driver (drivers/samples/edu) with QEMU's `edu` device: registers, interrupt, DMA on
every kind of machine."""

import guest as machines
from harness import test

WIDE = "edu,dma_mask=0xffffffffffffffff"


def exercise(system, command: str, **options) -> str:
    status, text = system.exec(f"{command}; drivers", **options)
    system.check(status == 0 and "exercise edu: as it should be" in text, "it does what it says",
                 text)
    system.check("12 factorials, the last is 479001600" in text, "the interrupt comes", text)
    return text


def check_copies(system, text: str) -> None:
    for way in ("by packet", "through the common buffer"):
        system.check(f"copies {way}: every byte comes back" in text, f"DMA {way}", text)


@test(harts=(1, 4))
def on_the_plic(system):
    "Line interrupt, addresses as they are: a device that reaches all memory."
    text = exercise(system, "exercise edu 64", extra=["-device", WIDE])
    check_copies(system, text)


@test()
def without_memory_in_reach(system):
    "All memory lies beyond 28 bits and nothing translates: copies are refused, the rest works."
    text = exercise(system, "exercise edu", extra=["-device", "edu"])
    system.check("no common buffer" in text and "no memory in the device's reach" in text,
                 "it says so", text)


@test()
def with_aplic_and_imsic(system):
    "Message-signalled interrupts."
    text = exercise(system, "exercise edu 64", machine="virt,aia=aplic-imsic",
                    extra=["-device", WIDE])
    system.check("message interrupt" in text, "it got its message", text)
    check_copies(system, text)


@test(harts=(1, 4))
def behind_the_iommu(system):
    "28 bits are enough where logical addresses are made for the device."
    text = exercise(system, "exercise edu", machine="virt,aia=aplic-imsic,iommu-sys=on",
                    extra=["-device", "edu"])
    check_copies(system, text)


@test(harts=(1, 2, 4))
def its_driver_dies_at_work(system):
    "Control requests that the INF names are done again: the program gets each answer, none an error."
    guest = system.boot(machine=machines.CONFINED, extra=["-device", "edu"])
    guest.send("start exercise edu 28 3\r")
    guest.expect("driver 1 works", 60)
    for number in (2, 3, 4):
        end = ".*exercise edu: as it should be" if number == 4 else ""
        guest.send("kill edu\r")
        guest.expect(f"(?s)pnp: edu died and was started again.*driver {number} works{end}", 60)
    guest.send("shutdown\r")
    guest.wait_end()

