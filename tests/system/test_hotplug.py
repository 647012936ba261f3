# SPDX-License-Identifier: MIT
"""Cards that are plugged into a PCI Express slot while the system runs, and pulled out of it
(docs/plug-and-play.md, hot-plug)."""

import pathlib

import guest as machine_module
from harness import test
from test_partitions import DIGEST, blank, entry, fill, write_table

SLOT = ["-device", "pcie-root-port,id=slot1,chassis=1,slot=1"]
KINDS = {"virtio-blk": {"driver": "virtio-blk-pci"}, "nvme": {"driver": "nvme", "serial": "card"}}


def image(system) -> pathlib.Path:
    path = blank(system, f"card{len(list(system.scratch.glob('card*')))}.img")
    write_table(path, 0, entry(0x0c, 2048, 60000))
    fill(system, path, 2048, 60000)
    return path


class Card:
    """A disk in a slot, or beside it."""

    def __init__(self, guest, path: pathlib.Path, kind: str = "virtio-blk", slot: str = "slot1"):
        self.guest, self.path, self.slot = guest, path, slot
        self.options = dict(KINDS[kind])
        if kind == "virtio-blk" and "iommu-sys=on" in guest.machine:
            self.options["iommu_platform"] = True

    def plug(self) -> None:
        monitor = self.guest.monitor
        monitor.execute("blockdev-add", **{"node-name": self.slot + "-disk", "driver": "raw",
                                           "file": {"driver": "file", "filename": str(self.path)}})
        monitor.execute("device_add", id=self.slot + "-card", bus=self.slot,
                        drive=self.slot + "-disk", **self.options)


def boot(system, machine: str = "virt", extra: list[str] = SLOT, **options):
    guest = system.boot(machine=machine, extra=extra, **options)
    guest.machine = machine
    return guest


def mounted(guest, letter: str = "D") -> None:
    guest.expect(f"HarddiskVolume[0-9]+ is drive {letter}:", 30)


def say(guest, line: str, answer: str) -> str:
    """Types a line and waits for its answer: messages of the system may come in between."""
    guest.send(line + "\r")
    return guest.expect(answer).string


@test(harts=(1, 4))
def a_disk_is_plugged_in(system):
    "An empty slot gets a disk: it is found, its volume is mounted, a file has its bytes."
    for kind, machine in (("virtio-blk", machine_module.CONFINED), ("nvme", "virt")):
        guest = boot(system, machine)
        Card(guest, image(system), kind).plug()
        mounted(guest)
        say(guest, "sha256sum D:/content.bin", DIGEST)
        say(guest, "devtree", r"VEN_1B36&DEV_000C[^\n]*\n[^\n]*pci: started")
        guest.close()
