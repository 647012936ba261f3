// SPDX-License-Identifier: MIT
// elf.h: one accepted image, and one test for each rule.
#include "ash_test.h"

#include "elf.h"

// The structures of the System V gABI, chapters 4 and 5.
typedef struct {
    uint8_t e_ident[16];
    uint16_t e_type, e_machine;
    uint32_t e_version;
    uint64_t e_entry, e_phoff, e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf64_Ehdr;

typedef struct {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Elf64_Phdr;

enum { EI_CLASS = 4, EI_DATA = 5, EI_VERSION = 6, EI_OSABI = 7 };
enum { ELFCLASS32 = 1, ELFDATA2MSB = 2, ELFOSABI_FREEBSD = 9 };
enum { ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62, EM_RISCV = 243 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3, PT_TLS = 7, PT_GNU_STACK = 0x6474e551 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

enum { FILE_SIZE = 0x4000 };

// A file with room for six program headers; text at 0x10000, data at 0x12000.
struct file {
    Elf64_Ehdr header;
    Elf64_Phdr programs[6];
    uint8_t rest[FILE_SIZE - sizeof(Elf64_Ehdr) - 6 * sizeof(Elf64_Phdr)];
};
static_assert(sizeof(struct file) == FILE_SIZE);

static struct file file;
static struct elf_image image;

static void make_file(void)
{
    memset(&file, 0, sizeof file);
    memcpy(file.header.e_ident, "\177ELF\2\1\1", 8);
    file.header.e_type = ET_EXEC;
    file.header.e_machine = EM_RISCV;
    file.header.e_version = 1;
    file.header.e_entry = 0x11000;
    file.header.e_phoff = sizeof(Elf64_Ehdr);
    file.header.e_flags = 5; // RVC, double float ABI
    file.header.e_ehsize = sizeof(Elf64_Ehdr);
    file.header.e_phentsize = sizeof(Elf64_Phdr);
    file.header.e_phnum = 4;
    file.programs[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                                    .p_flags = PF_R,
                                    .p_vaddr = 0x10000,
                                    .p_offset = 0,
                                    .p_filesz = 0x400,
                                    .p_memsz = 0x400,
                                    .p_align = 0x1000};
    file.programs[1] = (Elf64_Phdr){.p_type = PT_LOAD,
                                    .p_flags = PF_R | PF_X,
                                    .p_vaddr = 0x11000,
                                    .p_offset = 0x1000,
                                    .p_filesz = 0x800,
                                    .p_memsz = 0x800,
                                    .p_align = 0x1000};
    file.programs[2] = (Elf64_Phdr){.p_type = PT_LOAD,
                                    .p_flags = PF_R | PF_W,
                                    .p_vaddr = 0x12100,
                                    .p_offset = 0x2100,
                                    .p_filesz = 0x100,
                                    .p_memsz = 0x2000,
                                    .p_align = 0x1000};
    file.programs[3] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
}

static enum elf_status open_file(size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, &file, size);
    enum elf_status status = elf_open(copy, size, &image);
    free(copy);
    return status;
}

static enum elf_status open_whole(void)
{
    return open_file(sizeof file);
}

TEST(accepts_an_executable)
{
    make_file();
    CHECK_EQ(open_whole(), ELF_OK);
    CHECK_EQ(image.entry, 0x11000);
    CHECK_EQ(image.segment_count, 3);
    CHECK_EQ(image.lowest, 0x10000);
    CHECK_EQ(image.highest, 0x15000);
    CHECK(image.segments[1].execute && !image.segments[1].write && image.segments[1].read);
    CHECK(image.segments[2].write && !image.segments[2].execute);
    CHECK_EQ(image.segments[2].vaddr, 0x12100);
    CHECK_EQ(image.segments[2].offset, 0x2100);
    CHECK_EQ(image.segments[2].filesz, 0x100);
    CHECK_EQ(image.segments[2].memsz, 0x2000);
    CHECK_EQ(image.tls.memsz, 0);
}

TEST(accepts_any_alignment_of_the_file)
{
    make_file();
    uint8_t *copy = malloc(sizeof file + 1);
    memcpy(copy + 1, &file, sizeof file);
    enum elf_status status = elf_open(copy + 1, sizeof file, &image);
    free(copy);
    CHECK_EQ(status, ELF_OK);
}

TEST(truncations_are_noticed)
{
    make_file();
    for (size_t size = 0; size < 0x2200; size++) {
        CHECK(open_file(size) != ELF_OK);
    }
    CHECK_EQ(open_file(0), ELF_TRUNCATED_HEADER);
    CHECK_EQ(open_file(63), ELF_TRUNCATED_HEADER);
    CHECK_EQ(open_file(100), ELF_TRUNCATED_PROGRAM_HEADERS);
    CHECK_EQ(open_file(0x21ff), ELF_TRUNCATED_SEGMENT);
    CHECK_EQ(image.fault_header, 2);
    CHECK_EQ(open_file(0x2200), ELF_OK);
}

TEST(every_flipped_bit_is_survived)
{
    make_file();
    for (size_t i = 0; i < 64 + 4 * 56; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            ((uint8_t *)&file)[i] ^= (uint8_t)(1u << bit);
            (void)open_whole();
            ((uint8_t *)&file)[i] ^= (uint8_t)(1u << bit);
        }
    }
    CHECK_EQ(open_whole(), ELF_OK);
}

// Makes one change and expects one status.
#define REFUSES(test_name, change, expected)                                                       \
    TEST(test_name)                                                                                \
    {                                                                                              \
        make_file();                                                                               \
        change;                                                                                    \
        CHECK_STR(elf_status_text(open_whole()), elf_status_text(expected));                       \
    }

REFUSES(bad_magic, file.header.e_ident[0] = 0, ELF_BAD_MAGIC)
REFUSES(elf32, file.header.e_ident[EI_CLASS] = ELFCLASS32, ELF_NOT_64_BIT)
REFUSES(big_endian, file.header.e_ident[EI_DATA] = ELFDATA2MSB, ELF_NOT_LITTLE_ENDIAN)
REFUSES(ident_version, file.header.e_ident[EI_VERSION] = 0, ELF_BAD_VERSION)
REFUSES(header_version, file.header.e_version = 2, ELF_BAD_VERSION)
REFUSES(os_abi, file.header.e_ident[EI_OSABI] = ELFOSABI_FREEBSD, ELF_BAD_OS_ABI)
REFUSES(shared_object, file.header.e_type = ET_DYN, ELF_NOT_STATIC_EXECUTABLE)
REFUSES(other_machine, file.header.e_machine = EM_X86_64, ELF_NOT_RISCV)
REFUSES(embedded_abi, file.header.e_flags |= 8, ELF_BAD_FLAGS)
REFUSES(quad_float_abi, file.header.e_flags |= 6, ELF_BAD_FLAGS)
REFUSES(header_size, file.header.e_ehsize = 63, ELF_BAD_HEADER_SIZE)
REFUSES(program_header_size, file.header.e_phentsize = 64, ELF_BAD_PROGRAM_HEADER_SIZE)
REFUSES(many_headers, file.header.e_phnum = 65, ELF_TOO_MANY_HEADERS)
REFUSES(header_offset_wraps, file.header.e_phoff = UINT64_MAX - 8, ELF_TRUNCATED_PROGRAM_HEADERS)
REFUSES(dynamic, file.programs[3].p_type = PT_DYNAMIC, ELF_DYNAMIC)
REFUSES(interpreter, file.programs[3].p_type = PT_INTERP, ELF_DYNAMIC)
REFUSES(executable_stack, file.programs[3].p_flags |= PF_X, ELF_EXECUTABLE_STACK)
REFUSES(no_segments, file.header.e_phnum = 0, ELF_NO_SEGMENTS)
REFUSES(file_above_memory, file.programs[2].p_memsz = 0xff, ELF_FILE_SIZE_ABOVE_MEMORY_SIZE)
REFUSES(offset_wraps, file.programs[2].p_offset = UINT64_MAX - 0xeff, ELF_TRUNCATED_SEGMENT)
REFUSES(below_user, file.programs[0].p_vaddr = 0xf000, ELF_OUT_OF_USER_RANGE)
REFUSES(null_page, file.programs[0].p_vaddr = 0, ELF_OUT_OF_USER_RANGE)
REFUSES(above_user, file.programs[2].p_vaddr = 0x4000000100, ELF_OUT_OF_USER_RANGE)
REFUSES(reaches_above_user, file.programs[2].p_vaddr = 0x3fffffe100 + 0x100 * 0x10,
        ELF_OUT_OF_USER_RANGE)
REFUSES(kernel_half, file.programs[2].p_vaddr = 0xffffffff80000100, ELF_OUT_OF_USER_RANGE)
REFUSES(memory_wraps, file.programs[2].p_memsz = UINT64_MAX, ELF_OUT_OF_USER_RANGE)
REFUSES(alignment_odd, file.programs[1].p_align = 0x1800, ELF_BAD_ALIGNMENT)
REFUSES(alignment_zero, file.programs[1].p_align = 0, ELF_BAD_ALIGNMENT)
REFUSES(alignment_small, file.programs[1].p_align = 16, ELF_BAD_ALIGNMENT)
REFUSES(misaligned, file.programs[1].p_vaddr += 2, ELF_MISALIGNED_SEGMENT)
REFUSES(writable_code, file.programs[1].p_flags |= PF_W, ELF_WRITABLE_AND_EXECUTABLE)
REFUSES(unreadable, file.programs[1].p_flags = PF_X, ELF_NOT_READABLE)
REFUSES(no_rights, file.programs[2].p_flags = 0, ELF_NOT_READABLE)
REFUSES(descending, file.programs[2].p_vaddr = 0x10100, ELF_NOT_ASCENDING)
REFUSES(overlap, file.programs[0].p_memsz = 0x1001, ELF_OVERLAP)
REFUSES(shared_page, file.programs[2].p_vaddr = 0x11100, ELF_OVERLAP)
REFUSES(entry_in_data, file.header.e_entry = 0x12100, ELF_BAD_ENTRY)
REFUSES(entry_odd, file.header.e_entry = 0x11001, ELF_BAD_ENTRY)
REFUSES(entry_nowhere, file.header.e_entry = 0, ELF_BAD_ENTRY)
REFUSES(entry_behind_text, file.header.e_entry = 0x11800, ELF_BAD_ENTRY)
REFUSES(entry_in_zeros, (file.programs[1].p_filesz = 0x10, file.header.e_entry = 0x11010),
        ELF_BAD_ENTRY)

TEST(too_many_segments)
{
    make_file();
    Elf64_Phdr *table = (Elf64_Phdr *)((uint8_t *)&file + 0x3000);
    file.header.e_phoff = 0x3000;
    file.header.e_phnum = 17;
    for (unsigned i = 0; i < 17; i++) {
        table[i] = file.programs[1];
        table[i].p_vaddr = 0x11000 + i * 0x1000;
    }
    CHECK_EQ(open_whole(), ELF_TOO_MANY_SEGMENTS);
    file.header.e_phnum = 16;
    CHECK_EQ(open_whole(), ELF_OK);
}

TEST(highest_page_is_usable)
{
    make_file();
    file.programs[2].p_vaddr = 0x3ffffff100;
    file.programs[2].p_memsz = 0xf00;
    CHECK_EQ(open_whole(), ELF_OK);
    CHECK_EQ(image.highest, 0x4000000000);
    file.programs[2].p_memsz = 0xf01;
    CHECK_EQ(open_whole(), ELF_OUT_OF_USER_RANGE);
}

TEST(empty_segment_is_skipped)
{
    make_file();
    file.programs[0].p_filesz = 0;
    file.programs[0].p_memsz = 0;
    file.programs[0].p_vaddr = 0;
    CHECK_EQ(open_whole(), ELF_OK);
    CHECK_EQ(image.segment_count, 2);
    CHECK_EQ(image.lowest, 0x11000);
}

TEST(thread_local_storage)
{
    make_file();
    file.header.e_phnum = 5;
    file.programs[4] = (Elf64_Phdr){.p_type = PT_TLS,
                                    .p_flags = PF_R,
                                    .p_vaddr = 0x12100,
                                    .p_filesz = 0x10,
                                    .p_memsz = 0x40,
                                    .p_align = 8};
    CHECK_EQ(open_whole(), ELF_OK);
    CHECK_EQ(image.tls.vaddr, 0x12100);
    CHECK_EQ(image.tls.memsz, 0x40);
    file.programs[4].p_vaddr = 0x20000;
    CHECK_EQ(open_whole(), ELF_BAD_TLS);
    file.programs[4].p_vaddr = UINT64_MAX - 4;
    CHECK_EQ(open_whole(), ELF_BAD_TLS);
    file.programs[4].p_vaddr = 0x12100;
    file.programs[4].p_memsz = UINT64_MAX;
    CHECK_EQ(open_whole(), ELF_BAD_TLS);
    file.programs[4].p_memsz = 0x40;
    file.programs[5] = file.programs[4];
    file.header.e_phnum = 6;
    CHECK_EQ(open_whole(), ELF_BAD_TLS);
}

TEST(every_status_has_a_text)
{
    for (unsigned i = ELF_OK; i <= ELF_BAD_TLS; i++) {
        CHECK(strstr(elf_status_text((enum elf_status)i), "unknown") == nullptr);
    }
}
