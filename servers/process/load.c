// SPDX-License-Identifier: MIT
/* An ELF image into a task's memory: each segment is one view, filled through a mirror. */
#include "proc.h"

#include <elf.h>
#include <string.h>

static ash_word prot_of(const struct elf_segment *segment)
{
    return ASH_MEM_READ | (segment->write ? ASH_MEM_WRITE : 0u) |
           (segment->execute ? ASH_MEM_EXECUTE : 0u);
}

static ash_status load_segment(struct task *task, const char *file,
                               const struct elf_segment *segment)
{
    ash_word first = segment->vaddr & ~(ASH_PAGE_SIZE - 1);
    ash_word end = segment->vaddr + segment->memsz;
    char *mirror;
    ash_status status =
        remote_map(task->id, first, end - first, prot_of(segment), 0, nullptr, (void **)&mirror);
    if (!ash_success(status))
        return status;
    memcpy(mirror + (segment->vaddr - first), file + segment->offset, segment->filesz);
    remote_unmirror(mirror);
    return STATUS_SUCCESS;
}

ash_status load_image(struct task *task, const void *file, size_t size, struct elf_image *image)
{
    enum elf_status elf = elf_open(file, size, image);
    if (elf != ELF_OK) {
        ash_log("%s: %s (program header %u)", task->name, elf_status_text(elf),
                image->fault_header);
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    task->image_base = image->lowest;
    task->image_end = image->highest;
    ash_status status = STATUS_SUCCESS;
    for (unsigned i = 0; i < image->segment_count && ash_success(status); i++)
        status = load_segment(task, file, &image->segments[i]);
    return status;
}
