# SPDX-License-Identifier: MIT
"""Sleep: the system goes down and comes back in the documented order, requests wait meanwhile, and
a key or the time wakes it."""

import re
import time

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
