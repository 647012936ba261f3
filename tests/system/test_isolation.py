# SPDX-License-Identifier: MIT
"""Drivers and applications that break rules: each hurts only itself. The driver misbehave
(drivers/test/misbehave) is a real WDM driver that does what `provoke KIND` asks for."""

import hashlib
import re

import crash
import disk
from harness import test

README_SHA256 = hashlib.sha256(disk.README.encode()).hexdigest()
ALIVE = "sha256sum C:/README.txt"

REMOVED = "0xc00002b6"  # STATUS_DEVICE_REMOVED: the driver is gone
PROTOCOL = "0xc0000186"  # STATUS_DEVICE_PROTOCOL_ERROR: what it answered cannot be
NO_RESOURCES = "0xc000009a"  # STATUS_INSUFFICIENT_RESOURCES: the driver got no more and said so

# What the driver does; the status with which the request ends, or None if another is in order;
# what the crash report says, or None if the driver lives on.
DYING = [
    ("null", REMOVED, "execution of memory that is not executable or not mapped.*value 0x0"),
    ("kernel", REMOVED, "store to memory.*value 0xffffffc000000000"),
    ("physical", REMOVED, "store to memory.*value 0x80200000"),
    ("code", REMOVED, "store to memory that is not writable"),
    ("data", REMOVED, "execution of memory that is not executable"),
    ("stack", REMOVED, "store to memory that is not writable or not mapped"),
    ("privileged", REMOVED, "illegal instruction"),
    ("syscall", REMOVED, "system call 4660 does not exist"),
    ("irql", REMOVED, "wait at IRQL DISPATCH_LEVEL"),
    ("bugcheck", REMOVED, "bugcheck 0xe2"),
    ("twice", None, "IoCompleteRequest of an IRP that is complete"),
    ("dropped", REMOVED, "bugcheck 0xc9 .0x226.*returned without passing down or completing.*IRP_MJ_READ"),
    ("unmarked", None, "bugcheck 0xc9 .0x23d.*did not mark the IRP pending"),
    ("pending", REMOVED, "bugcheck 0xc9 .0x6,.*IoCompleteRequest with a status marked as pending"),
    ("exit", REMOVED, "driver misbehave .* was ended"),
]
LYING = ["index", "sequence", "tail", "length", "rings"]
GREEDY = ["threads", "pool", "messages", "forge"]


def run(system, commands, **options):
    """Status and output of commands, each announced by its number (command lines are short)."""
    line = ";".join(f"echo ={number};{command}" for number, command in enumerate(commands))
    status, text = system.exec(line, **options)
    pieces = re.split(r"^=\d+\n", text, flags=re.MULTILINE)[1:]
    system.check(len(pieces) == len(commands), "each command is run", text)
    return status, dict(zip(commands, pieces))


def ended(system, output, kind, wanted):
    found = re.search(rf"provoke: {kind}: the request ended .*with status (0x[0-9a-f]+)", output)
    system.check(found is not None, f"the request to do '{kind}' ends", output)
    system.check(wanted is None or found[1] == wanted, f"'{kind}' ends with status {wanted}", output)


def alive(system, parts, what=ALIVE):
    system.check(README_SHA256 in parts[what], "files are still read", parts[what])


@test(harts=(1, 2, 4))
def dying_drivers(system):
    "A fault, a broken rule or an exit ends the driver's task; its requests fail; the rest goes on."
    commands = [f"provoke {kind}" for kind, _, _ in DYING]
    status, parts = run(system, [*commands, "irps", ALIVE, "provoke good"])
    for kind, wanted, report in DYING:
        output = parts[f"provoke {kind}"]
        ended(system, output, kind, wanted)
        system.check(re.search(report, output), f"the report on '{kind}' says '{report}'", output)
    system.check(status == 0, "every command succeeds", str(parts))
    alive(system, parts)
    system.check("0x00000000, 512 bytes" in parts["provoke good"], "a new instance works",
                 parts["provoke good"])
    system.check("Misbehave" not in parts["irps"],
                 "no dead driver owes anything", parts["irps"])


@test()
def crash_report(system):
    "The report has registers, a backtrace in the driver's functions and the requests it held."
    _, parts = run(system, ["provoke null", "drivers", "crash"])
    for output in (parts["provoke null"], parts["crash"]):
        for pattern in (r"\*\*\* driver misbehave \(task \d+, thread \d+\) stopped",
                        r"pc  0000000000000000  ra  [0-9a-f]{16}", r"#0 0x0000000000000000",
                        r"#1 .*task misbehave", r"owed READ\.00 .*\\Device\\Misbehave0 to provoke"):
            system.check(re.search(pattern, output), f"the report matches '{pattern}'", output)
    system.check(re.search(r"misbehave +failed .*STATUS_DEVICE_REMOVED", parts["drivers"]),
                 "the driver is shown as failed, with the reason", parts["drivers"])
    report = crash.reports(parts["crash"])[0]
    system.check(report.driver == "misbehave" and report.routines == ["dispatch-routine"] and
                 re.search(r"IRP_MJ_READ.00 device 0x\w+ location 1 of 1", str(report.irps)) and
                 re.search("answered CREATE.00.*io .* status 0x00000000", str(report.ledger)),
                 "it names the routine, its IRP, and what was answered before", str(report))
    system.check("MisbehaveDoNull" in system.log() or "faults.c" in system.log(),
                 "addresses are translated", system.log()[-3000:])


