# SPDX-License-Identifier: MIT
"""The machine that Ashlar runs on: the QEMU command line, and runs that capture their output.

Agreed with the guest (docs/architecture.md, boot): words of the kernel's command line are
    ashlar.exec="..."      run these shell commands, then power off; inside the quotes \\" stands
                           for a quote and \\\\ for a backslash (lib/format/cmdline.h)
    ashlar.quiet           no progress messages on the console
    ashlar.terminal=CxR    columns and rows of the terminal, for line editing
    ashlar.test=kernel     run the in-guest tests instead of the system
In the first and last case the output proper lies between the two marks below.
"""

import dataclasses
import os
import pathlib
import re
import select
import subprocess
import sys
import time

import paths
import symbols
from report import Failure

BEGIN = b"\x1eASHLAR-BEGIN"
END = re.compile(rb"\x1eASHLAR-END (-?\d+)")
QEMU = "qemu-system-riscv64"
# The machine with APLIC and IMSIC in place of the PLIC: message-signalled interrupts.
AIA = "virt,aia=aplic-imsic"
# That, and every PCI device behind an IOMMU: what `./ashlar run` starts.
CONFINED = AIA + ",iommu-sys=on"
# Words for the kernel that make a processor model what it is: QEMU gives each of them ASIDs.
PROCESSOR_WORDS = {"sifive-u54": ["kernel.no-asids"]}


# QEMU's devices for disks, without the drive.
CONTROLLERS = {"virtio-blk": "virtio-blk-pci,disable-legacy=on", "nvme": "nvme,serial=ashlar",
               "virtio-blk of four queues": "virtio-blk-pci,disable-legacy=on,num-queues=4"}


@dataclasses.dataclass
class Machine:
    """What a run may choose; the defaults are those of most tests."""
    harts: int = 4
    memory: str = "512M"
    disk: pathlib.Path | None = None
    words: list[str] = dataclasses.field(default_factory=list)
    kernel: pathlib.Path = paths.KERNEL_IMAGE
    package: pathlib.Path | None = paths.BOOT_PACKAGE  # None: a boot loader brings it
    snapshot: bool = False  # throw away what the guest writes
    cpu: str = "rv64"
    machine: str = "virt"  # QEMU's, with properties
    controller: str = "virtio-blk"  # of the disk: a key of CONTROLLERS
    extra: list[str] = dataclasses.field(default_factory=list)

    def behind(self) -> str:
        """What makes a virtio device use the IOMMU, if there is one."""
        virtio = self.controller.startswith("virtio")
        return ",iommu_platform=on" if virtio and "iommu-sys=on" in self.machine else ""

    def disk_device(self, drive: str) -> str:
        """QEMU's argument for the controller of a disk."""
        return f"{CONTROLLERS[self.controller]},drive={drive}" + self.behind()

    def command(self, console: list[str]) -> list[str]:
        line = [QEMU, "-M", self.machine, "-cpu", self.cpu, "-smp", str(self.harts),
                "-m", self.memory, "-bios", str(paths.FIRMWARE), "-kernel", str(self.kernel)]
        if self.package is not None:
            words = self.words + PROCESSOR_WORDS.get(self.cpu, [])
            line += ["-initrd", str(self.package), "-append", " ".join(words)]
        if self.disk is not None:
            drive = f"if=none,id=d0,file={str(self.disk).replace(',', ',,')},format=raw"
            line += ["-drive", drive + (",snapshot=on" if self.snapshot else ""),
                     "-device", self.disk_device("d0")]
        return line + console + self.extra


# The serial line on this process's standard input and output; Ctrl-A X leaves QEMU.
TERMINAL = ["-nographic"]
# Output only: what a program reads.
PIPE = ["-display", "none", "-monitor", "none", "-serial", "stdio"]


def quoted(commands: str) -> str:
    """The commands as the value of ashlar.exec; a line end separates commands as `;` does."""
    line = ";".join(commands.splitlines())
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'ashlar.exec="{escaped}"'


def check_disk(path: pathlib.Path) -> pathlib.Path:
    if not path.is_file():
        raise Failure(f"there is no disk image {path}",
                      "./ashlar image --disk FILE makes one, or leave --disk out")
    return path.resolve()


def stop(process: subprocess.Popen) -> None:
    """A guest that never sleeps makes QEMU deaf to SIGTERM, so SIGKILL follows."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclasses.dataclass
class Result:
    """A run's output: everything, the part between the marks, and the status after them."""
    console: bytes
    output: bytes | None
    status: int | None
    timed_out: bool
    seconds: float
    reason: str = ""

    def text(self) -> str:
        return (self.output or b"").decode("utf-8", "replace").replace("\r\n", "\n")


def between_marks(console: bytes) -> tuple[bytes | None, int | None]:
    begin = console.find(BEGIN)
    if begin < 0:
        return None, None
    start = console.find(b"\n", begin) + 1
    end = END.search(console, begin)
    if start == 0:
        return b"", None
    if end is None:
        return console[start:], None
    return console[start:end.start()], int(end[1])


def capture(machine: Machine, timeout: float, echo=None) -> Result:
    """Runs the machine to its end, or kills it after `timeout` seconds.
    `echo(data)`, when given, sees the console's bytes as they arrive."""
    begin = time.monotonic()
    process = subprocess.Popen(machine.command(PIPE), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    console = bytearray()
    try:
        timed_out = not pump(process.stdout, begin + timeout, console, echo)
        if not timed_out:
            process.wait()
    finally:
        stop(process)
    output, status = between_marks(bytes(console))
    return Result(bytes(console), output, status, timed_out, time.monotonic() - begin,
                  process.stderr.read().decode("utf-8", "replace").strip())


def pump(stream, deadline: float, console: bytearray, echo) -> bool:
    """Collects what the stream yields; True at its end, False when the deadline came first."""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([stream], [], [], left)[0]:
            continue
        data = os.read(stream.fileno(), 65536)
        if not data:
            return True
        console += data
        if echo is not None:
            echo(data)
    return False


class Extract:
    """Prints only what lies between the marks, as it arrives, line by line, with addresses of
    crash reports translated."""

    def __init__(self, target=None):
        self.target = target or sys.stdout.buffer
        self.translator = symbols.Translator()
        self.line = b""
        self.inside = False

    def __call__(self, data: bytes) -> None:
        self.line += data
        while (end := self.line.find(b"\n")) >= 0:
            line, self.line = self.line[:end + 1], self.line[end + 1:]
            self.take(line)

    def take(self, line: bytes) -> None:
        if BEGIN in line:
            self.inside = True
            return
        mark = END.search(line)
        if mark is not None and self.inside:
            line = line[:mark.start()]
            self.inside = False
        elif not self.inside:
            return
        self.target.write(self.translator.feed(line.replace(b"\r\n", b"\n")))
        self.target.flush()
