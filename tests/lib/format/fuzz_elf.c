// SPDX-License-Identifier: MIT
// Fuzz target: ELF files. An accepted image must keep what elf.h promises.
#include "elf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool segment_keeps_promise(const struct elf_segment *s, size_t size)
{
    return s->memsz != 0 && s->filesz <= s->memsz && s->offset <= size &&
           s->filesz <= size - s->offset && s->vaddr >= ELF_USER_LOWEST &&
           s->vaddr + s->memsz - 1 <= ELF_USER_HIGHEST && s->vaddr + s->memsz > s->vaddr &&
           !(s->write && s->execute) && (s->vaddr - s->offset) % ELF_PAGE_SIZE == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct elf_image image;
    if (elf_open(bytes, size, &image) != ELF_OK) {
        return 0;
    }
    uint64_t behind = ELF_USER_LOWEST;
    for (unsigned i = 0; i < image.segment_count; i++) {
        const struct elf_segment *s = &image.segments[i];
        if (!segment_keeps_promise(s, size) || s->vaddr / ELF_PAGE_SIZE * ELF_PAGE_SIZE < behind) {
            abort();
        }
        behind = (s->vaddr + s->memsz + ELF_PAGE_SIZE - 1) / ELF_PAGE_SIZE * ELF_PAGE_SIZE;
    }
    if (behind != image.highest || image.entry < image.lowest || image.entry >= image.highest) {
        abort();
    }
    return 0;
}
