# SPDX-License-Identifier: MIT
"""Shutdown and reboot: the volume is flushed, then the firmware is asked (SBI SRST)."""

import disk
from harness import test


@test(harts=(1, 4))
def shutdown(system):
    "What was written before is on the disk, and the machine powers itself off."
    image = system.disk()
    guest = system.boot(disk=image)
    guest.run("cp C:/README.txt C:/kept.txt")
    guest.send("shutdown\r")
    status = guest.wait_end()
    system.check(status == 0, "QEMU ends with status 0", str(status))
    system.fsck(image)
    kept = system.mtools(image, "mtype", "::/kept.txt")
    system.check(kept == disk.README, "the copy is on the disk", kept)


@test()
def reboot(system):
    "The machine resets itself and comes up again with what was written."
    guest = system.boot(disk=system.disk())
    guest.monitor.execute("query-status")
    guest.run("cp C:/README.txt C:/kept.txt")
    guest.send("reboot\r")
    guest.expect(r"OpenSBI v")  # the line editor shows the prompt again as one types
    guest.prompt()
    guest.monitor.execute("query-status")
    resets = [event for event in guest.monitor.events if event["event"] == "RESET"]
    system.check(len(resets) == 1 and resets[0]["data"]["guest"], "the guest reset the machine once",
                 str(guest.monitor.events))
    text = guest.run("cat C:/kept.txt")
    system.check("Welcome to Ashlar" in text, "the copy is there after the reboot", text)
