# SPDX-License-Identifier: MIT
"""The debug kernel (UBSan traps, in-kernel checker) runs the whole system, and what breaks one of
the kernel's rules ends in a panic that says where."""

import re

import paths
from harness import test

# enum ash_provocation: what the kernel does, and how its exception is called.
PROVOCATIONS = [
    ("a signed sum overflows", "illegal instruction", "overflow"),
    ("an index beyond its array", "illegal instruction", "out_of_bounds"),
    ("a store to text", "store page fault", "store"),
    ("a store to read-only data", "store page fault", "store"),
    ("text through the physical window", "load page fault", "store"),
    ("execution of data", "fetch page fault", ""),
    ("execution of user memory", "fetch page fault", ""),
    ("a load from user memory", "load page fault", "check_provoke"),
    ("a load from executable user memory", "load page fault", "check_provoke"),
]

# The later ones spoil the kernel's data: how the checker calls the invariant.
INVARIANTS = [
    "siblings are doubly linked|beyond the oldest sibling lies the parent|`child` is the newest slot|a root of the tree",
    "objects count the slots that name them",
    "a derived capability has no more rights",
    "objects lie below the watermark",
    "RAM between the watermark and `cleared` is zero",
    "a thread that waits is in one queue, another in none",
    "the Reply that answers a caller is a live object",
    "a ready thread is runnable and on that hart|a queue is doubly linked",
    "a timeout that names a queue is in it",
    "the amounts add up to the budget",
    "every entry of user space is owned by a capability",
    r"asids\[n\] names the VSpace that owns n|a number is free or owned by one VSpace",
    "text and read-only data have no writable alias|writable and executable",
    "nothing but text is executable",
]


def panic(system, number):
    guest = system.start(kernel=paths.DEBUG_IMAGE,
                         words=["ashlar.quiet", "ashlar.test=hostile", f"ashlar.provoke={number}"])
    guest.wait_end()
    return guest.log()


@test(harts=(1, 4))
def runs_the_system(system):
    "Boots to the shell and works there."
    guest = system.boot(kernel=paths.DEBUG_IMAGE)
    answer = guest.run("cat C:/README.txt")
    system.check("Welcome to Ashlar" in answer, "a file is read", answer)
    answer = guest.run("ps")
    system.check("memory" in answer, "the tasks are listed", answer)


@test(harts=(1,))
def broken_rules_panic(system):
    "Undefined behaviour, and memory that the kernel may not use as it does: each a panic."
    for number, (what, exception, function) in enumerate(PROVOCATIONS):
        text = panic(system, number)
        found = re.search(rf"PANIC: exception \d+ in the kernel: {exception}\n +pc 0x[0-9a-f]+",
                          text)
        system.check(found is not None, f"{what}: a panic with an exception and its pc", text)
        system.check(function in text[found.end():].partition("hart")[0],
                     f"{what}: the place is named", text)
        system.check(re.search(r"#\d 0x[0-9a-f]+\n.*trap_entry", text) is not None,
                     f"{what}: a backtrace down to the trap", text)


@test(harts=(1,))
def checker_finds_each_broken_invariant(system):
    "One invariant of each family is broken: the checker says which."
    for number, words in enumerate(INVARIANTS, start=len(PROVOCATIONS)):
        text = panic(system, number)
        system.check(re.search(rf"PANIC: invariant: .*({words})", text) is not None,
                     f"provocation {number} is found", text)


@test(harts=(1,))
def release_kernel_has_no_checker(system):
    "The method of the debug kernel is none of the release kernel's."
    status, text = system.finish(
        system.machine(words=["ashlar.quiet", "ashlar.test=hostile", "ashlar.provoke=0"]), 30)
    system.check(status == 1 and "the kernel goes on, error 2" in text, "the method is refused",
                 text)
