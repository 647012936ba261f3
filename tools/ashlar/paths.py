# SPDX-License-Identifier: MIT
"""Where things lie. The build directory is build/ unless ASHLAR_BUILD names another one."""

import os
import pathlib
import tomllib

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ASHLAR_BUILD", TREE / "build")).resolve()
VERSIONS = TREE / "tools" / "versions.toml"

KERNEL_IMAGE = BUILD / "Image"
KERNEL_ELF = BUILD / "kernel" / "kernel"
DEBUG_IMAGE = BUILD / "Image-debug"  # the same kernel with UBSan traps and the checker
DEBUG_ELF = BUILD / "kernel" / "kernel-debug"
BOOT_PACKAGE = BUILD / "ashlar.cpio"
RUN_PACKAGE = BUILD / "ashlar-run.cpio"  # with the packages that `run --driver` names
PACKAGE_MAP = BUILD / "ashlar.cpio.json"
DISK = BUILD / "disk.img"
PRISTINE_DISK = BUILD / "pristine.img"
FIRMWARE = pathlib.Path("/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin")


def versions() -> dict:
    with VERSIONS.open("rb") as file:
        return tomllib.load(file)


def system_tool(name: str) -> str:
    """Debian keeps some programs in /usr/sbin, which is not on everybody's path."""
    for folder in ("/usr/sbin", "/sbin"):
        if os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    return name
