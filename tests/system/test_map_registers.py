# SPDX-License-Identifier: MIT
"""The copying DMA pool: the disk's driver package is marked for it, so that on a machine without an
IOMMU every transfer goes through map registers; behind one the mark changes nothing."""

import disk
import external_package
import paths
from harness import test

INF = paths.TREE / "drivers" / "storage" / "virtio-blk" / "virtio-blk.inf"
MARK = """
[Install.NTriscv64.HW]
AddReg = Hardware

[Hardware]
HKR,,"DmaCopyingPool",0x00010001,1
"""
FEW = 'HKR,,"DmaMapRegisters",0x00010001,12\n'
COMMANDS = "devtree; cp C:/random.bin C:/copy.bin; sha256sum C:/random.bin C:/copy.bin"


def marked(system, lines: str):
    """A boot package in which the disk's INF has these lines besides."""
    text = INF.read_text(encoding="utf-8") + lines
    return system.package(external_package.write(
        system.scratch / "marked", {"drivers/virtio-blk/virtio-blk.inf": text.encode()}))


def copies_files(system, expected: str, **options) -> None:
    image = system.disk()
    status, text = system.exec(COMMANDS, disk=image, timeout=240, **options)
    system.check(status == 0 and text.count(disk.RANDOM_SHA256) == 2, "both digests are the host's",
                 text)
    system.check(f"DMA: {expected}  mem" in text, f"devtree says {expected}", text)
    console = system.captured[-1][1].decode(errors="replace")
    copied = "virtio-blk: DMA is copied through" in console
    system.check(copied == ("copied" in expected), "the driver's adapter is as it should be", console)
    system.fsck(image)


@test(harts=(1, 4))
def through_the_copying_pool(system):
    "Each byte of a 64 MiB file arrives through copies, and a copy of the file is the same."
    copies_files(system, "not enforced, copied", package=marked(system, MARK))


@test()
def with_few_map_registers(system):
    "Twelve map registers for up to 64 requests at once: they wait for each other, in order."
    copies_files(system, "not enforced, copied", package=marked(system, MARK + FEW))


@test()
def the_mark_behind_the_iommu(system):
    "The hardware confines the device: nothing is copied."
    copies_files(system, "enforced", package=marked(system, MARK),
                 machine="virt,aia=aplic-imsic,iommu-sys=on")
