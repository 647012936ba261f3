# SPDX-License-Identifier: MIT
"""The driver kit where tasks meet: drivers and applications, drivers and the managers."""

from harness import test
from test_win32 import passes


@test(harts=(1, 4))
def kit(system):
    "Sections, handles, notifications of processes, another driver's device opened by name."
    passes(system, "driver load ioctl; driver load kit; test-kit")


@test(harts=(1,))
def refused_process(system):
    "A driver keeps a program from running; others run."
    status, text = system.exec("driver load kit; test-kit veto test-runtime; test-runtime; test-kit")
    system.check("0xc0000022" in text.lower() or "denied" in text.lower(),
                 "the starter is told of STATUS_ACCESS_DENIED", text)
    system.check("not ok 1 " not in text, "the device still opens for others", text)
