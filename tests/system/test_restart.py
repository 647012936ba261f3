# SPDX-License-Identifier: MIT
"""Drivers that are started again because somebody asks for it, with the same image or another one,
and what ends a driver: docs/restart-contract.md. drivers/test/faulty is a version of virtio-blk that
does not work; the option `seed` says how."""

import re

import disk
import external_package
import guest as machines
import paths
from harness import test
from recovery import LOOK, README

RANDOM = "sha256sum C:/random.bin"
RIGHT = "exercise disk: as it should be"
UPDATE = "driver update virtio-blk virtio-blk/faulty"
ENTRY_FAILS, START_FAILS, FIRST_REQUEST_FAULTS, REQUEST_IS_KEPT, DPC_LOOPS, LEAKS, ENTRY_FAULTS = range(1, 8)


def package(system):
    faulty = (paths.BUILD / "drivers/test/faulty/faulty").read_bytes()
    folder = external_package.write(system.scratch / "faulty", {"drivers/virtio-blk/faulty": faulty})
    return system.package(folder)


def blank(system):
    image = system.scratch / "blank.img"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    return image


def faulty(kind: int, more: str = "") -> str:
    return f"driver verify virtio-blk seed={kind}{more}"


@test(harts=(1, 2, 4))
def restart(system):
    "`driver restart`: files are read before and after, by the same handles."
    status, text = system.exec(f"{LOOK}; driver restart virtio-blk; {LOOK}; driver restart partition; "
                               f"{LOOK}", machine=machines.CONFINED)
    system.check(status == 0 and text.count(README) == 3, "files are read", text)
    system.check(re.search(r"pnp: virtio-blk was started again: \d+ us", text) and
                 re.search(r"pnp: partition was started again: \d+ us", text) and "***" not in text,
                 "it is no death", text)


@test()
def who_is_not_restarted(system):
    "Only drivers that are started again when they die; and only images that are there."
    status, text = system.exec("driver restart goldfish; driver restart nobody; "
                               f"driver update virtio-blk nothing; {LOOK}")
    for words in ("goldfish is not one that is started again", "nobody is not loaded",
                  "the boot package has no drivers/nothing/nothing", README):
        system.check(status != 0 and words in text, words, text)


@test(harts=(1, 2, 4))
def update(system):
    "A new version takes the place of the old one, and the old one that of the new one."
    status, text = system.exec(f"{LOOK}; {UPDATE}; {LOOK}; drivers; "
                               f"driver update virtio-blk virtio-blk; {RANDOM}; drivers",
                               package=package(system))
    system.check(status == 0 and text.count(README) == 2 and disk.RANDOM_SHA256 in text, "files",
                 text)
    images = re.findall(r" virtio-blk +ready .*(drivers/\S+)", text)
    system.check(images == ["drivers/virtio-blk/faulty", "drivers/virtio-blk/virtio-blk"],
                 "`drivers` shows which it is", text)


@test(harts=(1, 2, 4))
def versions_that_do_not_work(system):
    "DriverEntry or START that fails, a fault in DriverEntry or at the first read: the old one is back."
    for kind in (ENTRY_FAILS, START_FAILS, ENTRY_FAULTS, FIRST_REQUEST_FAULTS):
        status, text = system.exec(f"{faulty(kind)}; {LOOK}; {UPDATE}; {LOOK}; drivers; {LOOK}",
                                   package=package(system), machine=machines.CONFINED)
        system.check(text.count(README) == 3, f"{kind}: files are read", text)
        system.check("drivers/virtio-blk/virtio-blk comes back" in text, f"{kind}: it says so", text)
        system.check(re.search(r" virtio-blk +ready .*drivers/virtio-blk/virtio-blk", text),
                     f"{kind}: the old one runs", text)
        if kind != FIRST_REQUEST_FAULTS:  # which may come after the answer
            system.check(status != 0 and "does not work; the one before is back" in text,
                         f"{kind}: the command says so", text)


@test(harts=(1, 4))
def under_load(system):
    "A program with 32 requests at the driver gets each back, once, with the right bytes."
    guest = system.boot(disk=blank(system), machine=machines.CONFINED, package=package(system))
    busy = "exercise disk \\Device\\Harddisk0\\DR0"
    for line, answer in (("driver restart virtio-blk", "virtio-blk was started again"),
                         (UPDATE, "runs in task .*faulty"),
                         ("driver update virtio-blk virtio-blk", "runs in task .*virtio-blk/virtio-blk"),
                         (f"{faulty(FIRST_REQUEST_FAULTS)};{UPDATE}", "virtio-blk comes back"),
                         (f"{faulty(START_FAILS)};{UPDATE}", "virtio-blk comes back")):
        guest.send(f"start {busy}\r")
        guest.send(f"{line};{busy}\r")  # if the first is done before: the second meets it
        guest.expect(f"(?s)(?=.*{answer})(?=.*{RIGHT}.*{RIGHT}).*", 60)
    guest.send("shutdown\r")
    guest.wait_end()


@test(harts=(1, 2, 4))
def a_request_that_is_kept(system):
    "A driver that owes one for longer than it may is ended, with the reason, and the request is done."
    image = blank(system)
    status, text = system.exec(f"{faulty(REQUEST_IS_KEPT, ',deadline=2000')}; {UPDATE}; "
                               "exercise disk \\Device\\Harddisk0\\DR0", package=package(system),
                               disk=image, machine=machines.CONFINED)
    system.check(status == 0 and RIGHT in text, "every byte is right", text)
    system.check(re.search(r"has not completed an IRP in its time: major 0x0[34].*: a (READ|WRITE) may "
                           "be owed for 2000 ms", text), "the report says why", text)
    system.check("driver partition" not in text, "those above it are not charged", text)


@test(harts=(1, 2, 4))
def a_dpc_that_does_not_end(system):
    "A driver whose dispatch thread does not come round is ended there, and its requests are done."
    status, text = system.exec(f"{faulty(DPC_LOOPS, ',probe=1000')}; {UPDATE}; "
                               "exercise disk \\Device\\Harddisk0\\DR0", package=package(system),
                               disk=blank(system), machine=machines.CONFINED)
    system.check(status == 0 and RIGHT in text, "every byte is right", text)
    for words in ("bugcheck 0x133", "the dispatch thread has answered no probe for 2000 ms",
                  "routine  DPC-routine"):
        system.check(words in text, f"the report says '{words}'", text)


@test(harts=(1, 4))
def a_leak(system):
    "A driver that uses up its memory is ended for it, and its requests are done."
    status, text = system.exec(f"{faulty(LEAKS, ',memory=3000')}; {UPDATE}; "
                               "exercise disk \\Device\\Harddisk0\\DR0", package=package(system),
                               disk=blank(system), machine=machines.CONFINED)
    system.check(status == 0 and RIGHT in text, "every byte is right", text)
    for words in ("bugcheck 0x4d", "has used up the memory that it may have, 3000 pages"):
        system.check(words in text, f"the report says '{words}'", text)
