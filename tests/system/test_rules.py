# SPDX-License-Identifier: MIT
"""Rules of drivers: who breaks one ends alone, with a report that names it. docs/driver-rules.md
lists the rules; the driver misbehave breaks them."""

import hashlib
import re

import crash
import disk
from harness import test

ALIVE = "sha256sum C:/README.txt"
README_SHA256 = hashlib.sha256(disk.README.encode()).hexdigest()

C4, C9, C7 = 0xc4, 0xc9, 0xc7
DISPATCH = "dispatch-routine"

# What the driver does; code and first parameter (None: an address) of the bug check, the rule's
# name, a part of its text, the routine that ran.
ALWAYS = [
    ("overrun", 0x19, None, "", "wrote past the end of a block", DISPATCH),
    ("free-twice", 0xc2, None, "", "freed twice", DISPATCH),
    ("tag", 0xc2, None, "", "another tag", DISPATCH),
    ("timer", C7, 0, "", "a timer in it that is set", DISPATCH),
    ("resource", C4, 0xd2, "", "contains an active ERESOURCE", DISPATCH),
    ("irp-pool", C4, 0x105, "", "ExFreePool instead of IoFreeIrp", DISPATCH),
    ("free-foreign", C9, 0x20b, "IoFreeIrp", "another driver or the system made", DISPATCH),
    ("locations", 0x35, None, "", "without a stack location", DISPATCH),
    ("string", C4, 0xe4, "", "malformed UNICODE_STRING", DISPATCH),
    ("lock-left", C4, 0x40009, "SpinLock", "IRQL or locks changed", DISPATCH),
    ("region", C4, 0xc5, "CriticalRegions", "IRQL or locks changed", DISPATCH),
    ("irql-left", C9, 0x5, "IrqlReturn", "IRQL or locks changed", DISPATCH),
    ("dpc", C4, 0x2001d, "IrqlReturn", "DPC routine returned", "DPC-routine"),
    ("twice", 0x44, None, "DoubleCompletion", "that is complete", DISPATCH),
    ("dropped", C9, 0x226, "IrpProcessingComplete", "without passing down", DISPATCH),
    ("unmarked", C9, 0x23d, "PendedCompletedRequest", "did not mark", DISPATCH),
    ("pending", C9, 0x6, "CompleteRequestStatusCheck", "marked as pending", DISPATCH),
]

# The same with the options of a verified driver.
VERIFIED = [
    ("special", "overrun", 0xcd, None, "", "overrun of a block of 64 bytes, tag MSBV, by a write"),
    ("special,underrun", "underrun", 0xcd, None, "", "underrun of a block of 64 bytes"),
    ("special", "underrun", C4, 0x52, "", "wrote in front of a block"),
    ("special", "after-free", 0xcc, None, "", "use of a freed block of 64 bytes, .* by a read"),
    ("special", "free-twice", C4, 0x13, "", "freed twice"),
    ("special", "null", 0x1e, 0xc0000005, "", "exception not handled: address 0x0"),
    ("deadlock", "order", C4, 0x1001, "", "lock hierarchy violation"),
    ("standard", "twice", 0x44, None, "DoubleCompletion", "that is complete"),
]


def run(system, commands, **options):
    """Status and pieces of output, one a command."""
    line = ";".join(f"echo ={number};{command}" for number, command in enumerate(commands))
    status, text = system.exec(line, **options)
    pieces = re.split(r"^=\d+\n", text, flags=re.MULTILINE)[1:]
    system.check(len(pieces) == len(commands), "each command is run", text)
    return status, pieces


def judge(system, what, report, code, first, rule, text):
    output = str(report)
    system.check(report.task == "misbehave" and report.driver == "misbehave",
                 f"'{what}' ends misbehave", output)
    system.check(report.code == code and first in (None, report.parameters[0]),
                 f"'{what}' is bug check {code:#x} ({first})", output)
    system.check(report.rule == rule and re.search(text, report.text),
                 f"'{what}' names its rule", output)
    system.check(len(report.frames) > 2, "with a call stack", output)
    return report


@test(harts=(1, 4))
def rules_checked_always(system):
    "Each broken rule ends its driver alone, with code, parameters, rule, routine and IRP."
    commands = []
    for kind, *_ in ALWAYS:
        commands.append(f"provoke {kind}")
        if kind in ("twice", "unmarked"):  # answered before the driver dies: give it the time
            commands.append("ls C:/many")
    _, parts = run(system, [*commands, ALIVE, "provoke good"], timeout=90)
    reports = crash.reports("".join(parts))  # a report may come after the answer
    system.check(len(reports) == len(ALWAYS), "each ends in one report", "".join(parts))
    for (kind, code, first, rule, text, routine), report in zip(ALWAYS, reports):
        judge(system, kind, report, code, first, rule, text)
        system.check(report.routines[0] == routine, f"'{kind}' was in a {routine}", str(report))
        if routine == DISPATCH:
            system.check("IRP_MJ_READ.00" in report.irps[0], "with its IRP", str(report))
    system.check(README_SHA256 in parts[-2], "files are still read", parts[-2])
    system.check("0x00000000, 512 bytes" in parts[-1], "a new instance works", parts[-1])


