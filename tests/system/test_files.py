# SPDX-License-Identifier: MIT
"""Reads and writes the FAT volume, and compares with what the host's tools say."""

import hashlib

import disk
from harness import test


@test(harts=(1, 2, 4))
def big_file_digest(system):
    "Each byte of a 64 MiB file that the host wrote arrives."
    status, text = system.exec("sha256sum C:/random.bin", timeout=120)
    system.check(status == 0 and disk.RANDOM_SHA256 in text, "the digest is the host's", text)


@test()
def names(system):
    "Long names, names beyond ASCII, either slash, any case."
    status, text = system.exec('cat "C:/Documents/A rather long file name with spaces.txt"; '
                               'cat "C:/Documents/naïve café – Überraschung.txt"; '
                               'cat c:\\mixedcase\\README.md; ls C:/many')
    system.check(status == 0, "all four commands succeed", text)
    for piece in ("Long names work.", "So do names beyond ASCII: ÄÖÜ ß é €", "Case is kept",
                  "entry number 299.txt"):
        system.check(piece in text, f"'{piece}' is printed", text)


@test(harts=(1, 4))
def copies_reach_the_host(system):
    "What Ashlar writes is clean for fsck.fat and read back by mtools."
    image = system.disk()
    status, text = system.exec(
        "mkdir C:/made; cp C:/random.bin C:/made/copy.bin; "
        'cp C:/README.txt "C:/made/A new file with a long name.txt"; '
        "rm C:/empty.dat; sha256sum C:/made/copy.bin", disk=image, timeout=240)
    system.check(status == 0, "all commands succeed", text)
    system.check(disk.RANDOM_SHA256 in text, "the copy's digest is right inside", text)
    system.fsck(image)
    system.mtools(image, "mcopy", "::/made/copy.bin", str(system.scratch / "copy.bin"))
    digest = hashlib.sha256((system.scratch / "copy.bin").read_bytes()).hexdigest()
    system.check(digest == disk.RANDOM_SHA256, "the copy's digest is right outside", digest)
    read_me = system.mtools(image, "mtype", "::/made/A new file with a long name.txt")
    system.check(read_me == disk.README, "the small copy is the original", read_me)
    listing = system.mtools(image, "mdir", "-b", "::/")
    system.check("empty.dat" not in listing, "the removed file is gone", listing)
