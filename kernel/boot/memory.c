// SPDX-License-Identifier: MIT
/* Sorting RAM: what the device tree calls memory, minus everything that is in use. */
#include "boot/boot.h"
#include "panic.h"

#include <string.h>

struct tree_range free_ram[BOOT_RANGES], all_ram[BOOT_RANGES];
unsigned free_ram_count, all_ram_count;

static void insert(unsigned at, struct tree_range range)
{
    if (free_ram_count == BOOT_RANGES)
        panic("the device tree cuts memory into more than %u pieces", BOOT_RANGES);
    for (unsigned i = free_ram_count++; i > at; i--)
        free_ram[i] = free_ram[i - 1];
    free_ram[at] = range;
}

static void drop(unsigned at)
{
    free_ram_count--;
    for (unsigned i = at; i < free_ram_count; i++)
        free_ram[i] = free_ram[i + 1];
}

static void subtract(uint64_t start, uint64_t end)
{
    start = round_down(start, ASH_PAGE_SIZE);
    end = round_up(end, ASH_PAGE_SIZE);
    for (unsigned i = 0; i < free_ram_count; i++) {
        struct tree_range *range = &free_ram[i];
        if (end <= range->start || start >= range->end)
            continue;
        struct tree_range behind = {end, range->end};
        if (start > range->start) {
            range->end = start;
            if (behind.start < behind.end)
                insert(i + 1, behind);
        } else if (behind.start < behind.end) {
            *range = behind;
        } else {
            drop(i--);
        }
    }
}

void boot_find_memory(const struct boot_info *boot)
{
    extern char _image_start[], _image_end[];
    all_ram_count = tree_memory(boot->tree, all_ram, BOOT_RANGES / 2);
    if (all_ram_count == 0)
        panic("the device tree has no enabled node with device_type \"memory\"");
    for (unsigned i = 0; i < all_ram_count; i++) {
        struct tree_range range = {round_up(all_ram[i].start, ASH_PAGE_SIZE),
                                   round_down(all_ram[i].end, ASH_PAGE_SIZE)};
        if (range.start >= range.end || range.end > WINDOW_SIZE)
            continue;
        subtract(range.start, range.end); /* what the tree lists twice is there once */
        unsigned at = 0;
        while (at < free_ram_count && free_ram[at].start < range.start)
            at++;
        insert(at, range);
    }
    struct tree_range reserved[BOOT_RANGES];
    unsigned count = tree_reserved(boot->tree, reserved, BOOT_RANGES);
    for (unsigned i = 0; i < count; i++)
        subtract(reserved[i].start, reserved[i].end);
    uint64_t image = kernel_physical_base;
    subtract(image, image + (uint64_t)(_image_end - _image_start));
    subtract(boot->tree_pages.start, boot->tree_pages.end);
    if (boot->has_package)
        subtract(boot->package.start, boot->package.end);
}

void boot_give(uint64_t start, uint64_t end)
{
    unsigned at = 0;
    while (at < free_ram_count && free_ram[at].end < start)
        at++;
    if (at < free_ram_count && free_ram[at].start <= end) {
        struct tree_range *range = &free_ram[at];
        range->start = range->start < start ? range->start : start;
        range->end = range->end > end ? range->end : end;
        if (at + 1 < free_ram_count && range->end == free_ram[at + 1].start) {
            range->end = free_ram[at + 1].end;
            drop(at + 1);
        }
    } else if (start < end) {
        insert(at, (struct tree_range){start, end});
    }
}

void *boot_pages(uint64_t count, uint64_t align)
{
    uint64_t size = count * ASH_PAGE_SIZE;
    for (unsigned i = 0; i < free_ram_count; i++) {
        uint64_t start = round_up(free_ram[i].start, align);
        if (start + size > free_ram[i].end || start < free_ram[i].start)
            continue;
        if (start > free_ram[i].start) {
            struct tree_range gap = {free_ram[i].start, start};
            free_ram[i].start = start;
            insert(i, gap);
            i++;
        }
        free_ram[i].start += size;
        if (free_ram[i].start == free_ram[i].end)
            drop(i);
        void *pages = window((paddr){start});
        memset(pages, 0, size);
        return pages;
    }
    panic("not enough memory to boot: %lu pages in one piece are needed", count);
}
