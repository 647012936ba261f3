# SPDX-License-Identifier: MIT
"""Disks with each kind of partition table, made with the host's tools: the volume is found, and a
damaged table is told by the rule it breaks."""

import hashlib
import random
import struct

import disk
import paths
from harness import test

SECTOR = 512
DISK_SECTORS = 32 << 11  # 32 MiB
CONTENT = random.Random(4).randbytes(3 << 20)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def blank(system, name: str):
    image = system.scratch / name
    with image.open("wb") as file:
        file.truncate(DISK_SECTORS * SECTOR)
    return image


def write(image, sector: int, data: bytes, offset: int = 0) -> None:
    with image.open("r+b") as file:
        file.seek(sector * SECTOR + offset)
        file.write(data)


def entry(kind: int, first: int, sectors: int, active: int = 0) -> bytes:
    """An entry of an MBR or of an extended boot record."""
    return bytes([active, 0, 0, 0, kind, 0, 0, 0]) + struct.pack("<II", first, sectors)


def write_table(image, sector: int, *entries: bytes) -> None:
    write(image, sector, b"".join(entries).ljust(64, b"\0") + b"\x55\xaa", 446)


def fill(system, image, first: int, sectors: int) -> None:
    """A FAT volume at `first` with one file."""
    disk.tool([paths.system_tool("mkfs.vfat"), "-n", "TEST", f"--offset={first}", str(image),
               str(sectors // 2)])
    content = system.scratch / "content.bin"
    content.write_bytes(CONTENT)
    disk.tool(["mcopy", "-i", f"{image}@@{first * SECTOR}", str(content), "::/content.bin"])


def gpt(system):
    image = blank(system, "gpt.img")
    disk.tool([paths.system_tool("sgdisk"), "--new=1:2048:0", "--typecode=1:0700", str(image)])
    fill(system, image, 2048, 60000)
    return image


def check_content(system, image) -> None:
    status, text = system.exec("sha256sum C:/content.bin", disk=image, snapshot=True)
    system.check(status == 0 and DIGEST in text, "the digest is the host's", text)


@test(harts=(1,))
def gpt_with_damaged_primary(system):
    "The backup serves when the primary header is damaged, and the log says so."
    image = gpt(system)
    write(image, 1, b"X")
    check_content(system, image)
    system.check("does not begin with 'EFI PART'; using the backup" in system.log(),
                 "the log names the damage")


@test(harts=(1,))
def mbr_primary(system):
    "A primary partition of an MBR."
    image = blank(system, "mbr.img")
    write_table(image, 0, entry(0x83, 64, 100), entry(0x0c, 2048, 60000, 0x80))
    fill(system, image, 2048, 60000)
    check_content(system, image)


@test(harts=(1,))
def mbr_logical(system):
    "A logical partition in the second extended boot record."
    image = blank(system, "logical.img")
    write_table(image, 0, entry(0x0f, 1024, 64000))
    write_table(image, 1024, entry(0x83, 8, 100), entry(0x05, 1024, 62000))
    write_table(image, 2048, entry(0x0c, 64, 60000))
    fill(system, image, 2112, 60000)
    check_content(system, image)


@test(harts=(1,))
def whole_disk_file_system(system):
    "A file system without a partition table is one volume."
    image = blank(system, "whole.img")
    fill(system, image, 0, DISK_SECTORS)
    check_content(system, image)


@test(harts=(1,))
def damaged_tables(system):
    "A table that breaks a rule gives no volume, and the log names the rule."
    loop = blank(system, "loop.img")
    write_table(loop, 0, entry(0x05, 1024, 60000))
    write_table(loop, 1024, entry(0x83, 8, 100), entry(0x05, 0, 100))
    overlap = blank(system, "overlap.img")
    write_table(overlap, 0, entry(0x0c, 64, 1000), entry(0x0c, 1063, 10))
    both = gpt(system)
    write(both, 1, b"X")
    write(both, DISK_SECTORS - 1, b"X", 60)
    for image, rule in ((loop, "chain of extended boot records does not end"),
                        (overlap, "two partitions overlap"),
                        (both, "GPT header does not begin with 'EFI PART'")):
        status, text = system.exec("devtree", disk=image, snapshot=True)
        system.check(status == 0 and "STORAGE\\Disk" in text and "STORAGE\\Volume" not in text,
                     "the disk works and has no volume", text)
        system.check(f"no volumes: {rule}" in system.log(), f"the log says '{rule}'")
