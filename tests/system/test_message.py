# SPDX-License-Identifier: MIT
"""Message-signalled interrupts: a device gets messages where the machine has them, of its own
behind an IOMMU, else its line; each byte arrives either way."""

import re

import disk
from harness import test

AIA = "virt,aia=aplic-imsic"
BEHIND = AIA + ",iommu-sys=on"
BLOCK = re.compile(r"Virtio block device, virtio-blk: started[^\n]*")


def reads_the_disk(system, machine: str) -> str:
    """What devtree says of the disk's controller after the whole of a file has been read."""
    status, text = system.exec("sha256sum C:/random.bin; devtree", machine=machine, timeout=120)
    system.check(status == 0 and disk.RANDOM_SHA256 in text, "each byte arrives", text)
    found = BLOCK.search(text)
    system.check(found is not None, "the controller is started", text)
    return found.group(0)


@test(harts=(1, 2, 4))
def messages_of_any_device(system):
    "Without an IOMMU: what the kernel has free."
    line = reads_the_disk(system, AIA)
    system.check(line.count(" message ") >= 2 and " irq " not in line, "it has messages", line)


@test(harts=(1, 2, 4))
def messages_of_the_device(system):
    "Behind the IOMMU: only those that were made for it."
    line = reads_the_disk(system, BEHIND)
    system.check(line.count(" message ") >= 2 and " irq " not in line, "it has messages", line)


@test(harts=(1, 2, 4))
def the_line_where_there_are_none(system):
    "With a PLIC the same driver falls back to its line."
    line = reads_the_disk(system, "virt")
    system.check(" irq " in line and " message " not in line, "it has its line", line)


@test(harts=(1, 4))
def messages_again_after_each_start(system):
    "MSI of edu: disabled and enabled, stopped and started, it has messages, and they come."
    again = "exercise edu 64; device rebalance 00:02.0; exercise edu 64"
    for machine in (AIA, BEHIND):
        status, text = system.exec(
            f"{again}; device disable 00:02.0; device enable 00:02.0; {again}; devtree",
            machine=machine, extra=["-device", "edu,dma_mask=0xffffffffffffffff"], timeout=120)
        system.check(status == 0 and text.count("exercise edu: as it should be") == 4,
                     "it does what it says each time", text)
        line = re.search(r"edu: started[^\n]*", text)
        system.check(line is not None and " message " in line.group(0), "it has its message", text)
