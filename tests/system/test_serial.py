# SPDX-License-Identifier: MIT
"""The console's driver and the clock's, seen from outside."""

import datetime
import re

from harness import test


@test(harts=(1, 4))
def typed_ahead(system):
    "Commands that arrive all at once, while others run, are kept and run in order."
    guest = system.boot()
    guest.run("help")
    guest.send("".join(f"mkdir C:/ahead{number}\r" for number in range(20)))
    guest.expect(r"mkdir C:/ahead19\nC:\\[^\n]*> $", timeout=60)
    listing = guest.run("ls C:/")
    system.check(all(f"ahead{number}" in listing for number in range(20)), "all were run", listing)


@test(harts=(1,))
def long_output(system):
    "Much output at once arrives whole: a hexdump of 32 KiB."
    status, text = system.exec("hexdump C:/random.bin 0 32768")
    rows = [line for line in text.splitlines() if re.match(r"^0*[0-9a-f]+0\b", line)]
    system.check(status == 0 and len(rows) == 2048, "2048 rows of 16 bytes", str(len(rows)))


@test(harts=(1,))
def time_of_day(system):
    "The clock tells the host's time."
    before = datetime.datetime.now(datetime.timezone.utc)
    status, text = system.exec("date")
    after = datetime.datetime.now(datetime.timezone.utc)
    match = re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", text)
    system.check(status == 0 and match is not None, "a date is printed", text)
    told = datetime.datetime.fromisoformat(match.group(1)).replace(tzinfo=datetime.timezone.utc)
    second = datetime.timedelta(seconds=1)
    system.check(before - second <= told <= after + second, "it is the present", text)


@test(harts=(1, 4))
def device_interface(system):
    "The port is found by its class: a link with the GUID leads to its physical device."
    status, text = system.exec("objdir \\??")
    match = re.search(r"(\S+#\{86e0d1e0-8089-11d0-9ce4-08003e301f73\}) -> \\Device\\", text)
    system.check(status == 0 and match is not None, "the link is there", text)
