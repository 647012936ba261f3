# SPDX-License-Identifier: MIT
"""What the campaign does in which order: trials from a seed, and boot packages that hold a plan."""

import dataclasses
import json
import pathlib
import random

import campaign_text
import external_package
import paths

REQUESTS = 48  # answered in a trial
SKIPPED = 24   # the fault comes among the first of them
DISK_MIB, WITNESS_MIB = 2, 3  # the guest tells the disks apart by them
UNATTACHED = 0x20000000
STACK_BYTES = 512
THREADS = 4
DATA_CLASSES = ("data word", "stack word")
OTHER_CLASSES = ("killed", "killed at an instruction")
CLASSES = (*campaign_text.MUTATIONS, *DATA_CLASSES, *OTHER_CLASSES)
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


@dataclasses.dataclass(frozen=True)
class Trial:
    number: int
    fault: str      # a class
    kind: str       # apps/campaign/campaign.h
    address: int
    data: bytes
    skip: int
    thread: int
    what: str       # for people

    def line(self) -> str:
        return (f"trial {self.number} {self.kind} {self.address:x} {self.data.hex() or '-'} "
                f"{self.skip} {self.thread}")


def data_words(elf: pathlib.Path) -> list[tuple[int, str]]:
    """Words of the driver's variables, and the names of these."""
    import subprocess
    done = subprocess.run(["llvm-nm-19", "-S", "--defined-only", str(elf)], capture_output=True,
                          text=True, check=True)
    found = []
    for line in done.stdout.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "dDbB":
            start, size = int(fields[0], 16), int(fields[1], 16)
            found += [(at, fields[3]) for at in range(start + 7 & ~7, start + min(size, 4096) - 7, 8)]
    return found


class Faults:
    """Trial K of seed S is the same whatever other trials there are."""

    def __init__(self, seed: int, elf: pathlib.Path, candidates: list):
        self.seed, self.candidates = seed, candidates
        self.words = data_words(elf)

    def trial(self, number: int) -> Trial:
        source = random.Random(f"{self.seed}/{number}")
        fault = CLASSES[number % len(CLASSES)]
        skip, thread = source.randrange(SKIPPED), 0
        bit = bytes(1 << source.randrange(8) if n == source.randrange(4) else 0 for n in range(8))
        if not any(bit):
            bit = b"\x10" + bytes(7)
        if fault == "killed":
            kind, address, data, what = "k", 0, b"", "ended from outside"
        elif fault == "killed at an instruction":
            one = source.choice(self.candidates)
            kind, address, data = "e", one.address, b""
            what = f"ends at {one.address:x} in {one.function}: {one.text}"
        elif fault == "data word":
            address, name = source.choice(self.words)
            kind, data, what = "f", bit, f"{bit.hex()} flipped at {address:x} ({name})"
        elif fault == "stack word":
            kind, address, data = "s", 8 * source.randrange(STACK_BYTES // 8), bit
            thread = source.randrange(THREADS)
            what = f"{bit.hex()} flipped at sp + {address} of thread {thread}"
        else:
            one, data = campaign_text.mutate(fault, self.candidates, source)
            kind, address = "x", one.address
            what = f"{one.address:x} in {one.function}: {one.text} becomes {data[::-1].hex()}"
        return Trial(number, fault, kind, address, data, skip, thread, what)


def boundaries(candidates: list, limit: int | None) -> list[Trial]:
    """The driver ends before each instruction on its requests' way, one after the other."""
    step = max(1, len(candidates) // limit) if limit else 1
    return [Trial(number, "killed at an instruction", "e", one.address, b"", 8, 0,
                  f"ends at {one.address:x} in {one.function}: {one.text}")
            for number, one in enumerate(candidates[::step])]


def loads(milliseconds: int, periods: list[int]) -> list[str]:
    """Requests for so long, the driver being ended each so many milliseconds; 0: never."""
    return [f"load {milliseconds} {period}" for period in periods]


def header(target: Target) -> str:
    return (f"target {target.name}\ndisk {target.options:x} {DISK_MIB}\nwitness {WITNESS_MIB}\n"
            f"requests {REQUESTS}\n")


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
