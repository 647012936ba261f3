# SPDX-License-Identifier: MIT
"""gdb's side of `./ashlar debug`: loads symbols and adds commands.

    ashlar-attach SOCKET   connects to the machine and loads every symbol file
    ashlar-threads         every thread of the system: state, priority, hart, pc, processor time
    ashlar-tasks           the tasks whose symbols are loaded
    ashlar-task NAME       keep only the kernel's and this task's symbols: tasks are linked at the
                           same addresses, so a plain address means something only then
    ashlar-break NAME LOCATION  keep only this task's symbols, and stop there in this task only
    ashlar-backtrace NAME  backtrace of the first thread with this name that is not running

gdb's own `info threads` shows harts. Kernel structures are read by their DWARF names.
"""

import contextlib
import json
import os
import pathlib

import gdb

KERNEL = os.environ.get("ASHLAR_KERNEL_ELF", "build/kernel/kernel")
PACKAGE_MAP = os.environ.get("ASHLAR_PACKAGE_MAP", "build/ashlar.cpio.json")
STATE_PREFIX = "ASH_THREAD_"
FRAME_LIMIT = 32


def task_files() -> dict[str, str]:
    """Name of each task and the ELF file with its symbols."""
    try:
        origins = json.loads(pathlib.Path(PACKAGE_MAP).read_text(encoding="utf-8"))
    except OSError:
        return {}
    return {pathlib.PurePosixPath(name).name: file for name, file in origins.items()
            if is_elf(file)}


def is_elf(file: str) -> bool:
    try:
        with open(file, "rb") as handle:
            return handle.read(4) == b"\x7fELF"
    except OSError:
        return False


def load_tasks(names: list[str]) -> None:
    files = task_files()
    for name in names:
        gdb.execute(f"add-symbol-file {files[name]}", to_string=True)


