// SPDX-License-Identifier: MIT
//
// ELF64 validation after the System V ABI (gABI, chapters 4 and 5) and the RISC-V psABI (e_flags).
// Invariant: a segment enters image->segments only after check_segment accepted it, and after it
// was compared with the one before it.
#include "elf.h"

#include <string.h>

struct file_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(struct file_header) == 64);

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(struct program_header) == 56);
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are copied, not swapped");

enum {
    IDENT_CLASS = 4,
    IDENT_DATA = 5,
    IDENT_VERSION = 6,
    IDENT_OSABI = 7,
    CLASS_64 = 2,
    DATA_LITTLE = 1,
    VERSION_CURRENT = 1,
    TYPE_EXEC = 2,
    MACHINE_RISCV = 243,
};

enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3, PT_TLS = 7 };
#define PT_GNU_STACK 0x6474e551u

enum { PF_X = 1, PF_W = 2, PF_R = 4 };

// e_flags: bit 0 compressed instructions, bits 1-2 float ABI (3 = quad), bit 3 RVE, bit 4 TSO.
#define FLAG_RVC        0x1u
#define FLAG_FLOAT_ABI  0x6u
#define FLAG_FLOAT_QUAD 0x6u

static enum elf_status check_ident(const uint8_t ident[16])
{
    if (memcmp(ident, "\177ELF", 4) != 0) {
        return ELF_BAD_MAGIC;
    }
    if (ident[IDENT_CLASS] != CLASS_64) {
        return ELF_NOT_64_BIT;
    }
    if (ident[IDENT_DATA] != DATA_LITTLE) {
        return ELF_NOT_LITTLE_ENDIAN;
    }
    if (ident[IDENT_VERSION] != VERSION_CURRENT) {
        return ELF_BAD_VERSION;
    }
    return ident[IDENT_OSABI] == 0 ? ELF_OK : ELF_BAD_OS_ABI;
}

static bool flags_valid(uint32_t flags)
{
    return (flags & ~(FLAG_RVC | FLAG_FLOAT_ABI)) == 0 &&
           (flags & FLAG_FLOAT_ABI) != FLAG_FLOAT_QUAD;
}

static enum elf_status check_file_header(const struct file_header *header, size_t size)
{
    enum elf_status status = check_ident(header->ident);
    if (status != ELF_OK) {
        return status;
    }
    if (header->machine != MACHINE_RISCV) {
        return ELF_NOT_RISCV;
    }
    if (header->type != TYPE_EXEC) {
        return ELF_NOT_STATIC_EXECUTABLE;
    }
    if (header->version != VERSION_CURRENT) {
        return ELF_BAD_VERSION;
    }
    if (!flags_valid(header->flags)) {
        return ELF_BAD_FLAGS;
    }
    if (header->ehsize != sizeof *header) {
        return ELF_BAD_HEADER_SIZE;
    }
    if (header->phentsize != sizeof(struct program_header)) {
        return ELF_BAD_PROGRAM_HEADER_SIZE;
    }
    if (header->phnum > ELF_HEADERS_MAX) {
        return ELF_TOO_MANY_HEADERS;
    }
    uint64_t table = (uint64_t)header->phnum * sizeof(struct program_header);
    return header->phoff <= size && size - header->phoff >= table ? ELF_OK
                                                                  : ELF_TRUNCATED_PROGRAM_HEADERS;
}

static bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static enum elf_status check_segment(const struct program_header *ph, size_t size)
{
    if (ph->filesz > ph->memsz) {
        return ELF_FILE_SIZE_ABOVE_MEMORY_SIZE;
    }
    if (ph->offset > size || size - ph->offset < ph->filesz) {
        return ELF_TRUNCATED_SEGMENT;
    }
    if (ph->vaddr < ELF_USER_LOWEST || ph->vaddr > ELF_USER_HIGHEST ||
        ph->memsz - 1 > ELF_USER_HIGHEST - ph->vaddr) {
        return ELF_OUT_OF_USER_RANGE;
    }
    if (!is_power_of_two(ph->align) || ph->align < ELF_PAGE_SIZE) {
        return ELF_BAD_ALIGNMENT;
    }
    if (((ph->vaddr ^ ph->offset) & (ph->align - 1)) != 0) {
        return ELF_MISALIGNED_SEGMENT;
    }
    if ((ph->flags & PF_W) != 0 && (ph->flags & PF_X) != 0) {
        return ELF_WRITABLE_AND_EXECUTABLE;
    }
    return (ph->flags & PF_R) != 0 ? ELF_OK : ELF_NOT_READABLE;
}

static uint64_t page_of(uint64_t address)
{
    return address & ~(ELF_PAGE_SIZE - 1);
}

static enum elf_status add_segment(const struct program_header *ph, size_t size,
                                   struct elf_image *image)
{
    if (ph->memsz == 0 && ph->filesz == 0) {
        return ELF_OK;
    }
    enum elf_status status = check_segment(ph, size);
    if (status != ELF_OK) {
        return status;
    }
    if (image->segment_count == ELF_SEGMENTS_MAX) {
        return ELF_TOO_MANY_SEGMENTS;
    }
    if (image->segment_count == 0) {
        image->lowest = page_of(ph->vaddr);
    } else if (ph->vaddr < image->segments[image->segment_count - 1].vaddr) {
        return ELF_NOT_ASCENDING;
    } else if (page_of(ph->vaddr) < image->highest) {
        return ELF_OVERLAP;
    }
    image->highest = page_of(ph->vaddr + ph->memsz - 1) + ELF_PAGE_SIZE;
    image->segments[image->segment_count++] =
        (struct elf_segment){.vaddr = ph->vaddr,
                             .memsz = ph->memsz,
                             .filesz = ph->filesz,
                             .offset = ph->offset,
                             .read = true,
                             .write = (ph->flags & PF_W) != 0,
                             .execute = (ph->flags & PF_X) != 0};
    return ELF_OK;
}

static enum elf_status add_tls(const struct program_header *ph, struct elf_image *image)
{
    if (image->tls.memsz != 0 || ph->filesz > ph->memsz ||
        (ph->align != 0 && !is_power_of_two(ph->align))) {
        return ELF_BAD_TLS;
    }
    image->tls = (struct elf_tls){ph->vaddr, ph->filesz, ph->memsz, ph->align};
    return ELF_OK;
}

static enum elf_status take_header(const struct program_header *ph, size_t size,
                                   struct elf_image *image)
{
    switch (ph->type) {
    case PT_LOAD:
        return add_segment(ph, size, image);
    case PT_DYNAMIC:
    case PT_INTERP:
        return ELF_DYNAMIC;
    case PT_TLS:
        return add_tls(ph, image);
    case PT_GNU_STACK:
        return (ph->flags & PF_X) != 0 ? ELF_EXECUTABLE_STACK : ELF_OK;
    default:
        return ELF_OK;
    }
}

// Is [address, address + length) inside the file-backed part of one segment?
static bool in_file_part(const struct elf_image *image, uint64_t address, uint64_t length,
                         bool execute)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];
        if (address >= s->vaddr && address - s->vaddr <= s->filesz &&
            s->filesz - (address - s->vaddr) >= length && (s->execute || !execute)) {
            return true;
        }
    }
    return false;
}

static enum elf_status check_whole(const struct file_header *header, const struct elf_image *image)
{
    if (image->segment_count == 0) {
        return ELF_NO_SEGMENTS;
    }
    // An instruction is at least two bytes, at an even address (the C extension).
    if (header->entry % 2 != 0 || !in_file_part(image, header->entry, 2, true)) {
        return ELF_BAD_ENTRY;
    }
    const struct elf_tls *tls = &image->tls;
    if (tls->filesz != 0 && !in_file_part(image, tls->vaddr, tls->filesz, false)) {
        return ELF_BAD_TLS;
    }
    // Thread-local storage is allocated once a thread: more than the image itself is nonsense.
    return tls->memsz <= image->highest - image->lowest ? ELF_OK : ELF_BAD_TLS;
}

