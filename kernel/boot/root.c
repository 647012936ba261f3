// SPDX-License-Identifier: MIT
/*
 * The root task: loaded from `servers/root` of the boot package, with everything there is. Its own
 * image, stack and tables are taken from RAM before the rest becomes Untyped and are never given
 * back; abi/kernel/boot.h describes what it finds.
 */
#include "boot/boot.h"
#include "check/check.h"
#include "iommu/iommu.h"
#include "object/cnode.h"
#include "object/firmware.h"
#include "object/ipc_objects.h"
#include "object/irq.h"
#include "object/mapping.h"
#include "panic.h"
#include "sched/sched.h"

#include <cpio.h>
#include <elf.h>
#include <string.h>

#define ROOT_PRIORITY 200u
#define ROOT_SLICE_US 10000u
#define STACK_PAGES   16u
#define DEVICE_TOP    (1ull << 38)

static struct cnode *cnode;
static struct ash_boot *info;

/* Makes an object in boot memory and puts its capability into the root CNode. */
static struct capability *make(enum ash_object_type type, uint64_t parameter, uint64_t index)
{
    const struct object_class *class = object_classes[type];
    uint64_t align = 1, size = class->size(parameter, &align);
    void *memory = boot_pages(round_up(size, ASH_PAGE_SIZE) / ASH_PAGE_SIZE, ASH_PAGE_SIZE);
    paddr physical = window_physical(memory);
    struct capability cap = {
        .type = (uint8_t)type, .rights = ASH_RIGHT_ALL, .object = physical.value};
    class->create(&cap, physical, parameter);
    if (type == ASH_OBJ_CNODE)
        cnode = (struct cnode *)cap.object;
    slot_insert(&cnode->slot[index], cap, nullptr);
    return &cnode->slot[index].cap;
}

static void control(enum ash_object_type type, uint64_t index)
{
    struct capability cap = {.type = (uint8_t)type, .rights = ASH_RIGHT_ALL};
    slot_insert(&cnode->slot[index], cap, nullptr);
}

static void load_segment(struct vspace *vspace, const uint8_t *file,
                         const struct elf_segment *segment)
{
    uint64_t flags = PTE_R | (segment->write ? PTE_W : 0) | (segment->execute ? PTE_X : 0);
    uint64_t first = round_down(segment->vaddr, ASH_PAGE_SIZE);
    uint64_t pages =
        (round_up(segment->vaddr + segment->memsz, ASH_PAGE_SIZE) - first) / ASH_PAGE_SIZE;
    char *memory = boot_pages(pages, ASH_PAGE_SIZE);
    memcpy(memory + (segment->vaddr - first), file + segment->offset, segment->filesz);
    for (uint64_t i = 0; i < pages; i++)
        boot_map(vspace, first + i * ASH_PAGE_SIZE, window_physical(memory + i * ASH_PAGE_SIZE),
                 flags);
}

static uint64_t load(const struct boot_info *boot, struct vspace *vspace)
{
    if (!boot->has_package)
        panic("/chosen names no boot package (linux,initrd-start and -end): pass -initrd");
    struct cpio_archive archive = {window((paddr){boot->package.start}),
                                   boot->package.end - boot->package.start};
    struct cpio_entry entry;
    enum cpio_status found = cpio_find_file(&archive, "servers/root", &entry);
    if (found != CPIO_OK)
        panic("boot package: servers/root: %s", cpio_status_text(found));
    struct elf_image image;
    enum elf_status status = elf_open(entry.data, entry.size, &image);
    if (status != ELF_OK)
        panic("servers/root: %s", elf_status_text(status));
    for (unsigned i = 0; i < image.segment_count; i++)
        load_segment(vspace, entry.data, &image.segments[i]);
    return image.entry;
}

static void add_region(uint64_t start, uint64_t end, enum ash_region_kind kind)
{
    if (start >= end || info->regions == ASH_BOOT_REGIONS)
        return;
    struct capability cap = {.type = ASH_OBJ_UNTYPED,
                             .rights = ASH_RIGHT_ALL,
                             .device = kind != ASH_REGION_RAM,
                             .object = start,
                             .extra = end - start};
    slot_insert(&cnode->slot[ASH_BOOT_FIRST_UNTYPED + info->regions], cap, nullptr);
    info->region[info->regions++] = (struct ash_region){start, end - start, kind};
}

static void find_next(struct tree_range *next, uint64_t position, struct tree_range range)
{
    if (range.start < range.end && range.start >= position && range.start < next->start)
        *next = range;
}

/* Everything below DEVICE_TOP that is neither RAM nor the kernel's own: the interrupt controller,
 * the IOMMU. The pages of an IMSIC, where messages are written, are device memory. */
