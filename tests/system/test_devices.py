# SPDX-License-Identifier: MIT
"""What a person does to devices: remove, disable, enable, rebalance; what is refused, and why."""

from harness import test


@test(harts=(1, 4))
def disable_and_enable(system):
    "The clock is disabled, enabled and removed; it works again each time."
    status, text = system.exec("date; device disable goldfish; devtree; device enable goldfish; "
                               "date; device remove goldfish; device enable goldfish; date; devtree")
    system.check(status == 0, "each step succeeds", text)
    first, last = text.split("goldfish", 1)[1], text.rsplit("DT\\google,goldfish-rtc", 1)[1]
    system.check("disabled" in first and ": disabled" in text, "devtree shows it", text)
    system.check(text.count("UTC") == 3, "the clock answers each time", text)
    system.check("started" in last.split("\n")[1], "it runs in the end", last)


@test(harts=(1,))
def refusals(system):
    "A disk that is mounted, a console that is open, a device that knows no eject stay."
    for command, reason in (("device remove VEN_1AF4", "file system is mounted"),
                            ("device eject goldfish", "cannot do that"),
                            ("device disable nonsense", "NAME_NOT_FOUND"),
                            ("device break goldfish", "verbs are"),
                            ("device remove DT", "several devices")):
        status, text = system.exec(command)
        system.check(status != 0 and reason in text, f"{command}: {reason}", text)
    guest = system.boot()
    text = guest.run("device remove ns16550")
    system.check("file is open" in text, "the shell has its terminal open", text)


@test(harts=(1, 4))
def disk_survives_a_rebalance(system):
    "QUERY_STOP, STOP and START of the disk: files are read as before."
    status, text = system.exec("sha256sum C:/README.txt; device rebalance VEN_1AF4; "
                               "sha256sum C:/README.txt")
    digests = [line.split()[0] for line in text.splitlines() if "README" in line]
    system.check(status == 0 and "stopped and started" in text, "it was stopped", text)
    system.check(len(digests) == 2 and digests[0] == digests[1], "the file is the same", text)
