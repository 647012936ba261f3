# SPDX-License-Identifier: MIT
"""What tests of drivers that are started again look at."""

import hashlib
import re

import disk

README = f"{hashlib.sha256(disk.README.encode()).hexdigest()}  C:/README.txt"
LOOK = "sha256sum C:/README.txt"
AGAIN = r"pnp: {} died and was started again: (\d+) us"


def recovered(system, text: str, driver: str, times: int = 1) -> None:
    found = re.findall(AGAIN.format(driver), text)
    system.check(len(found) == times, f"{driver} was started again {times} times", text)
