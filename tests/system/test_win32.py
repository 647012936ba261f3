# SPDX-License-Identifier: MIT
"""What applications do with devices: control requests, requests that wait, Win32 programs."""

from harness import test


def passes(system, commands):
    "The guest test prints TAP with no failure."
    status, text = system.exec(commands)
    bad = [line for line in text.splitlines() if line.startswith("not ok")]
    system.check(status == 0 and not bad and "1.." in text, f"{commands}: all pass", text)


@test(harts=(1, 4))
def control_requests(system):
    "The four transfer methods, well and badly formed, by several threads; cancelling and closing."
    passes(system, "driver load ioctl; driver load csq; test-control")


@test(harts=(1, 4))
def win32_program(system):
    "lib/win32: every function's results and errors, with drivers that it loads and unloads."
    passes(system, "test-win32")


@test(harts=(1, 4))
def driver_of_events_dies(system):
    "What a program shares with a driver that is killed stays good; requests end with an error."
    guest = system.boot()
    guest.run("driver load notify")
    guest.send("start test-win32 outlive\r")
    guest.expect("the driver may die", 20)
    guest.send("kill notify\r")
    guest.expect(r"ok 10 - [^\n]*\n1\.\.10", 20)
    system.check("not ok" not in guest.log(), "all pass", guest.log())
