# SPDX-License-Identifier: MIT
"""Sleep: the system goes down and comes back in the documented order, requests wait meanwhile, and
a key or the time wakes it."""

import re
import time

import paths
from harness import test

RANDOM = "978fe80d4e4869d1487177d5b3fb922942ade9ce9188a93d79f265176f75373e"


@test(harts=(1, 4))
def sleep_and_wake(system):
    "The timer ends a sleep; disk and terminal work afterwards; each state goes."
    status, text = system.exec("power sleep 1; power sleep s1 0.5; power sleep s2 0.5; power; "
                               "sha256sum C:/README.txt")
    system.check(status == 0, "every command succeeds", text)
    slept = [float(each) for each in re.findall(r"slept (\d+\.\d+) s, woken by the timer", text)]
    system.check(len(slept) == 3 and 1.0 <= slept[0] < 3 and 0.5 <= slept[1] < 2,
                 "each sleep takes the time that was asked for", text)
    system.check(re.search(r"system S0, 3 transitions, \d+ stacks in the last; [1-9]\d* power IRPs "
                           "for drivers", text), "policy owners asked for device IRPs", text)


@test(harts=(1, 4))
def copy_across_sleep(system):
    "A file that is copied while the system sleeps twice arrives whole."
    image = system.disk()
    status, text = system.exec(
        "start exercise copy C:/random.bin C:/copy.bin; power sleep 1; power sleep 1; wait; "
        "sha256sum C:/copy.bin", timeout=110, disk=image)
    system.check(status == 0, "every command succeeds", text)
    system.check(RANDOM in text, "the copy is the file", text)
    system.fsck(image)


@test(harts=(1, 4))
def key_wakes(system):
    "Without a time a key wakes the system, by the WAIT_WAKE of the serial port, and is not lost."
    guest = system.boot()
    guest.send("power sleep\r")
    time.sleep(1.5)
    system.check("slept" not in guest.unread(), "it sleeps until a key is pressed")
    guest.send("date\r")
    guest.expect(r"slept \d+\.\d+ s, woken by DT.ns16550a", timeout=10)
    guest.expect(r"2\d\d\d-\d\d-\d\d", timeout=10)


@test()
def refused(system):
    "What cannot be is refused with words."
    status, text = system.exec("power sleep s7 1")
    system.check(status != 0 and "power sleep" in text, "an unknown state is explained", text)


DRIVER = paths.TREE / "tests" / "system" / "drivers" / "restless"


def restless(system):
    """A boot package with a power policy owner on each of QEMU's eight empty virtio slots."""
    return system.package(system.build("driver", DRIVER))


def tell(number: int, word: str) -> str:
    return f"exercise tell \\Device\\Restless{number} {word}"


@test(harts=(1, 4))
def order(system):
    "Eight stacks of one bus, each with a policy owner: down in one order, up in the other."
    status, text = system.exec("power sleep 0.5", package=restless(system))
    system.check(status == 0, "the system sleeps", text)
    down = re.findall(r"restless (\d): S4, (\d+) seconds left", text)
    up = re.findall(r"restless (\d): S1, (\d+) seconds left", text)
    system.check(len(down) == 8 and len(up) == 8, "each is told both ways", text)
    system.check([each for each, _ in up] == [each for each, _ in reversed(down)],
                 "up is the reverse of down", text)
    system.check(all(5 <= int(left) <= 10 for _, left in down + up), "the watchdog runs", text)
    for number in range(8):
        mine = re.findall(rf"restless {number}: (.*)", text)
        system.check([line.split(",")[0] for line in mine] ==
                     ["S4", "begins D4", "ends D4", "S1", "begins D1", "ends D1"],
                     "the device IRP comes within the system IRP", text)


