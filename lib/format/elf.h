// SPDX-License-Identifier: MIT
//
// ELF64 executables for RISC-V user tasks: validation and the list of segments to map.
//
// Guarantees
// - Reads only [file, file + size) through byte copies, so any alignment of `file` will do.
// - elf_open copies every header field it needs before it checks it; struct elf_image then holds
//   checked values only. (Segment *contents* are the caller's to copy.)
// - An accepted image is a static ET_EXEC for RV64 little-endian with soft, single or double
//   float ABI; its PT_LOAD segments ascend by address, lie in ELF_USER_LOWEST .. ELF_USER_HIGHEST,
//   share no 4 KiB page, are never writable and executable at once, and the entry point lies in
//   the file-backed part of an executable one.
// - No heap, no state, no recursion.
#ifndef ASHLAR_FORMAT_ELF_H
#define ASHLAR_FORMAT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_USER_LOWEST  UINT64_C(0x10000)
#define ELF_USER_HIGHEST UINT64_C(0x3fffffffff) // last byte of the lower half of Sv39
#define ELF_PAGE_SIZE    UINT64_C(4096)
#define ELF_SEGMENTS_MAX 16
#define ELF_HEADERS_MAX  64

enum [[nodiscard]] elf_status {
    ELF_OK,
    ELF_TRUNCATED_HEADER,
    ELF_BAD_MAGIC,
    ELF_NOT_64_BIT,
    ELF_NOT_LITTLE_ENDIAN,
    ELF_BAD_VERSION,
    ELF_BAD_OS_ABI,
    ELF_NOT_STATIC_EXECUTABLE, // e_type is not ET_EXEC
    ELF_NOT_RISCV,
    ELF_BAD_FLAGS, // RVE, quad float ABI, TSO or an unknown flag
    ELF_BAD_HEADER_SIZE,
    ELF_BAD_PROGRAM_HEADER_SIZE,
    ELF_TOO_MANY_HEADERS,
    ELF_TRUNCATED_PROGRAM_HEADERS,
    ELF_DYNAMIC,           // PT_DYNAMIC or PT_INTERP
    ELF_EXECUTABLE_STACK,  // PT_GNU_STACK asks for one
    ELF_TOO_MANY_SEGMENTS, // more than ELF_SEGMENTS_MAX PT_LOAD
    ELF_NO_SEGMENTS,       // no PT_LOAD with memory
    ELF_FILE_SIZE_ABOVE_MEMORY_SIZE,
    ELF_TRUNCATED_SEGMENT, // offset + filesz behind the end of the file
    ELF_OUT_OF_USER_RANGE,
    ELF_BAD_ALIGNMENT,      // p_align is no power of two, or below the page size
    ELF_MISALIGNED_SEGMENT, // p_vaddr and p_offset differ modulo p_align
    ELF_WRITABLE_AND_EXECUTABLE,
    ELF_NOT_READABLE, // a segment that is not readable
    ELF_NOT_ASCENDING,
    ELF_OVERLAP, // a segment begins in or before the last page of the one before it
    ELF_BAD_ENTRY,
    ELF_BAD_TLS, // two PT_TLS, or one that lies in no PT_LOAD
};

struct elf_segment {
    uint64_t vaddr;  // first byte; not necessarily page-aligned
    uint64_t memsz;  // bytes in memory, > 0; bytes behind filesz are zero
    uint64_t filesz; // bytes taken from the file, <= memsz
    uint64_t offset; // where they stand in the file; equals vaddr modulo the page size
    bool read, write, execute;
};

// The initialisation image of thread-local storage; memsz 0 when there is none.
struct elf_tls {
    uint64_t vaddr, filesz, memsz, align;
};

struct elf_image {
    uint64_t entry;
    uint64_t lowest;  // page-aligned address of the first page of the first segment
    uint64_t highest; // page-aligned address behind the last page of the last segment
    unsigned segment_count;
    unsigned fault_header; // index of the program header at fault after an error
    struct elf_segment segments[ELF_SEGMENTS_MAX];
    struct elf_tls tls;
};

// Validates `file` and fills *image. On an error *image holds nothing usable but fault_header.
enum elf_status elf_open(const void *file, size_t size, struct elf_image *image);

// A static sentence that names the rule broken; never NULL.
const char *elf_status_text(enum elf_status status);

#endif
