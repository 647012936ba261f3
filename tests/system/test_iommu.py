# SPDX-License-Identifier: MIT
"""The system on a machine whose PCI devices are behind a RISC-V IOMMU: what a disk reads and writes
goes through the IoSpace that the memory manager keeps for it."""

import disk
from harness import test

MACHINE = "virt,iommu-sys=on"


@test(harts=(1, 4))
def strict_and_registered_copies(system):
    "The disk has the buffer for each request, or all the time: each byte arrives both ways."
    for how, name in (("", "strict"), (" registered", "registered")):
        image = system.disk()
        status, text = system.exec(
            f"exercise copy C:/random.bin C:/copy.bin{how}; sha256sum C:/copy.bin", disk=image,
            machine=MACHINE, timeout=240)
        system.check(status == 0 and "67108864 bytes, 0x00000000, 0x00000000" in text and
                     text.count(disk.RANDOM_SHA256) == 1, f"{name}: the digest is the host's", text)
        system.check("refused" not in text, f"{name}: the IOMMU had nothing to refuse", text)
        system.fsck(image)


UNCONFINED = "the device passes the IOMMU by"


@test(harts=(1, 4))
def devices_that_would_pass_the_iommu_by(system):
    "They take every address for a physical one, so they are refused; others go on."
    extra = ["-device", "virtio-rng-pci,disable-legacy=on",
             "-drive", f"if=none,id=outside,file={system.disk()},format=raw",
             "-device", "virtio-blk-pci,disable-legacy=on,drive=outside"]
    status, text = system.exec("devtree; dma; sha256sum C:/random.bin", machine=MACHINE,
                               extra=extra)
    system.check(status == 0 and disk.RANDOM_SHA256 in text, "the disk behind the IOMMU works",
                 text)
    for driver in ("virtio-rng", "virtio-blk"):
        system.check(f"{driver}: not started: {UNCONFINED}" in system.log(),
                     f"{driver} says why", system.log())
    system.check(text.count("failed (STATUS_DEVICE_CONFIGURATION_ERROR)") == 2,
                 "the tree shows two that failed", text)
    system.check("refused 0 times" in text, "and none has tried", text)
    told = system.log().count(UNCONFINED)
    status, text = system.exec("exercise random; sha256sum C:/random.bin", extra=extra[:2])
    system.check(status == 0 and disk.RANDOM_SHA256 in text and
                 system.log().count(UNCONFINED) == told, "without an IOMMU there is nothing to pass by", text)


@test(harts=(1, 4))
def a_disk_behind_the_iommu(system):
    "Each byte of a 64 MiB file arrives, a copy of it is the same, the volume stays clean."
    image = system.disk()
    status, text = system.exec(
        "cp C:/random.bin C:/copy.bin; sha256sum C:/random.bin C:/copy.bin", disk=image,
        machine=MACHINE, timeout=240)
    system.check(status == 0 and text.count(disk.RANDOM_SHA256) == 2, "both digests are the host's",
                 text)
    system.fsck(image)
