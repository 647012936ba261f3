#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the boot package: a newc cpio archive of the files that the build collected.

Guarantees: the archive depends on names and contents only (no times, owners or inode
numbers of the build machine), lists directories before what lies in them, and holds ELF
files without symbols. Beside it lies OUTPUT.json, which maps each path in the package to the
file it came from, where debugger and backtraces find the symbols.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

S_IFDIR = 0o040000
S_IFREG = 0o100000
ALIGN = 4


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGN)


def entry(inode: int, name: str, mode: int, links: int, data: bytes) -> bytes:
    """One archive member: 110 bytes of header in ASCII hexadecimal, name, data."""
    encoded = name.encode() + b"\0"
    fields = [inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return padded(header + encoded) + padded(data)


def stripped(path: pathlib.Path, objcopy: str | None) -> bytes:
    data = path.read_bytes()
    if objcopy is None or not data.startswith(b"\x7fELF"):
        return data
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / "stripped"
        subprocess.run([objcopy, "--strip-all", str(path), str(out)], check=True)
        return out.read_bytes()


def check_names(names: list[str]) -> None:
    for name in names:
        parts = name.split("/")
        if not name or any(part in ("", ".", "..") for part in parts):
            sys.exit(f"mkpackage: '{name}' is no relative path: "
                     "write 'folder/file' in package_files")
    if len(set(names)) != len(names):
        sys.exit("mkpackage: two files have the same path in the boot package")


def archive(members: dict[str, bytes]) -> bytes:
    folders = {str(parent) for name in members
               for parent in pathlib.PurePosixPath(name).parents if str(parent) != "."}
    out = bytearray()
    for inode, name in enumerate(sorted(folders | set(members)), start=1):
        if name in folders:
            out += entry(inode, name, S_IFDIR | 0o755, 2, b"")
        else:
            out += entry(inode, name, S_IFREG | 0o644, 1, members[name])
    out += entry(0, "TRAILER!!!", 0, 1, b"")
    return bytes(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--strip", metavar="OBJCOPY", help="strip ELF files with this program")
    parser.add_argument("--names", nargs="*", default=[], help="paths in the package")
    parser.add_argument("--files", nargs="*", type=pathlib.Path, default=[],
                        help="what each path holds, in the same order")
    arguments = parser.parse_args()
    if len(arguments.names) != len(arguments.files):
        sys.exit(f"mkpackage: {len(arguments.names)} names but {len(arguments.files)} files: "
                 "each entry of package_files must be exactly one file")
    check_names(arguments.names)
    members = {name: stripped(file, arguments.strip)
               for name, file in zip(arguments.names, arguments.files)}
    arguments.output.write_bytes(archive(members))
    origins = {name: str(file.resolve()) for name, file in zip(arguments.names, arguments.files)}
    arguments.output.with_name(arguments.output.name + ".json").write_text(
        json.dumps(origins, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
