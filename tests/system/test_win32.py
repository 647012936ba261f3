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
