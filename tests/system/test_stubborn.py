# SPDX-License-Identifier: MIT
"""A driver that refuses, or answers with garbage, one PnP minor code after the other: what is asked
of its device fails with a reason that names it, and nothing else suffers."""

from harness import test

VERBS = {"R01": "remove", "R05": "rebalance"}
HARMLESS = ("R03", "R06", "R07", "R09", "R14", "R17", "G07", "G09", "G14")


@test(harts=(1, 4))
def refusals_are_reasons(system):
    "QUERY_REMOVE and QUERY_STOP may be refused: the device stays started, and works on."
    for kind, verb in VERBS.items():
        status, text = system.exec(f"device add ROOT\\STUBBORN_{kind}; device {verb} STUBBORN; "
                                   "devtree; date")
        system.check(status != 0 and "its driver refused (stubborn)" in text, kind, text)
        device = text.rsplit("ROOT\\STUBBORN", 1)[1]
        system.check(": started" in device and "UTC" in device, f"{kind}: nothing changed", text)


@test(harts=(1,))
def start_is_refused(system):
    "A failed START is followed by REMOVE; the device says why."
    status, text = system.exec("device add ROOT\\STUBBORN_R00; devtree; date")
    system.check(status != 0 and "it failed (stubborn) (STATUS_UNSUCCESSFUL)" in text,
                 "the reason", text)
    system.check("failed (STATUS_UNSUCCESSFUL)" in text and "UTC" in text, "it is failed", text)


@test(harts=(1, 4))
def what_may_not_be_refused(system):
    "STOP and REMOVE happen whatever a driver answers."
    status, text = system.exec("devtree; devtree; device add ROOT\\STUBBORN_R04; device rebalance STUBBORN; date; "
                               "device remove STUBBORN; device add ROOT\\STUBBORN_R02; "
                               "device remove STUBBORN; devtree")
    system.check("IRP_MN_STOP_DEVICE was answered with 0xc0000001" in text, "STOP", text)
    system.check("UTC" in text and "STUBBORN" not in text.rsplit("Device tree", 1)[1],
                 "both are gone", text)


@test(harts=(1, 4))
def garbage_means_nothing(system):
    "Queries that are refused, and answers that make no sense: the device starts and goes as others."
    commands = "; ".join(f"device add ROOT\\STUBBORN_{kind}; device remove STUBBORN"
                         for kind in HARMLESS)
    status, text = system.exec(commands + "; devtree; date")
    system.check(status == 0 and "UTC" in text, "all came and went", text)
    system.check(text.count(": added") == len(HARMLESS), "each was added", text)
    system.check("STUBBORN" not in text.rsplit("Device tree", 1)[1], "none is left", text)


@test(harts=(1, 4))
def garbage_relations_are_named(system):
    "A device that is no PDO is no child, and no relation."
    # the console is slower than the log: what is printed first gives it time
    status, text = system.exec("devtree; devtree; device add ROOT\\STUBBORN_G07; devtree; "
                               "device remove STUBBORN; devtree; date")
    system.check(status == 0 and "UTC" in text, "it came and went", text)
    system.check("lists a device that is no PDO" in text, "as a child", text)
    system.check("names a device as related that cannot be" in text, "as a relation", text)
