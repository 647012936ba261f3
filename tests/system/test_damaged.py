# SPDX-License-Identifier: MIT
"""Damaged input: what is wrong is named, and what does not need it goes on. (Partition tables have
test_partitions.py; each parser has host tests and a fuzz target.)"""

import re
import subprocess

import disk
import paths
from harness import test

WELCOME = "Welcome to Ashlar"


class Package:
    """A copy of the boot package whose files can be overwritten in place."""

    def __init__(self, system, name: str):
        self.path = system.scratch / name
        self.data = bytearray(paths.BOOT_PACKAGE.read_bytes())

    def entry(self, wanted: str) -> tuple[int, int, int]:
        """Where the header of a file, its contents, and their end lie."""
        at = 0
        while True:
            size = int(self.data[at + 54:at + 62], 16)
            name_size = int(self.data[at + 94:at + 102], 16)
            name = self.data[at + 110:at + 110 + name_size - 1].decode()
            start = (at + 110 + name_size + 3) & ~3
            if name == wanted:
                return at, start, start + size
            at = (start + size + 3) & ~3

    def write(self, name: str, offset: int, data: bytes) -> None:
        _, start, end = self.entry(name)
        assert start + offset + len(data) <= end
        self.data[start + offset:start + offset + len(data)] = data

    def replace(self, name: str, old: bytes, new: bytes) -> None:
        _, start, end = self.entry(name)
        at = self.data.index(old, start, end)
        assert len(old) == len(new)
        self.data[at:at + len(old)] = new

    def save(self):
        self.path.write_bytes(self.data)
        return self.path


def fails_to_boot(system, pattern: str, **options) -> None:
    guest = system.start(**options)
    guest.expect(pattern, timeout=20)
    guest.close()


@test()
def boot_package(system):
    "A package that is none, is cut, or lacks the first program stops the boot with the reason."
    none = Package(system, "none.cpio")
    none.data[:] = b"This is no archive.".ljust(8192)
    fails_to_boot(system, r"PANIC.*boot package", package=none.save())
    cut = Package(system, "cut.cpio")
    _, _, end = cut.entry("servers/root")
    del cut.data[end - 5000:]
    fails_to_boot(system, r"PANIC.*(boot package|servers/root)", package=cut.save())
    without = Package(system, "without.cpio")
    header, _, _ = without.entry("servers/root")
    without.data[header + 110:header + 122] = b"servers/tree"
    fails_to_boot(system, r"PANIC.*servers/root", package=without.save())


@test()
def first_program(system):
    "An ELF rule that servers/root breaks is named by the kernel, one of memory's by root."
    package = Package(system, "root.cpio")
    package.write("servers/root", 0x12, b"\x3e\x00")  # e_machine: x86-64
    fails_to_boot(system, r"PANIC.*servers/root: .*machine", package=package.save())
    package = Package(system, "memory.cpio")
    package.write("servers/memory", 0, b"\x7fELG")
    fails_to_boot(system, r"servers/memory: .*(magic|ELF)", package=package.save())


@test()
def device_tree(system):
    "A device tree that names no boot package is refused with the reason."
    source = system.scratch / "virt.dts"
    tree = system.scratch / "virt.dtb"
    command = system.machine(harts=1).command(["-display", "none"])
    command[command.index("virt")] = f"virt,dumpdtb={tree}"
    subprocess.run(command, check=True, capture_output=True)
    disk.tool(["dtc", "-q", "-I", "dtb", "-O", "dts", "-o", str(source), str(tree)])
    text = re.sub(r"linux,initrd-(start|end) = [^;]*;", "", source.read_text())
    source.write_text(text)
    disk.tool(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(tree), str(source)])
    fails_to_boot(system, r"PANIC.*names no boot package", harts=1, package=None,
                  extra=["-dtb", str(tree)])


@test()
def drivers(system):
    "A driver's damaged ELF file or INF costs that driver alone."
    package = Package(system, "drivers.cpio")
    package.write("drivers/goldfish/goldfish", 0x12, b"\x3e\x00")
    package.replace("drivers/misbehave/misbehave.inf", b"[Version]", b"[Version ")
    status, text = system.exec("cat C:/README.txt; devtree; drivers", package=package.save())
    system.check(WELCOME in text, "files are still read", text)
    log = system.log()
    system.check(re.search(r"goldfish.*(cannot be loaded|machine)", log),
                 "the damaged program is named", log)
    system.check(re.search(r"misbehave\.inf:\d+: ", log), "the damaged line is named", log)


@test()
def fat_volume(system):
    "A boot sector that breaks a rule keeps the volume from being mounted; the rest goes on."
    image = system.disk()
    with image.open("r+b") as file:
        for sector in (0, 6):  # the boot sector and its copy
            file.seek((disk.VOLUME_START + sector) * disk.SECTOR + 11)
            file.write(b"\x09\x03")  # 777 bytes a sector
    status, text = system.exec("cat C:/README.txt; drivers", disk=image)
    system.check(status != 0, "the file cannot be read", text)
    system.check(re.search(r"fat +ready", text), "the file system's driver lives", text)
    system.check(re.search(r"rule broken by the volume: BPB_BytsPerSec", system.log()), "the rule is named", system.log())


@test()
def fat_chain(system):
    "A directory entry that leads outside of the volume ends in an error, not in wrong bytes."
    image = system.disk()
    volume = disk.VOLUME_START * disk.SECTOR
    with image.open("r+b") as file:
        data = file.read(volume + (4 << 20))
        at = data.index(b"README  TXT", volume)
        file.seek(at + 20)
        file.write(b"\xff\x0f")  # high half of the first cluster
    status, text = system.exec("cat C:/README.txt; cat C:/boot/notes.txt", disk=image)
    system.check(status != 0 and WELCOME not in text, "the damaged file is refused", text)
    system.check("squared stone" in text, "the next file is read", text)
