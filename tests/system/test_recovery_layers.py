# SPDX-License-Identifier: MIT
"""Drivers that die in stacks of several layers and are started again: filters, bus drivers, several
devices of one driver. docs/restart-contract.md says what each request meets."""

import hashlib
import re

import guest as machines
import paths
from harness import test
from recovery import AGAIN, LOOK, README, recovered


@test(harts=(1, 2, 4))
def two_disks_stay_apart(system):
    "Both disks of the driver that dies are the same disks afterwards, whichever starts first."
    second, other = system.disk(), system.scratch / "other.bin"
    other.write_bytes(b"another disk's file\n" * 100000)
    system.mtools(second, "mcopy", "-o", str(other), "::/random.bin")
    extra = ["-drive", f"file={second},format=raw,if=none,id=second,snapshot=on",
             "-device", "virtio-blk-pci,drive=second,disable-legacy=on,iommu_platform=on"]
    look = "sha256sum C:/random.bin D:/random.bin"
    status, text = system.exec(f"{look}; kill virtio-blk; {look}; kill virtio-blk; {look}",
                               machine=machines.CONFINED, extra=extra)
    digests = re.findall(r"^([0-9a-f]{64})  [CD]:/random.bin", text, re.M)
    known = hashlib.sha256(other.read_bytes()).hexdigest()
    system.check(status == 0 and len(digests) == 6 and digests[:2] == digests[2:4] == digests[4:]
                 and (digests[0] == known) != (digests[1] == known), "C: and D: stay", text)
    recovered(system, text, "virtio-blk", 2)


def traced(system):
    """A boot package with iotrace: above and below the partition driver on every disk."""
    folder = paths.TREE / "drivers" / "samples" / "iotrace"
    return system.package(system.build("driver", folder))


@test(harts=(1, 2, 4))
def a_filter_dies(system):
    "It is replaced where it stands, twice in one stack; the drivers between and below go on."
    look = "sha256sum C:/random.bin"
    status, text = system.exec(f"{look}; kill iotrace; {look}; kill iotrace; {look}; devtree; "
                               "exercise iotrace C:/random.bin", machine=machines.CONFINED,
                               package=traced(system), timeout=110)
    system.check(status == 0 and len(set(re.findall(r"^[0-9a-f]{64}", text, re.M))) == 1
                 and text.count("  C:/random.bin") == 3, "files are read", text)
    recovered(system, text, "iotrace", 2)
    system.check("died and was started again" not in text.replace("pnp: iotrace died", ""),
                 "nobody else was started again", text)
    system.check("exercise iotrace: as it should be" in text, "the new one counts", text)


@test(harts=(1, 4))
def the_driver_between_filters_dies(system):
    "The filter below it is removed and added again, the one above keeps its requests."
    look = "sha256sum C:/random.bin"
    status, text = system.exec(f"{look}; kill partition; {look}; kill virtio-blk; {look}; "
                               f"kill partition; {look}; exercise iotrace C:/random.bin",
                               machine=machines.CONFINED, package=traced(system), timeout=110)
    system.check(status == 0 and len(set(re.findall(r"^[0-9a-f]{64}", text, re.M))) == 1
                 and text.count("  C:/random.bin") == 4, "files are read", text)
    recovered(system, text, "partition", 2)
    recovered(system, text, "virtio-blk")
    system.check("exercise iotrace: as it should be" in text, "the filters count", text)


@test(harts=(1, 2, 4))
def bus_drivers_die(system):
    "The devices below go on: no driver of them is started again, and all are started."
    look = "sha256sum C:/random.bin"
    status, text = system.exec(f"devtree; {look}; kill devicetree; {look}; kill pci; {look}; "
                               f"kill pci; {look}; devtree", machine=machines.CONFINED)
    system.check(status == 0 and len(set(re.findall(r"^[0-9a-f]{64}", text, re.M))) == 1
                 and text.count("  C:/random.bin") == 4, "files are read", text)
    recovered(system, text, "devicetree")
    recovered(system, text, "pci", 2)
    system.check(len(re.findall(AGAIN.format(".*"), text)) == 3, "nobody else died", text)
    started = re.findall(r"^ *(.*: started.*)$", text, re.M)
    half = len(started) // 2
    system.check(half > 4 and started[:half] == started[half:], "the same devices work", text)


@test(harts=(1, 4))
def the_bus_and_what_is_on_it_die(system):
    "A dead driver's device is turned off by the next task of its bus driver, and not sooner."
    look = "sha256sum C:/random.bin"
    for controller in ("virtio-blk", "nvme"):
        status, text = system.exec(f"{look}; kill pci; kill {controller}; {look}; kill {controller}; "
                                   f"kill pci; kill devicetree; {look}", controller=controller,
                                   machine=machines.CONFINED)
        system.check(status == 0 and len(set(re.findall(r"^[0-9a-f]{64}", text, re.M))) == 1
                     and text.count("  C:/random.bin") == 3, "files are read", text)
        recovered(system, text, controller, 2)
        recovered(system, text, "pci", 2)
        recovered(system, text, "devicetree")


@test(harts=(1, 4))
def killed_at_first(system):
    "The drivers below a volume die before anybody has read from it."
    for victims in ("kill virtio-blk", "kill partition", "kill virtio-blk; kill partition",
                    "kill pci; kill virtio-blk"):
        status, text = system.exec(f"{victims}; {LOOK}", machine=machines.CONFINED)
        system.check(status == 0 and README in text, f"{victims}: C: is there", text)
