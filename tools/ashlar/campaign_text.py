# SPDX-License-Identifier: MIT
"""The text of a driver, and the faults that can be put into it: what a mutation of a class makes
of one instruction. Decoding is llvm-objdump's; fields are those of the RISC-V specifications."""

import dataclasses
import pathlib
import random
import re
import subprocess

LINE = re.compile(r"^\s*([0-9a-f]+): ([0-9a-f]{4,8})\s+(\S+)(?:\s+(.*?))?\s*$")
SYMBOL = re.compile(r"^([0-9a-f]{16}) <(.+)>:$")
TARGET = re.compile(r"0x([0-9a-f]+)(?: <|$)")
NOP = {2: 0x0001, 4: 0x00000013}
LOADS = ("lb", "lh", "lw", "ld", "lbu", "lhu", "lwu")
STORES = ("sb", "sh", "sw", "sd")
BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "blez", "bgez", "bltz",
            "bgtz", "bgt", "ble", "bgtu", "bleu")
REGISTERS = ("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", *(f"a{n}" for n in
             range(8)), *(f"s{n}" for n in range(2, 12)), *(f"t{n}" for n in range(3, 7)))
JUMPS = ("j", "jal", "jalr", "jr", "ret", "tail", "call", "ecall", "ebreak", "unimp")


@dataclasses.dataclass(frozen=True)
class Instruction:
    address: int
    bytes: int  # 2 or 4
    word: int
    name: str
    operands: str
    function: str

    @property
    def text(self) -> str:
        return f"{self.name} {self.operands}".strip()


def disassemble(elf: pathlib.Path) -> list[Instruction]:
    done = subprocess.run(["llvm-objdump-19", "-d", str(elf)], capture_output=True, text=True,
                          check=True)
    found, function = [], "?"
    for line in done.stdout.splitlines():
        if match := SYMBOL.match(line):
            function = match[2]
        elif match := LINE.match(line):
            found.append(Instruction(int(match[1], 16), len(match[2]) // 2, int(match[2], 16),
                                     match[3], match[4] or "", function))
    return found


def leaders(text: list[Instruction]) -> list[int]:
    """Where a run of instructions begins that is executed as a whole: after each branch, jump or
    system call, at what they name, and at each function."""
    known, found = {one.address for one in text}, set()
    for before, one in zip([None, *text], text):
        if before is None or before.function != one.function or before.name in BRANCHES + JUMPS:
            found.add(one.address)
        if one.name in BRANCHES + JUMPS and (match := TARGET.search(one.operands)):
            found.add(int(match[1], 16))
    return sorted(found & known)


def passed(text: list[Instruction], starts: list[int], reached: set[int]) -> list[Instruction]:
    """The instructions of the runs that were reached."""
    found, inside, begins = [], False, set(starts)
    for one in text:
        if one.address in begins:
            inside = one.address in reached
        if inside:
            found.append(one)
    return found


def base(one: Instruction) -> int | None:
    """The register by which an instruction loads or stores."""
    match = re.search(r"\((\w+)\)$", one.operands)
    return REGISTERS.index(match[1]) if match and match[1] in REGISTERS else None


# --- Mutations: a function of an instruction and a random source yields another word, or None -----

def other(source: random.Random, field: int, bits: int) -> int:
    return (field + source.randrange(1, 1 << bits)) % (1 << bits)


def replaced(one: Instruction, shift: int, bits: int, value: int) -> int:
    mask = ((1 << bits) - 1) << shift
    return one.word & ~mask | value << shift


def exchanged(one: Instruction, shift: int, bits: int, source: random.Random) -> int:
    field = one.word >> shift & (1 << bits) - 1
    return replaced(one, shift, bits, other(source, field, bits))


def opcode(one: Instruction) -> int:
    return one.word & 0x7f


def quadrant(one: Instruction) -> tuple[int, int]:
    """Of a compressed instruction: its last two bits, and its first three."""
    return one.word & 3, one.word >> 13


def bit_flip(one, source):
    return one.word ^ 1 << source.randrange(8 * one.bytes)


def destination(one, source):
    if one.bytes == 4 and opcode(one) not in (0x23, 0x63, 0x73, 0x0f):
        return exchanged(one, 7, 5, source)
    if one.bytes == 2 and quadrant(one) in ((0, 2), (0, 3)):  # c.lw, c.ld
        return exchanged(one, 2, 3, source)
    if one.bytes == 2 and quadrant(one) in ((1, 0), (1, 1), (1, 2), (2, 0), (2, 2), (2, 3)):
        return exchanged(one, 7, 5, source)
    return None


def source_register(one, source):
    if one.bytes == 4 and opcode(one) in (0x33, 0x3b, 0x63, 0x2f):
        return exchanged(one, source.choice((15, 20)), 5, source)
    if one.bytes == 4 and opcode(one) in (0x13, 0x1b):
        return exchanged(one, 15, 5, source)
    if one.bytes == 4 and opcode(one) == 0x23:
        return exchanged(one, 20, 5, source)
    if one.bytes == 2 and quadrant(one) == (2, 4) and one.word >> 2 & 31:  # c.mv, c.add
        return exchanged(one, 2, 5, source)
    if one.bytes == 2 and quadrant(one) in ((0, 6), (0, 7)):  # c.sw, c.sd
        return exchanged(one, 2, 3, source)
    return None


def pointer(one, source):
    """A load or store by another base register, or beside where it should."""
    if one.name not in LOADS + STORES:
        return None
    if one.bytes == 4:
        if source.random() < 0.5:
            return exchanged(one, 15, 5, source)
        low = 7 if opcode(one) == 0x23 else 20  # imm[4:3]
        return exchanged(one, low + 3, 2, source)
    if quadrant(one)[0] == 0:  # base in bits 9:7, offset in 12:10 and 6:5
        return exchanged(one, *source.choice(((7, 3), (10, 3))), source)
    return exchanged(one, *((10, 3) if one.name in STORES else (5, 2)), source)


def inverted_branch(one, source):
    if one.name not in BRANCHES:
        return None
    return one.word ^ (1 << 12 if one.bytes == 4 else 1 << 13)


def deleted(one, source):
    return None if one.word == NOP[one.bytes] else NOP[one.bytes]


def off_by_one(one, source):
    """A constant that is compared, counted or added is one more or less."""
    if "sp" in one.operands.split(", ")[:2]:
        return None
    step = source.choice((1, -1))
    if one.bytes == 4 and opcode(one) in (0x13, 0x1b) and one.word >> 12 & 7 in (0, 2, 3, 7):
        return replaced(one, 20, 12, (one.word >> 20) + step & 0xfff)
    if one.bytes == 2 and quadrant(one) in ((1, 0), (1, 1), (1, 2)):  # c.addi, c.addiw, c.li
        return replaced(one, 2, 5, (one.word >> 2) + step & 31)
    return None


def uninitialised(one, source):
    """A store to the frame is left out."""
    frame = one.name in STORES and re.search(r"\((sp|s0)\)$", one.operands)
    return NOP[one.bytes] if frame else None


MUTATIONS = {"bit flip": bit_flip, "destination register": destination,
             "source register": source_register, "pointer": pointer,
             "inverted branch": inverted_branch, "deleted instruction": deleted,
             "off by one": off_by_one, "uninitialised variable": uninitialised}


def mutate(name: str, candidates: list[Instruction], source: random.Random):
    """An instruction and what takes its place."""
    while True:
        one = source.choice(candidates)
        word = MUTATIONS[name](one, source)
        if word is not None and word != one.word:
            return one, word.to_bytes(one.bytes, "little")
