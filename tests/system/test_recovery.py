# SPDX-License-Identifier: MIT
"""Drivers that die and are started again: nobody above them notices. docs/restart-contract.md says
what each request meets."""

import time

import disk
import guest as machines
from harness import test
from recovery import AGAIN, LOOK, README, recovered


@test(harts=(1, 2, 4))
def the_disk_driver_dies(system):
    "What is read right afterwards, and while it starts, comes as if nothing had been."
    for machine in ("virt", machines.CONFINED):
        status, text = system.exec(f"{LOOK}; kill virtio-blk; {LOOK}; sha256sum C:/random.bin; "
                                   f"kill virtio-blk; {LOOK}", machine=machine)
        system.check(status == 0 and text.count(README) == 3, "files are read", text)
        recovered(system, text, "virtio-blk", 2)


@test(harts=(1, 4))
def nvme_dies(system):
    "The same with the other disk driver."
    status, text = system.exec(f"{LOOK}; kill nvme; {LOOK}; kill nvme; {LOOK}", controller="nvme",
                               machine=machines.CONFINED)
    system.check(status == 0 and text.count(README) == 3, "files are read", text)
    recovered(system, text, "nvme", 2)


@test(harts=(1, 2, 4))
def the_partition_driver_dies(system):
    "The file system above it and the volume's drive letter stay."
    status, text = system.exec(f"{LOOK}; kill partition; {LOOK}; kill partition; {LOOK}; mounts",
                               machine=machines.CONFINED)
    system.check(status == 0 and text.count(README) == 3, "files are read", text)
    system.check("C:" in text.splitlines()[-1], "the volume is mounted", text)
    recovered(system, text, "partition", 2)


@test(harts=(1, 4))
def both_die(system):
    "The lower one while the upper one is being started again."
    status, text = system.exec(f"{LOOK}; kill partition; kill virtio-blk; {LOOK}",
                               machine=machines.CONFINED)
    system.check(status == 0 and text.count(README) == 2, "files are read", text)
    recovered(system, text, "partition")
    recovered(system, text, "virtio-blk")


@test(harts=(1, 4))
def what_is_written_is_there(system):
    "Copies that are begun while a driver below is dead are the same bytes, for the host as well."
    image = system.disk()
    status, text = system.exec("cp C:/README.txt C:/one.txt; kill virtio-blk; "
                               "cp C:/README.txt C:/two.txt; kill partition; "
                               "cp C:/one.txt C:/three.txt; sha256sum C:/three.txt",
                               disk=image, machine=machines.CONFINED)
    system.check(status == 0 and README.split()[0] in text, "the copy of the copy", text)
    system.fsck(image)
    for name in ("one", "two", "three"):
        copy = system.mtools(image, "mtype", f"::/{name}.txt")
        system.check(copy == disk.README, f"{name}.txt is the original", copy)


@test(harts=(1, 4))
def thirty_two_in_flight(system):
    "A program with 32 requests at the driver that dies gets each back, once, with the right bytes."
    image = system.scratch / "blank.img"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    for controller in ("virtio-blk", "nvme"):
        again, right = AGAIN.format(controller), "exercise disk: as it should be"
        guest = system.boot(disk=image, controller=controller, machine=machines.CONFINED)
        for delay in (0.1, 0.3, 0.5):
            guest.send("start exercise disk \\Device\\Harddisk0\\DR0\r")
            time.sleep(delay)
            guest.send(f"kill {controller}\r")
            guest.expect(f"(?s){again}.*{right}|{right}.*{again}", 60)
        guest.send("shutdown\r")
        guest.wait_end()
