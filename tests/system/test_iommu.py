# SPDX-License-Identifier: MIT
"""The system on a machine whose PCI devices are behind a RISC-V IOMMU: what a disk reads and writes
goes through the IoSpace that the memory manager keeps for it."""

import disk
from harness import test

MACHINE = "virt,iommu-sys=on"


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
