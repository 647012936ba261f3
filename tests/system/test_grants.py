# SPDX-License-Identifier: MIT
"""Memory is given to devices and taken back while they run, at random, and their drivers are ended
in the middle: no IoSpace ever holds a page that nothing names. apps/stress does it and says what
came of it; the memory manager compares the IOMMU's tables with what was granted."""

import json
import re

import campaign_plan
import campaign_run
import external_package
import guest
import paths
from harness import test

SEED = 20261123
ROUNDS = 8
ROUND = re.compile(r"round \d+, seed 0x[0-9a-f]{16}: (\d+) strict, (\d+) registered, (\d+) copied, "
                   r"(\d+) renewed, (\d+) drivers ended; (\d+) devices: (\d+) lasting, 0 open, "
                   r"0 closed, 0 stale")


def package(system):
    """The build's boot package with the program, and with drivers that are restarted for ever."""
    holds = external_package.members(paths.BOOT_PACKAGE.read_bytes())
    for name in ("virtio-blk", "nvme"):
        path = f"drivers/{name}/{name}.inf"
        holds[path] = campaign_plan.restarted_for_ever(holds[path].decode(), name).encode()
    program = paths.BUILD / "apps/stress/test-stress"
    holds["apps/test-stress"] = program.read_bytes()
    file = system.scratch / "stress.cpio"
    file.write_bytes(external_package.mkpackage().archive(holds))
    origins = json.loads(paths.PACKAGE_MAP.read_text(encoding="utf-8"))
    origins["apps/test-stress"] = str(program)
    file.with_name(file.name + ".json").write_text(json.dumps(origins), encoding="utf-8")
    return file


def machine(system, rounds: int) -> guest.Machine:
    found = guest.Machine(
        harts=system.harts, package=package(system), machine=guest.CONFINED,
        disk=campaign_run.blank(system.scratch / "d0.img", 1024),
        words=["ashlar.quiet", "ashlar.test=stress", f"stress.seed={SEED + system.harts}",
               f"stress.rounds={rounds}"])
    for number, controller in ((1, "virtio-blk"), (2, "nvme")):
        image = campaign_run.blank(system.scratch / f"d{number}.img", 1024)
        device = guest.Machine(controller=controller, machine=guest.CONFINED)
        found.extra += ["-drive", f"if=none,id=d{number},file={image},format=raw",
                        "-device", device.disk_device(f"d{number}")]
    if system.harts == 1:
        found.extra += campaign_run.ICOUNT
    return found


@test(harts=(1, 2, 4))
def given_and_taken_back(system):
    "After each round, and while devices run, they reach what something names and nothing else."
    status, text = system.finish(machine(system, ROUNDS), 120)
    rounds = [[int(number) for number in found.groups()] for found in ROUND.finditer(text)]
    system.check(status == 0 and len(rounds) == ROUNDS and "3 disks: as it should be" in text,
                 "every round is as it should be", system.log()[-6000:])
    strict, registered, copied, renewed, ended, devices, lasting = map(sum, zip(*rounds))
    system.check(min(strict, registered, copied, renewed) >= 100 and ended >= ROUNDS // 2,
                 "there was something of everything", text)
    system.check(devices == 3 * ROUNDS and lasting > 0, "devices had memory all the time", text)
    system.check("refused" not in system.log(), "the IOMMU had nothing to refuse", system.log())
