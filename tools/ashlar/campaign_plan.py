# SPDX-License-Identifier: MIT
"""The targets of the campaign, and boot packages that hold a plan."""

import dataclasses
import json
import pathlib

import external_package
import paths

REQUESTS = 48  # answered in a trial
PATIENCE_MS = 50   # without any answer: the driver hangs
DISK_KIB, WITNESS_KIB = 256, 512  # the guest tells the disks apart by them
UNATTACHED = 0x20000000
SETTINGS = {"RestartLimit": 0x7fffffff, "RestartReset": 0, "IoTimeoutValue": 1}


@dataclasses.dataclass(frozen=True)
class Target:
    """A driver, the disk whose requests pass it, and how that is opened."""
    name: str
    controller: str  # of that disk
    options: int
    witness: str     # controller of the other disk


TARGETS = {
    "virtio-blk": Target("virtio-blk", "virtio-blk", UNATTACHED, "nvme"),
    "nvme": Target("nvme", "nvme", UNATTACHED, "virtio-blk"),
    "partition": Target("partition", "virtio-blk", 0, "nvme"),
}


def loads(milliseconds: int, periods: list[int]) -> list[str]:
    """Requests for so long, the driver being ended each so many milliseconds; 0: never."""
    return [f"load {milliseconds} {period}" for period in periods]


def header(target: Target) -> str:
    return (f"target {target.name}\ndisk {target.options:x} {DISK_KIB}\n"
            f"witness {WITNESS_KIB}\nrequests {REQUESTS}\npatience {PATIENCE_MS}\n")


def restarted_for_ever(inf: str, name: str) -> str:
    """An INF whose driver is started again however often it dies."""
    lines, section = inf.splitlines(), None
    for index, line in enumerate(lines):
        if line.strip().lower().endswith(".hw]"):
            section = index
    addition = "\n[Campaign.AddReg]\n" + "".join(f"HKR,,{key},0x00010001,{value}\n"
                                                 for key, value in SETTINGS.items())
    if section is not None:
        lines[section + 1] = lines[section + 1].split(";")[0].rstrip() + ", Campaign.AddReg"
        return "\n".join(lines) + addition
    services = next(line for line in lines if line.strip().endswith(".Services]"))
    install = services.strip()[1:].removesuffix(".Services]")
    return inf + f"\n[{install}.HW]\nAddReg = Campaign.AddReg\n" + addition


def package(target: Target, lines: list[str], file: pathlib.Path) -> pathlib.Path:
    """The build's boot package with a plan, and with drivers that are restarted for ever."""
    holds = external_package.members(paths.BOOT_PACKAGE.read_bytes())
    for name in TARGETS:
        path = f"drivers/{name}/{name}.inf"
        holds[path] = restarted_for_ever(holds[path].decode(), name).encode()
    holds["campaign/plan"] = (header(target) + "\n".join(lines) + "\n").encode()
    file.write_bytes(external_package.mkpackage().archive(holds))
    file.with_name(file.name + ".json").write_text(paths.PACKAGE_MAP.read_text(encoding="utf-8"),
                                                   encoding="utf-8")
    return file


def elf_of(target: Target) -> pathlib.Path:
    origins = json.loads(paths.PACKAGE_MAP.read_text(encoding="utf-8"))
    return pathlib.Path(origins[f"drivers/{target.name}/{target.name}"])
