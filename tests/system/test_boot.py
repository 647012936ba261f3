# SPDX-License-Identifier: MIT
"""Boots to the shell on every number of harts, in little memory, and through U-Boot."""

from harness import test


@test(harts=(1, 2, 4, 8))
def shell_answers(system):
    guest = system.boot()
    answer = guest.run("help")
    system.check("sha256sum" in answer, "help lists the commands", answer)


@test(harts=(1, 4))
def small_memory(system):
    "The whole system is up in 64 MiB and still reads a file."
    status, text = system.exec("cat C:/README.txt", memory="64M")
    system.check(status == 0 and "Welcome to Ashlar" in text, "the file is read", text)


@test()
def status_of_commands(system):
    "The status is 0 if and only if each command succeeded."
    good, text = system.exec("ls C:/; cat C:/boot/notes.txt")
    system.check(good == 0, "two good commands end with status 0", text)
    bad, text = system.exec("cat C:/no/such/file; ls C:/")
    system.check(bad != 0, "a failed command shows in the status", text)
