# SPDX-License-Identifier: MIT
"""`./ashlar bench`: figures that compare with those of other systems (docs/measurements.md).

Instruction counts come from the guest's own programs apps/bench and, for the kernel alone,
apps/kbench, run on one hart under `-icount shift=0`, where a run is reproducible.
Wall-clock figures come from a second run without -icount. Sizes and the time to boot are taken
from outside.
"""

import json
import re
import struct
import subprocess
import sys
import time

import builder
import disk
import guest
import paths
from report import Failure, say

# Not sleep=off: virtual time would jump to the next time limit of a driver while the disk works.
ICOUNT = ["-icount", "shift=0"]
# Groups, and the command that measures each in the guest; None: measured in another way.
GROUPS = {"boot": None, "size": None, "memory": "bench memory", "ipc": None, "latency": None,
          "smp": None, "blk": "bench blk", "wall": "bench wall",
          "ddk": "driver load ioctl; driver load kit; bench ddk", "dma": None}
# Of the group dma: the machine for each kind of a buffer's life.
DMA_MODES = {"strict": guest.CONFINED, "registered": guest.CONFINED, "off": guest.AIA}
HARTS = (1, 2, 4)  # of the group smp
TIMEOUT = 300


def options(parser) -> None:
    parser.add_argument("group", nargs="*", metavar="GROUP",
                        help="only these: " + ", ".join(GROUPS) + " (default: all)")
    parser.add_argument("--cpu", default="rv64", metavar="MODEL",
                        help="group ipc: QEMU's processor model (default: rv64); sifive-u54 has "
                             "neither Sstc nor ASIDs")
    parser.add_argument("--machine", default="virt", metavar="MACHINE",
                        help=f"group ipc: QEMU's machine with its properties (default: virt); "
                             f"{guest.AIA} has message-signalled interrupts")
    parser.add_argument("--json", action="store_true",
                        help='print JSON lines {"name":...,"value":...,"unit":...}')


def row(name: str, value: float, unit: str) -> dict:
    return {"name": name, "value": value, "unit": unit}


def text_bytes() -> tuple[int, int]:
    """Size of the kernel's executable sections: those that stay, and those that only boot needs,
    whose memory is given away (kernel/kernel.ld)."""
    listing = subprocess.run(["llvm-size-19", "-A", "-d", str(paths.KERNEL_ELF)],
                             capture_output=True, text=True, check=True).stdout
    sizes = {line.split()[0]: int(line.split()[1]) for line in listing.splitlines()
             if line.startswith(".")}
    return tuple(sum(size for name, size in sizes.items() if name.startswith(prefix))
                 for prefix in (".text", ".init.text"))


COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)
# What the kernel is made of, beside libfdt and the C library's string functions.
KERNEL_SOURCES = ("kernel/**/*", "abi/kernel/*", "lib/memset.S", "lib/format/cpio.*",
                  "lib/format/elf.*")


def code_lines(text: str) -> int:
    """Lines of C or assembly that hold more than blanks and comments."""
    bare = COMMENT.sub(lambda found: found[0] if found[0].startswith('"')
                       else "\n" * found[0].count("\n"), text)
    return sum(1 for line in bare.splitlines() if line.strip())


def kernel_lines() -> dict[str, int]:
    """Lines by kind of file: "c" (with headers), "asm", and "check", what only the debug kernel
    has."""
    lines = {"c": 0, "asm": 0, "check": 0}
    for path in (path for pattern in KERNEL_SOURCES for path in paths.TREE.glob(pattern)):
        kind = {".c": "c", ".h": "c", ".S": "asm"}.get(path.suffix)
        if kind is not None:
            kind = "check" if path.parent.name == "check" else kind
            lines[kind] += code_lines(path.read_text(encoding="utf-8"))
    return lines


def measure_size() -> list[dict]:
    lines = kernel_lines()
    resident, init = text_bytes()
    return [row("kernel.lines", lines["c"], "lines"),
            row("kernel.assembly_lines", lines["asm"], "lines"),
            row("kernel.check_lines", lines["check"], "lines"),
            row("kernel.text_bytes", resident, "bytes"),
            row("kernel.init_bytes", init, "bytes"),
            row("image.kernel_text_bytes", resident + init, "bytes"),
            row("image.kernel_bytes", paths.KERNEL_IMAGE.stat().st_size, "bytes"),
            row("image.boot_package_bytes", paths.BOOT_PACKAGE.stat().st_size, "bytes")]


