# SPDX-License-Identifier: MIT
"""The framework of the system tests (third layer): boots Ashlar in QEMU, types at its shell,
reads what it prints, and drives the machine through QEMU's monitor (QMP). Standard library only.

A test is a function in tests/system/test_*.py that takes a System:

    from harness import test

    @test(harts=(1, 2, 4))
    def random_file(system):
        "sha256sum of the big file equals the host's, at each number of harts."
        guest = system.boot()
        answer = guest.run("sha256sum C:/random.bin", timeout=60)
        system.check(DIGEST in answer, "the digest is the host's", answer)

It fails by an AssertionError (system.check raises one, so does waiting in vain); the console so
far is shown then. Whatever a System started or wrote is gone when the test has ended.
"""

import dataclasses
import json
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import threading
import time

import disk
import external_package
import guest as machine_module
import paths
import symbols

PROMPT = re.compile(r"(?:^|\n)([A-Z]:\\[^>\n]*|\\[^>\n]*)> $")
# The line editor draws the prompt again at each key; only one after a line end is a new one.
NEXT_PROMPT = re.compile(PROMPT.pattern.replace("(?:^|\\n)", "\\n"))
WIDE = "ashlar.terminal=250x50"  # no command line of a test is wrapped
CURSOR_HOME = re.compile(r"\r\x1b\[\d*C")
OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x07")
BOOT_TIMEOUT = 40
COMMAND_TIMEOUT = 20

registered: list["Case"] = []


@dataclasses.dataclass
class Case:
    name: str
    function: object
    harts: int

    def system(self, scratch: pathlib.Path) -> "System":
        return System(scratch, self.harts)

    def run(self, system: "System") -> None:
        self.function(system)


class Skipped(Exception):
    """The test cannot be run here, and says why."""


def skip(reason: str) -> None:
    raise Skipped(reason)


def test(harts: tuple[int, ...] = (4,)):
    """Registers a test once for each number of harts."""
    def register(function):
        stem = pathlib.Path(function.__code__.co_filename).stem.removeprefix("test_")
        for number in harts:
            suffix = f"@{number}" if len(harts) > 1 else ""
            registered.append(Case(f"{stem}/{function.__name__}{suffix}", function, number))
        return function
    return register


def cases() -> list[Case]:
    return list(registered)


def plain(text: str) -> str:
    """Console text as a person sees it: without escape sequences and what was overwritten."""
    text = ESCAPES.sub("", CURSOR_HOME.sub("", text)).replace("\r\r", "\r")
    text = OVERWRITTEN.sub("", text).replace("\r\n", "\n")
    while "\x08" in text:
        text = re.sub(r"[^\x08\n]?\x08", "", text, count=1)
    return text


