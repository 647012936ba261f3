# SPDX-License-Identifier: MIT
"""The file system driver dies and is started again: docs/restart-contract.md, "File systems"."""

import re

import disk
import guest as machines
from harness import test
from recovery import LOOK, README, recovered

SHA_RANDOM = "978fe80d4e4869d1487177d5b3fb922942ade9ce9188a93d79f265176f75373e"


@test(harts=(1, 2, 4))
def the_file_system_dies(system):
    "Its volumes are mounted again, under the same letter, and what was written before is there."
    image = system.disk()
    status, text = system.exec(f"{LOOK}; kill fat; {LOOK}; cp C:/README.txt C:/one.txt; kill fat; "
                               f"cp C:/one.txt C:/two.txt; kill fat; mounts; {LOOK}", disk=image,
                               machine=machines.CONFINED)
    system.check(status == 0 and text.count(README) == 3, "files are read", text)
    system.check("C:" in text, "the volume is mounted", text)
    recovered(system, text, "fat", 3)
    system.fsck(image)
    for name in ("one", "two"):
        copy = system.mtools(image, "mtype", f"::/{name}.txt")
        system.check(copy == disk.README, f"{name}.txt is the original", copy)


@test(harts=(1, 4))
def with_those_below(system):
    "The file system, the partition and the disk driver at once."
    status, text = system.exec(f"{LOOK}; kill fat; kill partition; kill virtio-blk; {LOOK}; "
                               f"kill virtio-blk; kill fat; {LOOK}", machine=machines.CONFINED)
    system.check(status == 0 and text.count(README) == 3, "files are read", text)
    recovered(system, text, "fat", 2)


@test(harts=(1, 4))
def while_a_file_is_read(system):
    "A program that streams a file with many reads in flight, and kills the driver every second."
    status, text = system.exec("allow kill demo 3 fat plain", machine=machines.CONFINED)
    died = re.search(r"fat died (\d+) times.*lost bytes 0, wrong passes 0", text)
    system.check(status == 0 and died is not None and int(died.group(1)) > 0, "no byte is lost", text)


@test(harts=(1, 4))
def a_large_copy(system):
    "A copy of 64 MiB between deaths, also of those below, is the original, for the host as well."
    image = system.disk()
    guest = system.boot(disk=image)
    guest.send("cp C:/random.bin C:/copy.bin\rkill fat\rkill partition\rkill fat\rsha256sum C:/copy.bin\r")
    guest.expect(f"{SHA_RANDOM}  C:/copy.bin\nC:[^\n]*> $", 60)
    guest.send("shutdown\r")
    guest.wait_end()
    system.fsck(image)


@test()
def a_renamed_file(system):
    "What was renamed before the driver died is where it is, and what has the old name is another file."
    status, text = system.exec("cp C:/README.txt C:/a.txt; mv C:/a.txt C:/b.txt; kill fat; "
                               "sha256sum C:/b.txt; ls C:/a.txt")
    system.check(README.split()[0] in text and status != 0, "b.txt is there, a.txt is not", text)