def machine(commands: str, icount: bool, **more) -> guest.Machine:
    extra = (ICOUNT if icount else []) + more.pop("extra", [])
    return guest.Machine(harts=1 if icount else 4, disk=disk.ensure_pristine(), snapshot=True,
                         words=["ashlar.quiet", guest.quoted(commands)], extra=extra, **more)


def run(commands: str, icount: bool, **more) -> guest.Result:
    result = guest.capture(machine(commands, icount, **more), TIMEOUT)
    if result.status != 0:
        tail = "\n".join(result.console.decode("utf-8", "replace").splitlines()[-15:])
        raise Failure(f"'{commands}' failed in the guest:\n{tail}",
                      f"./ashlar run --exec '{commands}' shows it without -icount")
    return result


LEFT_OUT = "left out: "  # a line of the guest: what this machine or system does not have
MASK = (1 << 64) - 1
SEED = 0x9E3779B97F4A7C15  # of apps/bench/transfer.c


def source(path: str) -> bytes:
    """The first 64 MiB of what the guest read."""
    if path.endswith("random.bin"):
        return disk.random_file()
    start = disk.VOLUME_START * disk.SECTOR if "Volume" in path else 0
    with disk.ensure_pristine().open("rb") as image:
        image.seek(start)
        return image.read(disk.RANDOM_BYTES)


def positions(check: dict):
    state, blocks = SEED, check["range"] // check["bytes"]
    for index in range(check["count"]):
        state ^= state << 13 & MASK
        state ^= state >> 7
        state ^= state << 17 & MASK
        yield (index if check["sequential"] else state) % blocks * check["bytes"]


def verify(check: dict) -> None:
    """Sums what the guest should have read as apps/bench/transfer.c does."""
    data, total = source(check["verify"]), 0
    layout = struct.Struct(f"<{check['bytes'] // 8}Q")
    for index, position in enumerate(positions(check)):
        words = layout.unpack_from(data, position)
        total += sum(word * (2 * w + 1) for w, word in enumerate(words)) * (2 * index + 1)
    if total & MASK != check["sum"]:
        raise Failure(f"the guest read wrong bytes from {check['verify']}: {check}",
                      "./ashlar test --only system finds out more")


def parse(text: str) -> list[dict]:
    rows = []
    for line in text.splitlines():
        if line.startswith(LEFT_OUT):
            print(line, file=sys.stderr)
        if not line.startswith("{"):
            continue
        found = json.loads(line)
        if "verify" in found:
            verify(found)
        else:
            rows.append(row(found["name"], found["value"], found["unit"]))
    return rows


def measure_boot() -> list[dict]:
    """Seconds from starting QEMU until the shell runs its first command (the best of three), and
    the instructions up to there, which the guest counts itself."""
    best = None
    for _ in range(3):
        begin, first = time.monotonic(), []

        def watch(data: bytes) -> None:
            watch.seen += data
            if guest.BEGIN in watch.seen and not first:
                first.append(time.monotonic() - begin)

        watch.seen = b""
        guest.capture(machine("date", icount=False), 60, watch)
        if not first:
            raise Failure("the machine did not reach its shell", "./ashlar run shows why")
        best = min(first[0], best or first[0])
    counted = parse(run("bench boot", icount=True).text())
    return [row("boot.seconds", round(best, 3), "s"), *counted]


def kernel_bench(group: str, harts: int = 1, cpu: str = "rv64", icount: bool = True,
                 machine: str = "virt") -> list[dict]:
    """apps/kbench instead of the system: figures of the kernel alone."""
    words = ["ashlar.quiet", "ashlar.test=bench", f"ashlar.bench={group}"]
    result = guest.capture(guest.Machine(harts=harts, words=words, cpu=cpu, machine=machine,
                                         extra=ICOUNT if icount else []), TIMEOUT)
    if result.status != 0:
        raise Failure("apps/kbench failed in the guest:\n" +
                      result.console.decode("utf-8", "replace")[-1500:],
                      "./ashlar test --only kernel tells whether the kernel works")
    return parse(result.text())


