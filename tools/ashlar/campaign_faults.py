# SPDX-License-Identifier: MIT
"""The faults of the campaign: trials from a seed, and ends at each boundary of a request's way."""

import dataclasses
import pathlib
import random
import subprocess

import campaign_text

SKIPPED = 24  # the fault comes among the first of so many requests
STACK_BYTES = 512
HEAP_BYTES = 8192  # of the newest chunk
THREADS = 4
NEAR = 64          # bytes on either side of where a store points
ENTRY = "_start"   # nobody comes there again
IRP_STATUS, IRP_INFORMATION = 0x30, 0x38  # libddk/include/ddk/irp.h
LIST_ADDRESS = 16                         # of the first element of a SCATTER_GATHER_LIST
A0, A2 = 10, 12
RETURN, LOOP = b"\x82\x80", b"\x01\xa0"  # c.jr ra; c.j to itself
# Functions of the driver kit and of drivers, as far as they are on a request's way.
COMPLETES = ("IofCompleteRequest",)
INTERRUPTS = ("message_interrupt", "line_interrupt", "NvmeMessageInterrupt", "NvmeLineInterrupt",
              "interrupt", "Interrupt", "BlkDpc", "NvmeQueueDpc", "TransmitDpc", "InterruptDpc")
LISTS = ("list_ready",)
ALLOCATES = ("ex_kit_allocate", "ex_pool_allocate_kind", "ExAllocatePool2", "allocate_small",
             "malloc", "io_allocate_irp", "IoAllocateMdl", "rt_request_new", "hal_take_short",
             "manager_dma_open")
RELEASES = ("ExFreePool", "ex_pool_free", "free", "hal_put_list", "hal_free_list", "hal_span_end",
            "manager_dma_close", "IoFreeMdl", "io_free_irp", "rt_request_release", "put_slowly")
# Where DMA has no business: firmware, kernel, interrupt controllers, devices, nothing, far away.
WILD = (0x80000000, 0x80200000, 0x24000000, 0x28000000, 0x0c000000, 0x10000000, 0x30000000,
        0x80400000, 0x90000000, 0x9ffff000, 0x1000, 0xfffff000, 0x4000000000, 0x7ffffffffffff000)


@dataclasses.dataclass(frozen=True)
class Trial:
    number: int
    fault: str      # a class
    kind: str       # apps/campaign/campaign.h
    address: int
    data: bytes
    skip: int
    what: str       # for people
    thread: int = 0
    target: int = 0

    def line(self) -> str:
        return (f"trial {self.number} {self.kind} {self.address:x} {self.data.hex() or '-'} "
                f"{self.skip} {self.thread} {self.target % (1 << 64):x}")


def symbols(elf: pathlib.Path) -> dict[str, tuple[int, int, str]]:
    """Address, size and kind of each name; of several of a name, one."""
    done = subprocess.run(["llvm-nm-19", "-S", "--defined-only", str(elf)], capture_output=True,
                          text=True, check=True)
    fields = [line.split() for line in done.stdout.splitlines()]
    return {one[3]: (int(one[0], 16), int(one[1], 16), one[2]) for one in fields if len(one) == 4}


def data_words(names: dict) -> list[tuple[int, str]]:
    """Words of the driver's variables, and the names of these."""
    return [(at, name) for name, (start, size, kind) in names.items() if kind in "dDbB"
            for at in range(start + 7 & ~7, start + min(size, 4096) - 7, 8)]


def bit(source: random.Random, width: int = 64) -> bytes:
    return (1 << source.randrange(width)).to_bytes(8, "little")


