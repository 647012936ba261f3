# SPDX-License-Identifier: MIT
"""Makes the demonstration disk: a GPT with one FAT32 volume, filled on this machine with the
usual tools (sgdisk, mkfs.vfat, mtools), so that Ashlar reads what others wrote.

The contents are the same on every machine: random.bin comes from a fixed seed and its SHA-256
is checked against the constant below before it is written.
"""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import tempfile

import paths
from report import Failure, say

MIB = 1 << 20
DISK_MIB = 192
VOLUME_START = 2048  # in sectors: 1 MiB, as every partitioning tool aligns
SECTOR = 512
VOLUME_SECTORS = (DISK_MIB * MIB // SECTOR) - VOLUME_START - 2048
RANDOM_BYTES = 64 * MIB
RANDOM_SEED = 0x41534C4152  # "ASLAR"
RANDOM_SHA256 = "978fe80d4e4869d1487177d5b3fb922942ade9ce9188a93d79f265176f75373e"
LABEL = "ASHLAR"

README = """Welcome to Ashlar.

Every byte of this file came through programs that do not trust each other: the PCI bus
driver, the virtio-blk driver, the partition driver, the FAT driver, the I/O manager and this
shell. Each has an address space of its own.

Try:  ls C:/        ps        devtree        sha256sum C:/random.bin
"""

TEXTS = {
    "README.txt": README,
    "boot/notes.txt": "An ashlar is a squared stone, cut to fit.\n",
    "Documents/A rather long file name with spaces.txt": "Long names work.\n",
    "Documents/naïve café – Überraschung.txt": "So do names beyond ASCII: ÄÖÜ ß é €\n",
    "Documents/Projects/2026/Quarry/stones.csv":
        "stone,width_mm,height_mm\n" + "".join(f"{n},{n * 37 % 400 + 200},{n * 53 % 300 + 100}\n"
                                               for n in range(1, 201)),
    "MixedCase/ReadMe.MD": "# Case is kept, and ignored when looking up\n",
    "empty.dat": "",
}
MANY_FILES = 300  # more than one cluster of directory entries


def random_file() -> bytes:
    data = random.Random(RANDOM_SEED).randbytes(RANDOM_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    if digest != RANDOM_SHA256:
        raise Failure(f"random.bin came out with SHA-256 {digest}, not {RANDOM_SHA256}",
                      "this Python generates other numbers than CPython 3.11; use Debian's")
    return data


def write_tree(folder: pathlib.Path) -> None:
    for name, text in TEXTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "many").mkdir()
    for number in range(MANY_FILES):
        (folder / "many" / f"entry number {number:03}.txt").write_text(f"{number}\n")
    (folder / "random.bin").write_bytes(random_file())


def tool(command: list[str], **settings) -> str:
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1", LC_ALL="C.UTF-8")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, **settings)
    if done.returncode != 0:
        raise Failure(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}",
                      "check that the disk of this machine is not full, then run ./ashlar image")
    return done.stdout


def volume_of(image: pathlib.Path) -> str:
    """How mtools names the first volume of one of our images."""
    return f"{image}@@{VOLUME_START * SECTOR}"


def partition(image: pathlib.Path) -> None:
    with image.open("wb") as file:
        file.truncate(DISK_MIB * MIB)
    last = VOLUME_START + VOLUME_SECTORS - 1
    tool([paths.system_tool("sgdisk"), "--disk-guid=41534C41-5200-4000-8000-000000000001",
          f"--new=1:{VOLUME_START}:{last}", "--typecode=1:0700", "--change-name=1:Ashlar demo",
          "--partition-guid=1:41534C41-5200-4000-8000-000000000002", str(image)])
    tool([paths.system_tool("mkfs.vfat"), "-F", "32", "-s", "4", "-n", LABEL, "-i", "41534C41",
          f"--offset={VOLUME_START}", str(image), str(VOLUME_SECTORS * SECTOR // 1024)])


def make(image: pathlib.Path) -> None:
    """Writes a fresh demonstration disk; the file appears only when it is complete."""
    image.parent.mkdir(parents=True, exist_ok=True)
    unfinished = image.with_name(image.name + ".new")
    partition(unfinished)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        write_tree(folder)
        names = sorted(str(path) for path in folder.iterdir())
        tool(["mcopy", "-s", "-Q", "-i", volume_of(unfinished), *names, "::/"])
    unfinished.rename(image)
    image.with_suffix(".json").write_text(json.dumps(facts(), indent=1) + "\n")


def facts() -> dict:
    return {"random.bin": {"bytes": RANDOM_BYTES, "sha256": RANDOM_SHA256},
            "label": LABEL, "volume_offset": VOLUME_START * SECTOR,
            "volume_bytes": VOLUME_SECTORS * SECTOR}


def ensure() -> pathlib.Path:
    """The demonstration disk; made when it is missing, otherwise kept with all changes."""
    if not paths.DISK.exists():
        say("making the demonstration disk (GPT, one FAT32 volume)")
        make(paths.DISK)
    return paths.DISK


def ensure_pristine() -> pathlib.Path:
    """A demonstration disk that nobody writes to; tests copy it. Made anew with this file."""
    pristine = paths.PRISTINE_DISK
    source = pathlib.Path(__file__)
    if not pristine.exists() or pristine.stat().st_mtime < source.stat().st_mtime:
        make(pristine)
    return pristine


def copy_to(source: pathlib.Path, target: pathlib.Path) -> pathlib.Path:
    """A scratch copy that takes only the room that the source's data takes."""
    tool(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)])
    return target