@test(harts=(1, 4))
def lying_drivers(system):
    "Garbage in the shared memory of a link ends that link, and nothing else."
    commands = [f"provoke {kind}" for kind in LYING]
    _, parts = run(system, [*commands, ALIVE, "ps", "kill misbehave", "provoke good"])
    for kind in LYING:
        ended(system, parts[f"provoke {kind}"], kind, PROTOCOL)
    alive(system, parts)
    system.check("0x00000000, 512 bytes" in parts["provoke good"], "a new instance works",
                 parts["provoke good"])


@test(harts=(1, 4))
def caught_faults(system):
    "Faults inside of a __try are exceptions; the same driver's next fault ends it as ever."
    commands = ["provoke caught", "provoke caught", "ps", "provoke kernel"]
    _, parts = run(system, [*commands, ALIVE])
    system.check("0x00000000, 512 bytes" in parts["provoke caught"], "every fault is taken",
                 parts["provoke caught"])
    system.check("misbehave" in parts["ps"] and "stopped" not in parts["provoke caught"],
                 "the driver lives on", parts["ps"])
    system.check("value 0xffffffc000000000" in parts["provoke kernel"],
                 "a fault outside of any __try is reported", parts["provoke kernel"])
    alive(system, parts)


@test(harts=(1, 4))
def greedy_drivers(system):
    "Pool, threads, random messages to every manager, forged capabilities: refused or harmless."
    commands = [f"provoke {kind} 10000" for kind in GREEDY]
    _, parts = run(system, [*commands, ALIVE, "mem", "kill misbehave", "provoke good"], timeout=90)
    for kind in GREEDY:
        ended(system, parts[f"provoke {kind} 10000"], kind, NO_RESOURCES)
    alive(system, parts)
    system.check("0x00000000, 512 bytes" in parts["provoke good"], "a new instance works",
                 parts["provoke good"])


@test(harts=(1, 2, 4))
def endless_drivers(system):
    "Loops at the highest priority, deaf requests: the caller gives up, `kill` ends the driver."
    endless = ("spin", "doorbells", "never", "spin-all")
    commands = []
    for kind in endless:
        commands += [f"provoke {kind} 300", ALIVE, "ps", "kill misbehave"]
    status, text = system.exec("; ".join(commands) + "; provoke good", timeout=90)
    system.check(status == 0, "every command succeeds", text)
    for kind in endless:
        system.check(f"provoke: {kind}: no answer, not even to the cancellation" in text,
                     f"'{kind}' is given up", text)
    # The firmware console may print a report between two bytes of the serial driver's.
    without = re.sub(r"\n\*\*\* driver .* was ended\n(    owed .*\n)*", "", text)
    system.check(without.count(README_SHA256) == len(endless), "files are read all the time", text)
    system.check(re.search(r"misbehave +running", text), "ps shows the driver running", text)
    system.check("owed READ.00" in text, "what it owed is reported when it is killed", text)
    system.check("provoke: good: the request ended with status 0x00000000, 512 bytes" in text,
                 "a new instance works", text)


@test()
def owed_requests_are_shown(system):
    "`irps` tells who owes what to whom since when."
    _, parts = run(system, ["provoke never 200", "irps", "kill misbehave"])
    system.check(re.search(r"misbehave .*READ.* \d\.\d+ s  \\Device\\Misbehave0", parts["irps"]),
                 "the request is in the ledger", parts["irps"])


@test(harts=(1, 4))
def hostile_messages(system):
    "An application sends random messages with random capabilities to every manager."
    managers = ("memory", "process", "object", "io", "pnp")
    commands = [f"hostile {name} {seed}" for seed in (1, 2) for name in managers]
    status, parts = run(system, [*commands, "hostile capabilities", "hostile power",
                                 "hostile kill", ALIVE, "mem"], timeout=90)
    system.check(status == 0, "every command ends with status 0", str(parts))
    system.check("0 capabilities that were not given" in parts["hostile capabilities"],
                 "no capability is forged", parts["hostile capabilities"])
    alive(system, parts)


@test(harts=(1, 4))
def hostile_application(system):
    "Wild accesses end in exceptions; taking everything meets a limit; what dies dies alone."
    fine = ["accesses", "buffers", "priority", "memory-all", "objects-all", "threads-all"]
    dying = ["null", "stack", "privileged", "syscall", "buffers-die"]
    status, parts = run(system, [*(f"hostile {kind}" for kind in [*fine, *dying]), ALIVE],
                        timeout=90)
    system.check(status != 0, "crashed programs show in the status")
    for kind in fine:
        output = parts[f"hostile {kind}"]
        system.check("hostile:" in output and "has crashed" not in output,
                     f"'{kind}' comes to its end", output)
    system.check(", 0 did not" in parts["hostile accesses"], "every wild access is stopped",
                 parts["hostile accesses"])
    system.check("1600 reads" in parts["hostile buffers"], "reads without memory hurt no driver",
                 parts["hostile buffers"])
    system.check("refused" in parts["hostile priority"], "no higher priority is given",
                 parts["hostile priority"])
    for kind in dying:
        system.check("has crashed" in parts[f"hostile {kind}"], f"'{kind}' crashes alone",
                     parts[f"hostile {kind}"])
    alive(system, parts)
