#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Repeats the figures of Linux that docs/measurements.md compares with.

Fetches Debian's kernel for riscv64 from the mirror that this machine's apt uses (nothing of it is
kept in the tree: it goes to ~/.cache/ashlar/linux-peer), packs it with init.c and the modules of the
disk into an initramfs, and reads the demonstration disk on the machine of `./ashlar bench wall`
(IOPS by the clock, in turns with Ashlar, for the host's load is in both; the medians, and the median
of the turns' ratios) and of `./ashlar bench blk` (instructions, one hart under -icount).

    tools/linux-peer/measure.py [--suite trixie] [--turns 3] [--json]
"""

import argparse
import json
import lzma
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
sys.path[:0] = [str(TREE / "tools/ashlar"), str(TREE / "tools")]

import apt  # noqa: E402
import command_bench  # noqa: E402
import disk  # noqa: E402
import guest  # noqa: E402
import mkpackage  # noqa: E402
from report import Failure  # noqa: E402

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))) \
    / "ashlar/linux-peer"
KERNEL = "linux-image-riscv64"  # depends on the newest one
WANTED = ["virtio_pci", "virtio_blk"]  # modules, with what they need
TIMEOUT = 600
DIRECTORY, PROGRAM = 0o040755, 0o100755


def run(command: list[str], **more) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise Failure(f"this command failed: {apt.as_text([str(w) for w in command])}\n"
                      f"{done.stderr}")
    return done.stdout


def apt_options(suite: str) -> list[str]:
    """apt for another architecture, with lists and state of its own."""
    sources = apt.machine_sources(apt.codename())
    mirror = next((address for address, name in sources if name == apt.codename()), None)
    if mirror is None:
        raise Failure("apt knows no Debian mirror on this machine")
    for folder in ("lists/partial", "archives/partial"):
        (CACHE / folder).mkdir(parents=True, exist_ok=True)
    (CACHE / "sources.list").write_text(
        f"deb [arch=riscv64 signed-by={apt.KEYRING}] {mirror} {suite} main\n", encoding="utf-8")
    settings = {"APT::Architecture": "riscv64", "APT::Architectures": "riscv64",
                "Dir::Etc::SourceList": CACHE / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
                "Dir::Etc::PreferencesParts": "/dev/null", "Dir::State::Lists": CACHE / "lists",
                "Dir::State::status": "/dev/null", "Dir::Cache": CACHE,
                "Dir::Cache::Archives": CACHE / "archives", "APT::Sandbox::User": "root"}
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def fetch_kernel(suite: str) -> pathlib.Path:
    """The unpacked package of the kernel."""
    options = apt_options(suite)
    run(["apt-get", "-qq", *options, "update"])
    depends = run(["apt-cache", *options, "depends", KERNEL])
    found = re.search(r"Depends: (linux-image-\S+-riscv64)", depends)
    if found is None:
        raise Failure(f"{KERNEL} of {suite} names no kernel")
    unpacked = CACHE / found[1]
    if not unpacked.exists():
        run(["apt-get", "-q", *options, "download", found[1]], cwd=CACHE / "archives")
        package = next((CACHE / "archives").glob(f"{found[1]}_*.deb"))
        run(["dpkg-deb", "-x", package, unpacked])
    return unpacked


def load(path: pathlib.Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def modules(unpacked: pathlib.Path) -> list[bytes]:
    """Each after those that it depends on."""
    files = {re.sub(r"\.ko(\.xz)?$", "", path.name).replace("-", "_"): path
             for path in unpacked.rglob("*.ko*")}
    order: dict[str, bytes] = {}

    def add(name: str) -> None:
        if name in order or name not in files:
            return  # there already, or part of the kernel
        data = load(files[name])
        needs = re.search(rb"\0depends=([^\0]*)\0", data)
        for needed in needs[1].decode().split(",") if needs else []:
            add(needed)
        order[name] = data

    for name in WANTED:
        add(name)
    return list(order.values())


def build_init() -> bytes:
    out = CACHE / "init"
    run(["clang-19", "--target=riscv64-unknown-linux-gnu", "-march=rv64gc", "-mabi=lp64d",
         "-std=c23", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-pic",
         "-mcmodel=medany", "-nostdlib", "-static", "-fuse-ld=lld", HERE / "init.c", "-o", out])
    return out.read_bytes()


def make_initramfs(unpacked: pathlib.Path) -> pathlib.Path:
    members = [("dev", DIRECTORY, b""), ("modules", DIRECTORY, b""),
               ("init", PROGRAM, build_init())]
    members += [(f"modules/{i:02}.ko", PROGRAM, data)
                for i, data in enumerate(modules(unpacked))]
    archive = b"".join(mkpackage.entry(i + 1, name, mode, 1, data)
                       for i, (name, mode, data) in enumerate(members))
    archive += mkpackage.entry(0, "TRAILER!!!", 0, 1, b"")
    path = CACHE / "initramfs"
    path.write_bytes(archive)
    return path


def measure(unpacked: pathlib.Path, initramfs: pathlib.Path, icount: bool) -> list[dict]:
    """The command line is Ashlar's, but for kernel, package and words."""
    machine = guest.Machine(harts=1 if icount else 4, disk=disk.ensure_pristine(), snapshot=True,
                            kernel=next(unpacked.glob("boot/vmlinu*")), package=initramfs,
                            words=["console=ttyS0", "quiet", "panic=-1"],
                            extra=command_bench.ICOUNT if icount else [])
    result = guest.capture(machine, TIMEOUT)
    text = result.console.decode("utf-8", "replace")
    rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    if not rows:
        raise Failure("Linux printed no figures:\n" + text[-2000:])
    unit = "instructions" if icount else "1/s"
    return [row for row in rows if row["unit"] == unit]


def ratios(turn: list[dict]) -> list[dict]:
    """How many times Linux's figure Ashlar's is: of its file, and of the device."""
    value = {entry["name"]: entry["value"] for entry in turn}
    return [command_bench.row(f"ratio.{name}", round(mine / value[peer], 2), "")
            for name, mine in value.items()
            if (peer := "linux." + name.removesuffix(".device")) in value]


def by_the_clock(turns: int, one_turn) -> list[dict]:
    """Medians of all that each turn measures, and of the ratios within the turns."""
    seen: dict[str, list[dict]] = {}
    for number in range(turns):
        print(f"turn {number + 1} of {turns}", file=sys.stderr)
        turn = one_turn()
        for entry in turn + ratios(turn):
            seen.setdefault(entry["name"], []).append(entry)
    return [entries[0] | {"value": statistics.median(entry["value"] for entry in entries)}
            for entries in seen.values()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default="trixie", help="of Debian (default: trixie)")
    parser.add_argument("--turns", type=int, default=3, metavar="N",
                        help="by the clock, Linux and Ashlar one after the other (default: 3)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    arguments = parser.parse_args()
    try:
        unpacked = fetch_kernel(arguments.suite)
        initramfs = make_initramfs(unpacked)
        rows = by_the_clock(arguments.turns, lambda: measure(unpacked, initramfs, False)
                            + command_bench.measure_wall())
        rows += measure(unpacked, initramfs, True)
    except Failure as failure:
        print(f"measure.py: {failure}", file=sys.stderr)
        return 1
    if arguments.json:
        for row in rows:
            print(json.dumps(row, separators=(",", ":")))
    else:
        command_bench.show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