class Faults:
    """Trial K of seed S is the same whatever other trials there are."""

    def __init__(self, seed: int, elf: pathlib.Path, candidates: list):
        self.seed, self.candidates = seed, candidates
        names = symbols(elf)
        self.words = data_words(names)
        self.heap = names["heap"][0] + names["heap"][1] - 24  # lib/heap.c: next
        self.entry = names[ENTRY][0]
        begins = {names[one.function][0] for one in candidates if one.function in names}
        self.functions = [one for one in candidates if one.address in begins]
        self.stores = [one for one in candidates if one.name in campaign_text.STORES
                       and campaign_text.base(one) not in (None, 2, 3, 4, 8)]
        makers = {name: method for name, method in self.makers().items() if method is not None}
        self.makers_of, self.classes = makers, tuple(makers)

    def of(self, names: tuple[str, ...]) -> list:
        return [one for one in self.functions if one.function in names]

    def makers(self) -> dict:
        """The classes, as far as this driver has what they are about."""
        found = {name: self.mutation(name) for name in campaign_text.MUTATIONS}
        found |= {"data word": self.data_word, "stack word": self.stack_word,
                  "heap word": self.heap_word, "register": self.register,
                  "killed": self.killed, "killed at an instruction": self.killed_at,
                  "endless loop": self.text("endless loop", self.candidates, LOOP)}
        found["memory near a store"] = self.near if self.stores else None
        completes, lists = self.of(COMPLETES), self.of(LISTS)
        interrupts, releases = self.of(INTERRUPTS), self.of(RELEASES)
        allocates = self.of(ALLOCATES)
        if completes:
            found |= {"wrong status": self.placed("wrong status", completes, self.status),
                      "wrong length": self.placed("wrong length", completes, self.length),
                      "completed twice": self.twice(completes),
                      "never completed": self.returns(completes, 0),
                      "another's completed": self.another(completes)}
        if interrupts:
            found |= {"lost interrupt": self.returns(interrupts, 1),
                      "spurious interrupt": self.twice(interrupts)}
        if lists:
            found["wild DMA"] = self.placed("wild DMA", lists, self.wild)
        if allocates:
            found["allocation failure"] = self.returns(allocates, 0)
        if releases:
            found["leak"] = self.text("leak", releases, RETURN)
        return found

    # --- Each yields kind, address, data, what, and what else a trial has ------------------------

    def mutation(self, name: str):
        def make(source):
            one, data = campaign_text.mutate(name, self.candidates, source)
            return "x", one.address, data, f"{place(one)} becomes {data[::-1].hex()}", {}
        return make

    def data_word(self, source):
        address, name = source.choice(self.words)
        data = bit(source, 32)
        return "f", address, data, f"{data.hex()} flipped at {address:x} ({name})", {}

    def stack_word(self, source):
        offset, thread, data = 8 * source.randrange(STACK_BYTES // 8), source.randrange(THREADS), \
            bit(source, 32)
        return ("s", offset, data, f"{data.hex()} flipped at sp + {offset} of thread {thread}",
                {"thread": thread})

    def heap_word(self, source):
        below, data = 8 * source.randrange(1, HEAP_BYTES // 8), bit(source)
        return ("h", self.heap, data, f"{data.hex()} flipped {below} bytes below the heap's end",
                {"target": below})

    def register(self, source):
        one, number, data = source.choice(self.candidates), source.randrange(1, 32), bit(source)
        return ("r", one.address, data, f"{data.hex()} flipped in x{number} at {place(one)}",
                {"target": number})

    def near(self, source):
        one, data = source.choice(self.stores), bit(source)
        offset = 8 * source.randrange(-NEAR // 8, NEAR // 8)
        return ("m", one.address, data, f"{data.hex()} flipped {offset} bytes from where "
                f"{place(one)} points", {"thread": campaign_text.base(one), "target": offset})

    def killed(self, source):
        return "k", 0, b"", "ended from outside", {}

    def killed_at(self, source):
        one = source.choice(self.candidates)
        return "e", one.address, b"", f"ends at {place(one)}", {}

    def text(self, name: str, among: list, data: bytes):
        def make(source):
            one = source.choice(among)
            return "x", one.address, data, f"{name} at {place(one)}", {}
        return make

    def returns(self, among: list, value: int):
        def make(source):
            one = source.choice(among)
            return ("v", one.address, value.to_bytes(8, "little"),
                    f"{one.function} returns {value} at once", {})
        return make

    def twice(self, among: list):
        def make(source):
            one = source.choice(among)
            return "t", one.address, b"", f"{one.function} called twice", {"target": self.entry}
        return make

    def another(self, among: list):
        def make(source):
            one = source.choice(among)
            return "o", one.address, b"", f"{one.function} gets the argument of the call before", {}
        return make

    def placed(self, name: str, among: list, values):
        def make(source):
            one = source.choice(among)
            register, offset, data = values(source)
            return ("w", one.address, data, f"{name} {data[::-1].hex()} at {one.function}",
                    {"thread": register, "target": offset})
        return make

    @staticmethod
    def status(source):
        value = source.choice((0xc0000001, 0xc0000185, 0xc000009a, 0x00000103, 0x80000005,
                               0xc0000120, source.randrange(1 << 32)))
        return A0, IRP_STATUS, value.to_bytes(4, "little")

    @staticmethod
    def length(source):
        value = source.choice((0, 1, 511, 512, 4095, 1 << 31, (1 << 64) - 1,
                               source.randrange(1 << 20)))
        return A0, IRP_INFORMATION, value.to_bytes(8, "little")

    @staticmethod
    def wild(source):
        value = source.choice(WILD) + 512 * source.randrange(8)
        return A2, LIST_ADDRESS, value.to_bytes(8, "little")

    def trial(self, number: int) -> Trial:
        source = random.Random(f"{self.seed}/{number}")
        fault = self.classes[number % len(self.classes)]
        skip = source.randrange(SKIPPED)
        kind, address, data, what, more = self.makers_of[fault](source)
        return Trial(number, fault, kind, address, data, skip, what, **more)


def place(one) -> str:
    return f"{one.address:x} in {one.function}: {one.text}"


def ends(among: list) -> list[Trial]:
    """The driver ends before each of these instructions, one after the other."""
    return [Trial(number, "killed at an instruction", "e", one.address, b"", 8,
                  f"ends at {place(one)}") for number, one in enumerate(among)]


def boundaries(candidates: list, limit: int | None = None) -> list[Trial]:
    step = max(1, len(candidates) // limit) if limit else 1
    return ends(candidates[::step])


def messages(candidates: list) -> list:
    """The instructions between which something becomes visible to others: on either side of each
    system call, and of each store that a fence orders, as rings are written."""
    found, left = [], 0
    for one in candidates:
        edge = one.name in ("ecall", "fence") or one.name.startswith(("amo", "lr.", "sc."))
        left = 3 if edge else left - 1
        if edge or left > 0:
            found.append(one)
    return found
