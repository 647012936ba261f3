// SPDX-License-Identifier: MIT
/* A task out of an ELF file of the boot package, made of root's own stock. */
#include "root.h"

#include <string.h>

#define SLICE_US 10000u

static ash_word rights_of(const struct elf_segment *segment)
{
    return ASH_RIGHT_READ | (segment->write ? ASH_RIGHT_WRITE : 0u) |
           (segment->execute ? ASH_RIGHT_EXECUTE : 0u);
}

/* The part of a segment that lies in the page at `address`, copied to `page`. */
static void fill_page(char *page, ash_word address, const struct elf_segment *segment,
                      const char *file)
{
    ash_word begin = address > segment->vaddr ? address : segment->vaddr;
    ash_word end = segment->vaddr + segment->filesz;
    if (end > address + ASH_PAGE_SIZE)
        end = address + ASH_PAGE_SIZE;
    if (begin < end)
        memcpy(page + (begin - address), file + segment->offset + (begin - segment->vaddr),
               end - begin);
}

static void load_segment(struct build *build, const struct elf_segment *segment, const char *file)
{
    ash_word first = segment->vaddr & ~(ASH_PAGE_SIZE - 1);
    ash_word last = (segment->vaddr + segment->memsz + ASH_PAGE_SIZE - 1) & ~(ASH_PAGE_SIZE - 1);
    unsigned pages = (unsigned)((last - first) / ASH_PAGE_SIZE);
    ash_cptr frame = stock_make(ASH_OBJ_FRAME, ASH_PAGE_BITS, pages);
    for (unsigned i = 0; i < pages; i++) {
        ash_word address = first + i * ASH_PAGE_SIZE;
        fill_page(space_window_open(frame + i), address, segment, file);
        space_window_close(frame + i);
        space_map(build->vspace, frame + i, address, rights_of(segment));
    }
    build->pages += pages;
}

void build_load(struct build *build, const char *path)
{
    const void *file;
    size_t size;
    package_find(path, &file, &size);
    enum elf_status status = elf_open(file, size, &build->image);
    if (status != ELF_OK)
        ash_panic("%s: %s", path, elf_status_text(status));
    for (unsigned i = 0; i < build->image.segment_count; i++)
        load_segment(build, &build->image.segments[i], file);
}

void build_page(struct build *build, ash_word address, const void *bytes, size_t count,
                ash_word rights)
{
    ash_cptr frame = stock_one(ASH_OBJ_FRAME);
    if (count > 0) {
        memcpy(space_window_open(frame), bytes, count);
        space_window_close(frame);
    }
    space_map(build->vspace, frame, address, rights);
    build->pages++;
}

static void make_stack(struct build *build)
{
    for (ash_word i = 1; i <= build->stack_pages; i++)
        build_page(build, build->stack_top - i * ASH_PAGE_SIZE, nullptr, 0,
                   ASH_RIGHT_READ | ASH_RIGHT_WRITE);
}

void build_task(struct build *build, const char *path)
{
    build->vspace = stock_one(ASH_OBJ_VSPACE);
    if (build->cnode == 0)
        build->cnode = stock_make(ASH_OBJ_CNODE, build->radix, 1);
    build->thread = stock_one(ASH_OBJ_THREAD);
    build->sched = stock_one(ASH_OBJ_SCHED_CONTEXT);
    build->ipc_frame = stock_one(ASH_OBJ_FRAME);
    build_load(build, path);
    make_stack(build);
    space_map(build->vspace, build->ipc_frame, build->ipc_address,
              ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    build->pages++;
    MUST(ash_thread_configure(build->thread, build->cnode, build->vspace, build->ipc_frame,
                              build->ipc_address));
    MUST(ash_thread_set_name(build->thread, build->name));
    MUST(ash_thread_set_priority(build->thread, build->priority, 255));
}

void build_start_page(struct build *build)
{
    static struct ash_start start;
    start = (struct ash_start){
        .task = build->task,
        .timebase = root.boot->timebase,
        .harts = root.boot->harts,
        .ipc_buffer = build->ipc_address,
        .image_base = build->image.lowest,
        .image_end = build->image.highest,
        .stack_base = build->stack_top - build->stack_pages * ASH_PAGE_SIZE,
        .stack_top = build->stack_top,
    };
    strncpy(start.name, build->name, sizeof(start.name) - 1);
    build_page(build, ASH_START_PAGE, &start, sizeof(start), ASH_RIGHT_READ);
}

void build_give(struct build *build, ash_word slot, ash_cptr source, ash_word rights)
{
    MUST(ash_cnode_copy(build->cnode, slot, source, rights));
}

void build_mint(struct build *build, ash_word slot, ash_cptr endpoint, ash_word badge)
{
    MUST(ash_cnode_mint(build->cnode, slot, endpoint, CLIENT_RIGHTS, badge));
}

void build_run(struct build *build, ash_word argument)
{
    ash_word slice = root.boot->timebase / 1000000 * SLICE_US;
    MUST(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, build->sched, 0, slice, slice));
    MUST(ash_sched_bind(build->sched, build->thread));
    struct ash_thread_start start = {
        .pc = build->image.entry,
        .sp = build->stack_top,
        .a0 = argument,
        .a1 = ASH_ROOT_SECOND,
    };
    MUST(ash_thread_write_registers(build->thread, &start));
    MUST(ash_thread_resume(build->thread));
}
