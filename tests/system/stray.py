# SPDX-License-Identifier: MIT
"""Machines with the hostile driver: drivers/test/stray and the program apps/stray that uses it are
in no boot package but the one made here."""

import pathlib
import re

import external_package
import paths

EDU = ["-device", "edu,addr=6,dma_mask=0xffffffffffffffff"]
SHARING = ["-device", "edu,addr=5,dma_mask=0xffffffffffffffff"]  # wired, it has the disk's line
# Time counts instructions. Never with sleep=off in a test that types: while the guest waits for a
# key no timer is set, QEMU goes at once to the end of its time, 292 years ahead, where timers of its
# own overflow and fire for ever.
COUNTED = ["-icount", "shift=0"]
# Their drives are of no account: stray is their driver.
NVME = ["-blockdev", "driver=null-co,node-name=hostile,size=1048576,read-zeroes=on",
        "-device", "nvme,addr=7,drive=hostile,serial=hostile"]
RAM = 0x80000000
KERNEL = RAM + 0x200000


def entropy(system, seed: int) -> list[str]:
    """A virtio entropy device that gives the mark of the next seed once, then that of this one."""
    file = system.scratch / "entropy"
    file.write_bytes(mark(seed + 1) + mark(seed) * 65536)
    return ["-object", f"rng-random,id=entropy,filename={file}", "-device",
            "virtio-rng-pci,addr=8,rng=entropy,disable-legacy=on,iommu_platform=on"]


def package(system) -> pathlib.Path:
    files = {
        "drivers/stray/stray": paths.BUILD / "drivers/test/stray/stray",
        "drivers/stray/stray.inf": paths.TREE / "drivers/test/stray/stray.inf",
        "apps/stray": paths.BUILD / "apps/stray/stray",
    }
    folder = external_package.write(system.scratch / "stray",
                                    {name: file.read_bytes() for name, file in files.items()})
    return system.package(folder)


def boot(system, machine: str, counted: bool = True, devices: list[str] = EDU):
    guest = system.boot(machine=machine, package=package(system), memory="256M",
                        extra=devices + (COUNTED if counted else []))
    say(guest, "devtree", "edu in the hands of a hostile driver, stray: started")
    return guest


def say(guest, line: str, answer: str, timeout: float = 60) -> re.Match:
    """Types a line and waits for an answer: what the system reports may come behind the prompt."""
    guest.send(line + "\r")
    return guest.expect(answer, timeout)


def memory(system, guest, start: int = RAM, size: int = 256 << 20) -> bytes:
    """What RAM holds now, as the machine sees it."""
    file = system.scratch / "memory"
    guest.monitor.execute("pmemsave", val=start, size=size, filename=str(file))
    return file.read_bytes()


def mix(seed: int) -> int:
    """As apps/stray does it."""
    mask = (1 << 64) - 1
    value = seed & mask
    value ^= value >> 30
    value = value * 0xbf58476d1ce4e5b9 & mask
    value ^= value >> 27
    value = value * 0x94d049bb133111eb & mask
    return value ^ value >> 31


def mark(seed: int) -> bytes:
    """What edu writes."""
    return (mix(seed) | 0x8000000000000001).to_bytes(8, "little")


def clock_mark(seed: int) -> bytes:
    """What an NVMe controller writes, behind the milliseconds of its clock."""
    return ((mix(seed) | 0x80000001) & 0xffffffff).to_bytes(4, "little") + b"\x02\x00"