static void add_device_regions(void)
{
    uint64_t position = 0;
    struct tree_range own[2];
    boot_own_devices(own);
    while (position < DEVICE_TOP) {
        struct tree_range next = {DEVICE_TOP, DEVICE_TOP};
        for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            find_next(&next, position, own[i]);
        for (unsigned i = 0; i < all_ram_count; i++)
            find_next(&next, position, all_ram[i]);
        add_region(position, round_down(next.start, ASH_PAGE_SIZE), ASH_REGION_DEVICE);
        position = round_up(next.end, ASH_PAGE_SIZE);
    }
}

/* Itself included: what boots is memory like any other once it has booted. */
static void give_boot_part(void)
{
    extern char _init_start[], _init_end[], _bss_end[], _image_end[];
    boot_give(kernel_to_physical(_init_start), kernel_to_physical(_init_end));
    boot_give(kernel_to_physical(_bss_end), kernel_to_physical(_image_end));
}

static void fill_info(const struct boot_info *boot)
{
    info->magic = ASH_BOOT_MAGIC;
    info->harts = hart_count;
    for (uint32_t i = 0; i < hart_count; i++)
        info->hart_id[i] = harts[i].id;
    info->timebase = timebase;
    info->package_physical = boot->package.start;
    info->package_size = boot->package.end - boot->package.start;
    info->tree_physical = kernel_to_physical(boot->tree);
    info->tree_size = boot->tree_pages.end - info->tree_physical;
    strncpy(info->command_line, tree_command_line(boot->tree), ASH_BOOT_COMMAND_LINE - 1);
    add_region(round_down(boot->package.start, ASH_PAGE_SIZE),
               round_up(boot->package.end, ASH_PAGE_SIZE), ASH_REGION_PACKAGE);
    add_region(boot->tree_pages.start, boot->tree_pages.end, ASH_REGION_DEVICE_TREE);
    add_device_regions();
    give_boot_part();
    check_boot_end();
    for (unsigned i = 0; i < free_ram_count; i++)
        add_region(free_ram[i].start, free_ram[i].end, ASH_REGION_RAM);
}

static void copy_into(struct thread *thread, unsigned which, uint64_t index)
{
    struct slot *source = &cnode->slot[index];
    slot_insert(&thread->slot[which], source->cap, source);
}

void boot_create_root(const struct boot_info *boot)
{
    make(ASH_OBJ_CNODE, ASH_BOOT_CNODE_RADIX, ASH_BOOT_CNODE);
    struct vspace *vspace = (struct vspace *)make(ASH_OBJ_VSPACE, 0, ASH_BOOT_VSPACE)->object;
    struct thread *thread = thread_from(make(ASH_OBJ_THREAD, 0, ASH_BOOT_THREAD)->object);
    struct sched_context *sched =
        (struct sched_context *)make(ASH_OBJ_SCHED_CONTEXT, 0, ASH_BOOT_SCHED_CONTEXT)->object;
    control(ASH_OBJ_SCHED_CONTROL, ASH_BOOT_SCHED_CONTROL);
    control(ASH_OBJ_IRQ_CONTROL, ASH_BOOT_IRQ_CONTROL);
    control(ASH_OBJ_FIRMWARE, ASH_BOOT_FIRMWARE);
    if (iommu_works())
        control(ASH_OBJ_IOMMU, ASH_BOOT_IOMMU);
    struct capability *buffer = make(ASH_OBJ_FRAME, ASH_PAGE_BITS, ASH_BOOT_IPC_FRAME);

    thread->reg[REG_PC] = load(boot, vspace);
    thread->reg[REG_SP] = ASH_BOOT_STACK_TOP;
    thread->reg[REG_A0] = ASH_BOOT_INFO;
    memcpy(thread->name, "root", 5);
    thread->priority = thread->base_priority = ROOT_PRIORITY;
    thread->max_priority = 255;
    boot_map(vspace, ASH_BOOT_IPC_BUFFER, (paddr){buffer->object}, PTE_R | PTE_W);
    mapping_record(buffer, vspace, ASH_BOOT_IPC_BUFFER);
    char *stack = boot_pages(STACK_PAGES, ASH_PAGE_SIZE);
    for (uint64_t i = 0; i < STACK_PAGES; i++)
        boot_map(vspace, ASH_BOOT_STACK_TOP - (STACK_PAGES - i) * ASH_PAGE_SIZE,
                 window_physical(stack + i * ASH_PAGE_SIZE), PTE_R | PTE_W);
    copy_into(thread, THREAD_SLOT_CSPACE, ASH_BOOT_CNODE);
    copy_into(thread, THREAD_SLOT_VSPACE, ASH_BOOT_VSPACE);
    copy_into(thread, THREAD_SLOT_BUFFER, ASH_BOOT_IPC_FRAME);

    info = boot_pages(1, ASH_PAGE_SIZE);
    boot_map(vspace, ASH_BOOT_INFO, window_physical(info), PTE_R);
    fill_info(boot); /* takes all the rest of RAM: no boot_pages after this */

    uint64_t slice = sched_ticks_per_us(ROOT_SLICE_US);
    sched_configure(sched, &harts[0], slice, slice);
    sched_context_give(sched, thread);
    thread_wake(thread);
}
