# SPDX-License-Identifier: MIT
"""`./ashlar demo`: what is shown of a driver that dies is true."""

import re

import disk
import external_package
import guest as machines
import paths
from harness import test

SAID = re.compile(r"demo: (\S+) died (\d+) times; \d+ MiB in (\d+) passes at \d+ MiB/s; lost bytes "
                  r"(\d+), wrong passes (\d+); longest pause \d+ ms")


@test(harts=(1, 4))
def every_byte_comes(system):
    "Whichever driver of the stack dies every second, the stream is the file on the host."
    driver = "virtio-blk" if system.harts > 1 else "partition"
    following = f"drivers/next/{driver}"
    image = (paths.BUILD / "drivers/storage" / driver / driver).read_bytes()
    folder = external_package.write(system.scratch / driver, {following: image})
    status, text = system.exec(f"allow kill demo 2 {driver} plain {following}",
                               machine=machines.CONFINED, package=system.package(folder))
    said = SAID.search(text)
    system.check(status == 0 and said is not None, "it ends well", text)
    name, deaths, passes, lost, wrong = said.groups()
    system.check(name == driver and int(deaths) >= 2 and int(passes) >= 2, "it died", said[0])
    system.check((lost, wrong) == ("0", "0"), "nothing is lost", said[0])
    system.check(f"demo: upgraded to {following}: status 0x00000000" in text, "upgrade", text)
    system.check(f"demo: SHA-256 {disk.RANDOM_SHA256}" in text, "the digest is the host's", text)
    again = text.count(f"pnp: {driver} died and was started again")
    system.check(int(deaths) - 1 <= again <= int(deaths),  # the last one may come too late
                 "the system says so, too", text)


@test(harts=(1,))
def a_program_may_not_kill(system):
    "Only whom its starter gave that right."
    status, text = system.exec("demo 1 virtio-blk plain; allow murder demo; allow kill nobody")
    system.check(status != 0 and "demo: it may not end tasks" in text and
                 " died 0 times" in text, "the right is refused", text)
    system.check("there is no right murder" in text, "a right that there is not", text)
    system.check("nobody: no such program" in text, "a program that there is not", text)