enum elf_status elf_open(const void *file, size_t size, struct elf_image *image)
{
    struct file_header header;
    *image = (struct elf_image){0};
    if (size < sizeof header) {
        return ELF_TRUNCATED_HEADER;
    }
    memcpy(&header, file, sizeof header);
    enum elf_status status = check_file_header(&header, size);
    if (status != ELF_OK) {
        return status;
    }
    for (unsigned i = 0; i < header.phnum; i++) {
        struct program_header ph;
        memcpy(&ph, (const uint8_t *)file + header.phoff + i * sizeof ph, sizeof ph);
        image->fault_header = i;
        status = take_header(&ph, size, image);
        if (status != ELF_OK) {
            return status;
        }
    }
    image->entry = header.entry;
    return check_whole(&header, image);
}

const char *elf_status_text(enum elf_status status)
{
    static const char *const texts[] = {
        [ELF_OK] = "no error",
        [ELF_TRUNCATED_HEADER] = "file is shorter than an ELF header",
        [ELF_BAD_MAGIC] = "file does not begin with 7f 'ELF'",
        [ELF_NOT_64_BIT] = "not an ELF64 file",
        [ELF_NOT_LITTLE_ENDIAN] = "not little-endian",
        [ELF_BAD_VERSION] = "ELF version is not 1",
        [ELF_BAD_OS_ABI] = "OS ABI is not System V",
        [ELF_NOT_STATIC_EXECUTABLE] = "not a static executable (e_type is not ET_EXEC)",
        [ELF_NOT_RISCV] = "machine is not RISC-V",
        [ELF_BAD_FLAGS] = "e_flags asks for RVE, quad float, TSO or an undefined flag",
        [ELF_BAD_HEADER_SIZE] = "e_ehsize is not 64",
        [ELF_BAD_PROGRAM_HEADER_SIZE] = "e_phentsize is not 56",
        [ELF_TOO_MANY_HEADERS] = "more than 64 program headers",
        [ELF_TRUNCATED_PROGRAM_HEADERS] = "program headers reach behind the end of the file",
        [ELF_DYNAMIC] = "dynamic linking is not supported (PT_DYNAMIC or PT_INTERP)",
        [ELF_EXECUTABLE_STACK] = "asks for an executable stack",
        [ELF_TOO_MANY_SEGMENTS] = "more than 16 loadable segments",
        [ELF_NO_SEGMENTS] = "no loadable segment",
        [ELF_FILE_SIZE_ABOVE_MEMORY_SIZE] = "segment is larger in the file than in memory",
        [ELF_TRUNCATED_SEGMENT] = "segment reaches behind the end of the file",
        [ELF_OUT_OF_USER_RANGE] = "segment lies outside 0x10000 .. 0x3fffffffff",
        [ELF_BAD_ALIGNMENT] = "p_align is not a power of two of at least 4096",
        [ELF_MISALIGNED_SEGMENT] = "p_vaddr and p_offset differ modulo p_align",
        [ELF_WRITABLE_AND_EXECUTABLE] = "segment is writable and executable",
        [ELF_NOT_READABLE] = "segment is not readable",
        [ELF_NOT_ASCENDING] = "segments do not ascend by address",
        [ELF_OVERLAP] = "two segments share a page",
        [ELF_BAD_ENTRY] = "entry point is not in the file-backed part of an executable segment",
        [ELF_BAD_TLS] = "more than one PT_TLS, or one that fits in no segment",
    };
    unsigned index = (unsigned)status;
    return index < sizeof texts / sizeof texts[0] ? texts[index] : "unknown ELF status";
}