@test(harts=(1, 4))
def one_at_a_time(system):
    "A stack has one device IRP at a time; of two with inrush one at a time is powered up."
    slow = [tell(each, "slow") for each in (0, 1)]
    cycles = [f"start {tell(each, 'cycle')}" for each in (0, 1)]
    for inrush in (False, True):
        words = [tell(each, "inrush") for each in (0, 1)] if inrush else []
        status, text = system.exec("; ".join(slow + words + cycles + ["wait", "power sleep 1"]),
                                   package=restless(system))
        system.check(status == 0, "every command succeeds", text)
        for number in (0, 1):
            mine = re.findall(rf"restless {number}: ((?:begins|ends) D\d)", text)[:4]
            system.check(mine == ["begins D4", "ends D4", "begins D1", "ends D1"],
                         "the second begins when the first has ended", text)
        both = re.findall(r"restless ([01]): (begins|ends) D1", text)[:4]
        serial = both[0][0] == both[1][0] and both[2][0] == both[3][0]
        system.check(serial or not inrush, "with inrush one is up before the other begins", text)
        system.check(not serial or inrush, "without it both go at once", text)


@test(harts=(1, 4))
def a_driver_refuses(system):
    "QUERY_POWER that fails calls the sleep off; those that were asked hear S0."
    status, text = system.exec("; ".join([tell(3, "refuse"), "power sleep 1", "power"]),
                               package=restless(system))
    system.check(status != 0 and "0x80000011" in text, "the status is the driver's", text)
    system.check("answers QUERY_POWER with 0x80000011" in text, "who refuses is named", text)
    system.check("system S0" in text and ": S4" not in text, "nobody went to sleep", text)
    system.check(re.search(r"restless \d: S1,", text), "those that were asked hear it", text)


@test(harts=(1, 4))
def polite(system):
    "PoRegisterSystemState keeps a polite sleep away, and no other."
    status, text = system.exec("; ".join([tell(0, "busy"), "power", "power sleep 0.5 polite"]),
                               package=restless(system))
    system.check(status != 0 and "1 drivers want" in text, "it is refused", text)
    status, text = system.exec("; ".join([tell(0, "busy"), "power sleep 0.5", tell(0, "idle"),
                                          "power sleep 0.5 polite"]), package=restless(system))
    system.check(status == 0 and text.count("slept") == 2, "both sleeps are had", text)


@test(harts=(1, 4))
def a_device_wakes(system):
    "WAIT_WAKE ends with success when its device wakes the system, or with its cancellation."
    status, text = system.exec("; ".join([tell(2, "wake"), "power sleep"]),
                               package=restless(system))
    system.check(status == 0 and re.search(r"woken by DT.virtio,mmio", text),
                 "the device is named", text)
    system.check("restless 2: WAIT_WAKE ended, status 0x0" in text, "its IRP has succeeded", text)
    status, text = system.exec("; ".join([tell(2, "cancel-wake"), "power sleep 1.5"]),
                               package=restless(system))
    system.check("restless 2: WAIT_WAKE ended, status 0xc0000120" in text, "it is cancelled", text)
    system.check(status == 0 and "woken by the timer" in text, "and wakes nobody", text)


def dies_alone(system, mode: str, report: str) -> None:
    status, text = system.exec("; ".join([tell(0, mode), "power sleep 1", "crash", "power",
                                          "sha256sum C:/README.txt"]),
                               package=restless(system), timeout=100)
    system.check(status == 0, "the system sleeps and wakes all the same", text)
    system.check(re.search(report, text), f"the report matches '{report}'", text)
    system.check("system S0, 1 transitions" in text and "README.txt" in text, "and works", text)


@test(harts=(1, 4))
def hangs(system):
    "A driver that keeps a power IRP is ended with DRIVER_POWER_STATE_FAILURE, alone."
    failure = (r"driver restless \(task \d+\) was stopped\s+bugcheck 0x9f \(0x3, .*"
               r"IRP_MN_SET_POWER, {kind} state 4(.|\n)*DRIVER_POWER_STATE_FAILURE")
    dies_alone(system, "hang", failure.format(kind="system"))
    dies_alone(system, "hang-device", failure.format(kind="device"))


@test(harts=(1, 4))
def spins(system):
    "One that does not even return from its dispatch routine."
    dies_alone(system, "spin", r"bugcheck 0x9f \(0x3, ")


@test(harts=(1, 4))
def fails(system):
    "A function driver that fails SET_POWER breaks a rule, which its report names."
    dies_alone(system, "fail", r"PowerDownFail")
