// SPDX-License-Identifier: MIT
/*
 * What the root task leaves behind for the tasks that it builds by itself: the memory and the
 * process manager, who have nobody below them to ask. Both find what every task finds (task.h:
 * start page, slots below ASH_SLOT_EXTRA) and, mapped read-only at ASH_BOOT_PAGE, one of the
 * structs here.
 *
 *   task memory                                    task process
 *   slot EXTRA + 0   its endpoint, all rights      slot EXTRA + 0   its endpoint, all rights
 *        EXTRA + 1   its own VSpace                     EXTRA + 1   SchedControl
 *        EXTRA + 2   VSpace of process                  EXTRA + 2   Firmware, all rights
 *        EXTRA + 3   Reply                              EXTRA + 3   Untyped for Reply objects and
 *        UNTYPED + i Untyped of region[i]                           what else it needs for itself
 *
 *                                                       EXTRA + 4   its own VSpace, with tables for
 *                                                                   the page ASH_PROCESS_WINDOW
 *                                                       EXTRA + 5.. Threads of root, memory and of
 *                                                                   itself
 *                                                       MANAGER + k unbadged endpoint of the
 * manager that clients find in slot k
 *
 * Addresses below ASH_BOOT_ADOPTED_TOP of these two belong to root (image, stack, boot package);
 * the memory manager may use what lies above, in its own VSpace and in that of process. Root keeps
 * the Frames it mapped there; they are never unmapped.
 *
 * The CNode of memory has radix ASH_TASK_RADIX and is empty from ASH_SLOT_OWN on; that of process
 * has radix ASH_PROCESS_RADIX, so that it holds a CNode for each task.
 */
#ifndef ABI_BOOT_PROTOCOL_H
#define ABI_BOOT_PROTOCOL_H

#include "kernel/boot.h"
#include "task.h"

#define ASH_BOOT_PAGE          ((ash_word)0xfe000)
#define ASH_BOOT_ADOPTED_TOP   ((ash_word)0x40000000)
#define ASH_MEMORY_BOOT_MAGIC  0x59524f4d454d5241ull
#define ASH_PROCESS_BOOT_MAGIC 0x5345434f52505241ull

enum ash_memory_boot_slot {
    ASH_MEMORY_BOOT_ENDPOINT = ASH_SLOT_EXTRA,
    ASH_MEMORY_BOOT_VSPACE = ASH_SLOT_EXTRA + 1,
    ASH_MEMORY_BOOT_PROCESS_VSPACE = ASH_SLOT_EXTRA + 2,
    ASH_MEMORY_BOOT_REPLY = ASH_SLOT_EXTRA + 3,
    ASH_MEMORY_BOOT_IOMMU = ASH_SLOT_EXTRA + 4, /* empty if the machine has none */
    ASH_MEMORY_BOOT_UNTYPED = 128,
};

/* An Untyped that nothing has been made of yet. kind: RAM, DEVICE or DEVICE_TREE (the latter two
 * are device memory: never cleared). */
struct ash_memory_region {
    ash_word physical, bytes, kind, slot;
};

#define ASH_MEMORY_BOOT_REGIONS 96u

struct ash_memory_boot {
    ash_word magic;
    ash_word ram_pages;     /* of the machine, as far as the kernel handed it to root    */
    ash_word root_pages;    /* of these: what root used for itself and for the two tasks */
    ash_word memory_pages;  /* of these: mapped in the memory manager                    */
    ash_word process_pages; /* of these: mapped in the process manager                   */
    ash_word regions;
    struct ash_memory_region region[ASH_MEMORY_BOOT_REGIONS];
};
static_assert(sizeof(struct ash_memory_boot) <= 4096);

#define ASH_PROCESS_RADIX  13u
#define ASH_PROCESS_WINDOW ((ash_word)0x8000000)

enum ash_process_boot_slot {
    ASH_PROCESS_BOOT_ENDPOINT = ASH_SLOT_EXTRA,
    ASH_PROCESS_BOOT_SCHED_CONTROL = ASH_SLOT_EXTRA + 1,
    ASH_PROCESS_BOOT_FIRMWARE = ASH_SLOT_EXTRA + 2,
    ASH_PROCESS_BOOT_UNTYPED = ASH_SLOT_EXTRA + 3,
    ASH_PROCESS_BOOT_VSPACE = ASH_SLOT_EXTRA + 4,
    ASH_PROCESS_BOOT_THREAD = ASH_SLOT_EXTRA + 4, /* + task id of root, memory, process */
    ASH_PROCESS_BOOT_MANAGER = 64,                /* + ASH_SLOT_PROCESS, ASH_SLOT_MEMORY, ... */
};

struct ash_process_boot {
    ash_word magic;
    ash_word package; /* where the boot package is mapped, read only */
    ash_word package_bytes;
    ash_word root_pages, memory_pages, process_pages; /* mapped by root in each of the three */
    char command_line[ASH_BOOT_COMMAND_LINE];
};
static_assert(sizeof(struct ash_process_boot) <= 4096);

/* Managers that the process manager starts for root find, beyond what other tasks find:
 * object, io, pnp, power: their own endpoint, all rights, in slot ASH_SLOT_EXTRA;
 * pnp: IrqControl in ASH_SLOT_EXTRA + 1, and argv[1], argv[2]: physical address and size in bytes
 * of the flattened device tree, in hexadecimal with 0x; the memory manager has it as device memory;
 * power: Firmware with the right to reset in ASH_SLOT_EXTRA + 1. */
#define ASH_MANAGER_ENDPOINT ((ash_cptr)ASH_SLOT_EXTRA)
#define ASH_PNP_IRQ_CONTROL  ((ash_cptr)ASH_SLOT_EXTRA + 1)
#define ASH_POWER_FIRMWARE   ((ash_cptr)ASH_SLOT_EXTRA + 1)

#endif