class Monitor:
    """QEMU's machine protocol: Monitor.execute("device_del", id="d0")."""

    def __init__(self, path: pathlib.Path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise AssertionError("QEMU's monitor did not appear") from None
                time.sleep(0.02)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.events: list[dict] = []
        self.file.readline()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while line := self.file.readline():
            answer = json.loads(line)
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise AssertionError(f"QEMU refused {command}: {answer['error']['desc']}")
            else:
                return answer["return"]
        raise AssertionError(f"QEMU ended during {command}")

    def human(self, line: str) -> str:
        return self.execute("human-monitor-command", **{"command-line": line})

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Guest:
    """A running machine. Everything it prints is kept; waiting looks at what is not yet read."""

    def __init__(self, machine: machine_module.Machine, scratch: pathlib.Path, number: int):
        self.socket_path = scratch / f"qmp{number}"
        self.kernel = machine.kernel
        command = machine.command(machine_module.PIPE)
        command += ["-qmp", f"unix:{self.socket_path},server=on,wait=off"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.console = bytearray()
        self.read_to = 0
        self.monitor_connection: Monitor | None = None
        self.ended = threading.Event()
        self.arrived = threading.Condition()
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()

    def collect(self) -> None:
        descriptor = self.process.stdout.fileno()
        while True:
            select.select([descriptor], [], [])
            data = os.read(descriptor, 65536)
            with self.arrived:
                self.console += data
                if not data:
                    self.ended.set()
                self.arrived.notify_all()
            if not data:
                return

    @property
    def monitor(self) -> Monitor:
        if self.monitor_connection is None:
            self.monitor_connection = Monitor(self.socket_path)
        return self.monitor_connection

    def log(self) -> str:
        text = symbols.Translator(self.kernel).feed(bytes(self.console)).decode("utf-8", "replace")
        return plain(text)

    def unread(self) -> str:
        return plain(bytes(self.console[self.read_to:]).decode("utf-8", "replace"))

    def expect(self, pattern: str | re.Pattern, timeout: float = COMMAND_TIMEOUT) -> re.Match:
        """Waits until the unread console matches; what was read up to now counts as read."""
        expression = re.compile(pattern) if isinstance(pattern, str) else pattern
        deadline = time.monotonic() + timeout
        with self.arrived:
            while (match := expression.search(self.unread())) is None:
                left = deadline - time.monotonic()
                if self.ended.is_set():
                    raise AssertionError(f"the machine ended before '{expression.pattern}' came")
                if left <= 0:
                    raise AssertionError(
                        f"'{expression.pattern}' did not come within {timeout:.0f} s")
                self.arrived.wait(left)
            self.read_to = len(self.console)
        return match

    def send(self, text: str) -> None:
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def prompt(self, timeout: float = BOOT_TIMEOUT) -> "Guest":
        """Waits for the shell's first prompt, or for the next one after output by others."""
        self.expect(PROMPT, timeout)
        return self

    def run(self, line: str, timeout: float = COMMAND_TIMEOUT) -> str:
        """Types a line and returns what was printed up to the next prompt, without the echo."""
        self.read_to = len(self.console)
        self.send(line + "\r")
        match = self.expect(NEXT_PROMPT, timeout)
        output = match.string[:match.start()]
        return output.partition("\n")[2]

    def wait_end(self, timeout: float = COMMAND_TIMEOUT) -> int:
        """Waits until the machine has powered itself off; QEMU's status."""
        if not self.ended.wait(timeout):
            raise AssertionError(f"the machine did not power off within {timeout:.0f} s")
        return self.process.wait(timeout=5)

    def close(self) -> None:
        if self.monitor_connection is not None:
            self.monitor_connection.close()
        machine_module.stop(self.process)
        self.reader.join(timeout=5)
        self.process.stdin.close()


class System:
    """What a test case gets: machines and disks of its own, and a scratch folder."""

    def __init__(self, scratch: pathlib.Path, harts: int):
        self.scratch = scratch
        self.harts = harts
        self.guests: list[Guest] = []
        self.captured: list[tuple[pathlib.Path, bytes]] = []  # kernel, console

    def disk(self) -> pathlib.Path:
        """A writable copy of the demonstration disk."""
        copy = self.scratch / f"disk{len(list(self.scratch.glob('disk*.img')))}.img"
        return disk.copy_to(paths.PRISTINE_DISK, copy)

    def machine(self, **options) -> machine_module.Machine:
        """A machine with this case's harts; without `disk=` it gets the demonstration disk,
        whose changes are dropped."""
        options.setdefault("harts", self.harts)
        if "disk" not in options:
            options.update(disk=paths.PRISTINE_DISK, snapshot=True)
        return machine_module.Machine(**options)

    def build(self, word: str, folder: pathlib.Path, *options: str) -> pathlib.Path:
        """The package of an external driver or app, built by the developer's own command."""
        target = self.scratch / f"{word}-{folder.name}-{len(list(self.scratch.iterdir()))}"
        done = subprocess.run([str(paths.TREE / "ashlar"), word, "build", str(folder),
                               "--output", str(target), *options], capture_output=True, text=True,
                              env={**os.environ, "ASHLAR_BUILD": str(paths.BUILD)})
        self.check(done.returncode == 0, f"{folder} can be built", done.stderr)
        return target

    def package(self, *folders: pathlib.Path) -> pathlib.Path:
        """A boot package that holds these packages besides everything else."""
        return external_package.combined(list(folders), self.scratch / "external.cpio")

    def start(self, **options) -> Guest:
        """A machine that has just been switched on."""
        machine = self.machine(**options)
        machine.words = [*machine.words, WIDE]
        self.guests.append(Guest(machine, self.scratch, len(self.guests)))
        return self.guests[-1]

    def boot(self, **options) -> Guest:
        """A machine whose shell waits for input."""
        return self.start(**options).prompt()

    def exec(self, commands: str, timeout: float = 60, **options) -> tuple[int, str]:
        """Status and output of commands, as `./ashlar run --exec` gives them."""
        machine = self.machine(**options)
        machine.words = [*machine.words, "ashlar.quiet", machine_module.quoted(commands)]
        return self.finish(machine, timeout)

    def finish(self, machine: machine_module.Machine, timeout: float) -> tuple[int, str]:
        """Runs a machine that executes commands by itself; their status and output."""
        result = machine_module.capture(machine, timeout)
        self.captured.append((machine.kernel, result.console))
        if result.timed_out:
            raise AssertionError(f"the commands did not end within {timeout:.0f} s")
        if result.status is None:
            raise AssertionError("the machine ended before the commands did")
        return result.status, result.text()

    def check(self, condition: bool, what: str, details: str = "") -> None:
        """`what` says what should be true."""
        if not condition:
            raise AssertionError(f"not true: {what}\n{details}")

    def mtools(self, image: pathlib.Path, *command: str) -> str:
        """An mtools command on the volume of a demonstration disk; ::/path names its files."""
        return disk.tool([command[0], "-i", disk.volume_of(image), *command[1:]])

    def fsck(self, image: pathlib.Path) -> str:
        """Checks the volume of a demonstration disk with fsck.fat; fails on any complaint."""
        volume = self.scratch / "volume.img"
        with image.open("rb") as source, volume.open("wb") as target:
            source.seek(disk.VOLUME_START * disk.SECTOR)
            shutil.copyfileobj(source, target, 1 << 20)
            target.truncate(disk.VOLUME_SECTORS * disk.SECTOR)
        done = subprocess.run([paths.system_tool("fsck.fat"), "-n", str(volume)],
                              capture_output=True, text=True)
        self.check(done.returncode == 0, "fsck.fat finds nothing wrong", done.stdout)
        return done.stdout

    def log(self) -> str:
        texts = [guest.log() for guest in self.guests]
        texts += [plain(symbols.Translator(kernel).feed(console).decode("utf-8", "replace"))
                  for kernel, console in self.captured]
        return "\n----\n".join(texts)

    def close(self) -> None:
        for guest in self.guests:
            guest.close()
