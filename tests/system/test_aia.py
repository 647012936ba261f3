# SPDX-License-Identifier: MIT
"""The machine with APLIC and IMSIC in place of the PLIC: the whole system on it."""

import hashlib

import disk
import guest
from harness import test


@test(harts=(1, 4))
def runs_the_system(system):
    "Boots to the shell; serial line, clock and disk interrupt through the APLIC."
    machine = system.boot(machine=guest.AIA)
    answer = machine.run("devtree")
    for words in ("16550A serial port, ns16550: started", "Real-time clock, goldfish: started",
                  "Virtio block device, virtio-blk: started"):
        system.check(words in answer, f"{words}", answer)
    digest = hashlib.sha256(disk.random_file()).hexdigest()
    answer = machine.run("sha256sum C:/random.bin", timeout=60)
    system.check(digest in answer, "64 MiB are read from the disk as they are", answer)