class Attach(gdb.Command):
    """ashlar-attach SOCKET: connect to the machine that `./ashlar debug` started."""

    def __init__(self):
        super().__init__("ashlar-attach", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        for setting in ("pagination off", "print pretty on", "architecture riscv:rv64"):
            gdb.execute(f"set {setting}", to_string=True)
        gdb.execute(f"file {KERNEL}", to_string=True)
        load_tasks(list(task_files()))
        gdb.execute(f"target remote {argument}", to_string=True)
        print(f"Symbols of the kernel and of {len(task_files())} tasks are loaded. The machine "
              "stands before its first\ninstruction: `continue` boots it, Ctrl-C stops it. "
              "ashlar-threads lists threads.")


def kernel_readable() -> bool:
    try:
        gdb.parse_and_eval("(unsigned long)all_threads").fetch_lazy()
        return True
    except gdb.MemoryError:
        return False


@contextlib.contextmanager
def kernel_view():
    """A hart in user mode sees no kernel memory. Within this block one does: a hart that is in the
    kernel, or else the selected one, whose privilege QEMU lets us raise for the moment."""
    chosen = gdb.selected_thread()
    try:
        for hart in gdb.selected_inferior().threads():
            hart.switch()
            if kernel_readable():
                yield
                return
        chosen.switch()
        privilege = int(gdb.parse_and_eval("$priv"))
        gdb.execute("set $priv = 1")
        try:
            if not kernel_readable():
                raise gdb.GdbError("the kernel has not set up its memory yet; `continue` first")
            yield
        finally:
            gdb.execute(f"set $priv = {privilege}")
    finally:
        if chosen is not None:
            chosen.switch()


def all_threads() -> list[gdb.Value]:
    found, thread = [], gdb.parse_and_eval("all_threads")
    while int(thread) != 0:
        found.append(thread.dereference())
        thread = thread["all_next"]
    return found


def state_name(thread: gdb.Value) -> str:
    names = {field.enumval: field.name.removeprefix(STATE_PREFIX).lower().replace("_", " ")
             for field in gdb.lookup_type("enum ash_thread_state").fields()}
    return names.get(int(thread["state"]), f"state {int(thread['state'])}")


def thread_name(thread: gdb.Value) -> str:
    return thread["name"].string(errors="replace").split("\0")[0] or "-"


def waits_for(thread: gdb.Value) -> str:
    for member in ("endpoint", "notification", "reply"):
        if int(thread[member]) != 0 and "blocked" in state_name(thread):
            return f"{member} {int(thread[member]):#x}"
    return "fault" if bool(thread["faulted"]) else ""


class Threads(gdb.Command):
    """ashlar-threads: every thread of the system, read from the kernel's list."""

    def __init__(self):
        super().__init__("ashlar-threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        with kernel_view():
            print(f"{'name':<16} {'state':<22} {'prio':>4} {'hart':>4} {'ticks':>12}  "
                  f"{'pc':<18}  waits for")
            for thread in all_threads():
                hart = thread["hart"]
                number = int(hart["index"]) if int(hart) != 0 else "-"
                print(f"{thread_name(thread):<16} {state_name(thread):<22} "
                      f"{int(thread['priority']):>4} {number:>4} {int(thread['ticks']):>12}  "
                      f"{int(thread['reg'][0]):#018x}  {waits_for(thread)}")


class Tasks(gdb.Command):
    """ashlar-tasks: the tasks of the boot package and where their symbols come from."""

    def __init__(self):
        super().__init__("ashlar-tasks", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        for name, file in sorted(task_files().items()):
            print(f"{name:<16} {file}")


class Task(gdb.Command):
    """ashlar-task NAME: drop the symbols of all other tasks."""

    def __init__(self):
        super().__init__("ashlar-task", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        files = task_files()
        if argument not in files:
            raise gdb.GdbError(f"no task '{argument}'; ashlar-tasks lists them")
        gdb.execute("symbol-file", to_string=True)  # drops every symbol file
        gdb.execute(f"file {KERNEL}", to_string=True)
        load_tasks([argument])
        print(f"Symbols: kernel and {argument}.")

    def complete(self, text, word):
        return [name for name in task_files() if name.startswith(text)]


def code_of(file: str, address: int, size: int) -> bytes:
    """What the ELF file has at a virtual address."""
    image = pathlib.Path(file).read_bytes()
    start, entry_size, count = (int.from_bytes(image[at:at + width], "little")
                                for at, width in ((32, 8), (54, 2), (56, 2)))
    for header in (image[start + i * entry_size:][:56] for i in range(count)):
        kind, offset, base, in_file = (int.from_bytes(header[at:at + width], "little")
                                       for at, width in ((0, 4), (8, 8), (16, 8), (32, 8)))
        if kind == 1 and base <= address < base + in_file:
            return image[offset + address - base:][:size]
    raise gdb.GdbError(f"{file} has no code at {address:#x}")


class TaskBreakpoint(gdb.Breakpoint):
    """Other tasks have other code at the same address: it stops only where the code is the task's."""
    COMPARED = 32

    def __init__(self, name: str, location: str):
        super().__init__(location)
        self.file = task_files()[name]

    def stop(self) -> bool:
        pc = int(gdb.selected_frame().pc())
        try:
            here = gdb.selected_inferior().read_memory(pc, self.COMPARED).tobytes()
        except gdb.MemoryError:
            return False
        return here == code_of(self.file, pc, self.COMPARED)


class Break(gdb.Command):
    """ashlar-break NAME LOCATION: a breakpoint in this task only; drops other tasks' symbols."""

    def __init__(self):
        super().__init__("ashlar-break", gdb.COMMAND_BREAKPOINTS)

    def invoke(self, argument, from_tty):
        name, _, location = argument.partition(" ")
        if not location:
            raise gdb.GdbError("ashlar-break NAME LOCATION")
        gdb.execute(f"ashlar-task {name}")
        TaskBreakpoint(name, location.strip())


def user_frames(pc: int, frame: int) -> list[int]:
    """Return addresses by the frame pointer chain, as far as the selected hart's page table
    shows the stack: all of it when that hart runs the same task."""
    addresses = [pc]
    inferior = gdb.selected_inferior()
    while frame and frame % 8 == 0 and len(addresses) < FRAME_LIMIT:
        try:
            pair = inferior.read_memory(frame - 16, 16).tobytes()
        except gdb.MemoryError:
            break
        next_frame, address = (int.from_bytes(pair[:8], "little"),
                               int.from_bytes(pair[8:], "little"))
        addresses.append(address)
        if next_frame <= frame:
            break
        frame = next_frame
    return addresses


class Backtrace(gdb.Command):
    """ashlar-backtrace NAME: where a thread that is not running stands."""

    def __init__(self):
        super().__init__("ashlar-backtrace", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        with kernel_view():
            found = [(int(thread["reg"][0]), int(thread["reg"][8])) for thread in all_threads()
                     if thread_name(thread) == argument]
        if not found:
            raise gdb.GdbError(f"no thread is called '{argument}'; ashlar-threads lists them")
        for level, address in enumerate(user_frames(*found[0])):
            symbol = gdb.execute(f"info symbol {address:#x}", to_string=True).strip()
            print(f"#{level} {address:#x} {symbol}")


for command in (Attach, Threads, Tasks, Task, Break, Backtrace):
    command()