def measure_pairs() -> list[dict]:
    """Throughput by the clock, and what the kernel's lock costs of it: loops that never enter the
    kernel grow by what this machine gives, calls by less; the difference is time lost to waiting
    for the lock (here including waiting for a hart that the host does not run)."""
    rows, rates = [], {}
    for harts in HARTS:
        found = kernel_bench("pairs", harts=harts, icount=False)
        rates[harts] = {entry["name"].rpartition(".")[0]: entry["value"] for entry in found}
        rows += found
        if harts == 1:
            continue
        ratio = {name: rate / rates[1][name] for name, rate in rates[harts].items()}
        rows += [row(f"{name}.ratio{harts}", round(value, 3), "times one hart")
                 for name, value in ratio.items()]
        waiting = max(0, 1 - ratio["ipc.pairs"] / ratio["user.loops"])
        rows.append(row(f"ipc.pairs.waiting{harts}", round(waiting, 3), "of the time"))
    return rows


def measure_smp() -> list[dict]:
    """The same operations while the other harts are idle, from one hart to another, and on all
    harts at once."""
    rows = []
    for harts in HARTS[1:]:
        rows += [dict(entry, name=f"{entry['name']}.harts{harts}")
                 for entry in kernel_bench("ipc", harts=harts)]
    return rows + kernel_bench("cross", harts=2) + measure_pairs()


def measure_memory() -> list[dict]:
    """Everything that is not free counts: firmware, kernel, boot package, managers, drivers."""
    rows = parse(run(GROUPS["memory"], icount=True).text())
    free = next(entry["value"] for entry in rows if entry["name"] == "memory.free_bytes")
    size = int(machine("", icount=True).memory.removesuffix("M")) << 20
    return [row("memory.used_bytes", size - free, "bytes"), *rows]


def measure_wall() -> list[dict]:
    return parse(run(GROUPS["wall"], icount=False).text())


def measure_dma() -> list[dict]:
    """What isolation of devices costs: the kernel's operations, and reads of disks, which drivers
    get with the IOMMU strict, with registered buffers, and without one. The second disk, the same
    image again, is an NVMe controller's."""
    image = disk.ensure_pristine()
    second = ["-drive", f"if=none,id=second,format=raw,snapshot=on,file={image}",
              "-device", "nvme,drive=second,serial=second"]
    rows = kernel_bench("dma", machine=guest.CONFINED)
    for mode, board in DMA_MODES.items():
        result = run(f"bench dma {mode}", icount=True, machine=board, extra=second)
        rows += parse(result.text())
    return rows


def measure(group: str, cpu: str, machine: str) -> list[dict]:
    if group == "boot":
        return measure_boot()
    if group == "size":
        return measure_size()
    if group == "memory":
        return measure_memory()
    if group == "ipc":
        return kernel_bench("ipc", cpu=cpu, machine=machine)
    if group == "wall":
        return measure_wall()
    if group == "dma":
        return measure_dma()
    if group == "latency":
        return kernel_bench("latency", cpu=cpu)
    if group == "smp":
        return measure_smp()
    return parse(run(GROUPS[group], icount=True).text())


def show(rows: list[dict]) -> None:
    for entry in rows:
        value = entry["value"]
        number = f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) \
            else f"{value:,}"
        print(f"{entry['name']:<30} {number:>16} {entry['unit']}")


def main(arguments) -> int:
    unknown = [group for group in arguments.group if group not in GROUPS]
    if unknown:
        raise Failure(f"no group of measurements is called '{unknown[0]}'",
                      "choose from: " + ", ".join(GROUPS))
    other = arguments.cpu != "rv64" or arguments.machine != "virt"
    if other and arguments.group != ["ipc"]:
        raise Failure("--cpu and --machine are for the group ipc only",
                      "./ashlar bench ipc --cpu sifive-u54")
    builder.build()
    for group in arguments.group or GROUPS:
        if not arguments.json:
            say(f"measuring: {group}")
        rows = measure(group, arguments.cpu, arguments.machine)
        if arguments.json:
            for entry in rows:
                print(json.dumps(entry, separators=(",", ":")))
        else:
            show(rows)
    return 0
