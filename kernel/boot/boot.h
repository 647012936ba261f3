// SPDX-License-Identifier: MIT
/*
 * Booting, in order: memory.c sorts RAM, paging.c builds the kernel's final tables, harts.c brings
 * up the other harts, root.c makes the root task. All of it runs once, under the kernel lock, and
 * is then given away (kernel.ld, arrival.c): nothing that stays may refer to it.
 */
#ifndef KERNEL_BOOT_BOOT_H
#define KERNEL_BOOT_BOOT_H

#include "boot/tree.h"
#include "kernel/boot.h"
#include "object/vspace.h"

struct boot_info {
    const void *tree;
    struct tree_range tree_pages; /* the device tree, whole pages */
    struct tree_range package;    /* the boot package, exact bytes */
    bool has_package;
};

#define BOOT_RANGES 64u

/* Free RAM: page multiples, ascending, disjoint; shrinks as boot_pages takes from it. */
extern struct tree_range free_ram[BOOT_RANGES];
extern unsigned free_ram_count;
/* All RAM as the tree lists it. */
extern struct tree_range all_ram[BOOT_RANGES];
extern unsigned all_ram_count;

/* memory.c */
void boot_find_memory(const struct boot_info *boot);
/* Consecutive zeroed pages of free RAM, aligned to `align`; panics if there are none. */
void *boot_pages(uint64_t count, uint64_t align);
/* Adds what was in use and is not any more; no boot_pages after this. */
void boot_give(uint64_t start, uint64_t end);

/* paging.c */
/* Registers that are the kernel's own, whole pages: interrupt controller, IOMMU (may be empty). */
void boot_own_devices(struct tree_range range[2]);
void boot_build_kernel_tables(void);
/* The tables of 4 KiB pages for the 2 MiB of the image: at its own addresses, and in the window. */
extern pte *boot_image_table, *boot_window_table;
/* Maps one page in a VSpace with leaf flags, taking tables from boot_pages. */
void boot_map(struct vspace *vspace, uint64_t address, paddr page, uint64_t flags);

/* harts.c */
void boot_start_harts(const struct boot_info *boot, uint64_t boot_hart_id);

/* root.c */
void boot_create_root(const struct boot_info *boot);

#endif
