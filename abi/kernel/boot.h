// SPDX-License-Identifier: MIT
/*
 * The boot-information page: what the kernel tells the root task. It lies at ASH_BOOT_INFO, read
 * only; a0 of the root task's first thread holds the same address.
 *
 *   ASH_BOOT_INFO  +--------------------+
 *                  | struct ash_boot    |  fixed fields, then
 *                  | command line       |  a C string, cut at 1023 bytes
 *                  | regions[]          |  one for each Untyped that the root task received
 *                  +--------------------+
 *
 * The root CNode has radix ASH_BOOT_CNODE_RADIX. Slots: the enum below; the Untyped of regions[i]
 * is in slot ASH_BOOT_FIRST_UNTYPED + i; every later slot is empty.
 * The boot package and the device tree are handed over as *device* Untyped (retyping such memory
 * never clears it), so the root task makes Frames of them and reads them in place.
 */
#ifndef ABI_KERNEL_BOOT_H
#define ABI_KERNEL_BOOT_H

#include "types.h"

#define ASH_BOOT_INFO        ((ash_word)0x10000)   /* boot information, one page            */
#define ASH_BOOT_IPC_BUFFER  ((ash_word)0x11000)   /* IPC buffer of the root task, one page */
#define ASH_BOOT_STACK_TOP   ((ash_word)0x80000)   /* 64 KiB below it are the stack         */
#define ASH_BOOT_MAGIC       0x544f4f4252414c48ull /* "HLARBOOT" */
#define ASH_BOOT_CNODE_RADIX 13u
#define ASH_MAX_HARTS        8u

enum ash_boot_slot {
    ASH_BOOT_NULL = 0,
    ASH_BOOT_CNODE = 1,
    ASH_BOOT_VSPACE = 2,
    ASH_BOOT_THREAD = 3,
    ASH_BOOT_SCHED_CONTEXT = 4,
    ASH_BOOT_SCHED_CONTROL = 5,
    ASH_BOOT_IRQ_CONTROL = 6,
    ASH_BOOT_FIRMWARE = 7,
    ASH_BOOT_IPC_FRAME = 8,
    ASH_BOOT_IOMMU = 9, /* empty if the machine has no RISC-V IOMMU that the kernel can use */
    ASH_BOOT_FIRST_UNTYPED = 16,
};

enum ash_region_kind {
    ASH_REGION_RAM = 0,
    ASH_REGION_DEVICE = 1,
    ASH_REGION_PACKAGE = 2,     /* whole pages around the boot package */
    ASH_REGION_DEVICE_TREE = 3, /* whole pages around a copy of the flattened device tree */
};

struct ash_region {
    ash_word physical; /* multiple of the page size */
    ash_word size;     /* bytes, multiple of the page size */
    ash_word kind;     /* enum ash_region_kind */
};

#define ASH_BOOT_REGIONS      64u
#define ASH_BOOT_COMMAND_LINE 1024u

struct ash_boot {
    ash_word magic;
    ash_word harts;                  /* running harts; SchedControl takes 0 .. harts-1 */
    ash_word hart_id[ASH_MAX_HARTS]; /* their hart ids as the firmware numbers them     */
    ash_word timebase;               /* ticks a second of `rdtime`                      */
    ash_word package_physical;       /* first byte of the newc archive                  */
    ash_word package_size;           /* bytes                                           */
    ash_word tree_physical;          /* first byte of the device tree                   */
    ash_word tree_size;
    ash_word regions; /* how many follow */
    char command_line[ASH_BOOT_COMMAND_LINE];
    struct ash_region region[ASH_BOOT_REGIONS];
};
static_assert(sizeof(struct ash_boot) <= 4096);

#endif