@test(harts=(1, 4))
def rules_of_verified_drivers(system):
    "`driver verify` makes the next instance be checked closely, and `off` ends that."
    commands = []
    for options, kind, *_ in VERIFIED:
        commands += [f"driver verify misbehave {options}", f"provoke {kind}"]
    commands.append("ls C:/many")
    _, parts = run(system, [*commands, "driver verify", "driver verify misbehave off", "driver verify", "provoke order",
                            ALIVE], timeout=90)
    reports = crash.reports("".join(parts))
    system.check(len(reports) == len(VERIFIED), "each ends in one report", "".join(parts))
    for (options, kind, *expected), report in zip(VERIFIED, reports):
        judge(system, f"{kind} with {options}", report, *expected)
    listed, _, none, unverified, alive = parts[2 * len(VERIFIED) + 1:]
    system.check(re.search(r"misbehave +standard", listed), "the options are listed", listed)
    system.check("no driver is verified" in none, "or none are", none)
    system.check("0x00000000, 0 bytes" in unverified and "***" not in unverified,
                 "a driver that is not verified may take locks in any order", unverified)
    system.check(README_SHA256 in alive, "files are still read", alive)


@test()
def low_resources(system):
    "The n-th allocation fails and no other; the driver says so and lives on."
    commands = ["driver verify misbehave low,fail=2"] + ["provoke memory"] * 3 + ["kill misbehave"]
    commands += ["driver verify misbehave low,rate=10000", "provoke memory", "driver verify misbehave nonsense",
                 "kill misbehave", "provoke good"]
    _, parts = run(system, commands)
    statuses = [re.search(r"status (0x[0-9a-f]+)", output)[1]
                for output in parts if "provoke: memory" in output]
    failed = "0xc000009a"
    system.check(statuses == ["0x00000000", failed, "0x00000000", failed],
                 "the second allocation fails, then all", str(parts))
    system.check("not understood" in parts[-1] and "512 bytes" in parts[-1],
                 "options that are none are reported", parts[-1])


@test()
def the_log_of_a_verified_driver(system):
    "With IRP logging the report ends with the last IRPs and routines."
    _, parts = run(system, ["driver verify misbehave log", "provoke timer"])
    events = crash.reports(parts[1])[0].events
    wanted = ["IoCallDriver irp", "KeInitializeTimer irp", "KeSetTimer irp"]
    at = [next((i for i, event in enumerate(events) if event.startswith(name)), -1)
          for name in wanted]
    system.check(-1 not in at and at == sorted(at), "in order", parts[1])


@test()
def time_limits(system):
    "A verified driver that holds a request for longer than its deadline is ended and named."
    _, parts = run(system, ["driver verify misbehave deadline=300", "provoke never 3000",
                            "driver verify misbehave off", "provoke good"])
    report = judge(system, "never", crash.reports("".join(parts))[0], C4, 0x135, "",
                   "not completed an IRP in its time: major 0x03, minor 0x00, for [34][0-9][0-9] ms")
    system.check(any("owed READ.00" in line for line in report.ledger), "with what it owed",
                 str(report))
    system.check("0xc00002b6" in parts[1], "the request ends", parts[1])


@test()
def leaks_at_unload(system):
    "A driver that has not freed its pool is named when it is unloaded; one that has is not."
    commands = ["provoke good", "driver unload misbehave", "provoke leak",
                "driver unload misbehave", "provoke good"]
    _, parts = run(system, commands)
    system.check("***" not in parts[1], "without a leak there is nothing to say", parts[1])
    report = judge(system, "leak", crash.reports("".join(parts))[0], C4, 0x62, "",
                   "without first freeing its pool allocations: tag MSBV 2 blocks 300 bytes")
    system.check(report.routines == ["DriverUnload"] or not report.routines,
                 "it is the driver's unload routine", str(report))
    system.check("512 bytes" in parts[-1], "it can be loaded again", parts[-1])


@test(harts=(1, 4))
def system_with_verified_drivers(system):
    "The drivers of the system pass: all options that do not take memory away, from the start."
    options = "standard,pending,log,rate=3000"
    names = ("virtio-blk", "partition", "fat", "ns16550", "pci", "devicetree", "goldfish")
    word = 'ashlar.verify="' + ";".join(f"{name} {options}" for name in names) + '"'
    status, text = system.exec("driver verify; " + ALIVE + "; ls C:/many; date", words=[word],
                               timeout=100)
    system.check(text.count(options) == len(names), "all are verified", text)
    system.check(status == 0 and README_SHA256 in text and "***" not in text,
                 "files are read, nobody dies", text)
