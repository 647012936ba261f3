// SPDX-License-Identifier: MIT
/*
 * The root task: the only one that ever holds everything. It builds the memory and the process
 * manager by itself, starts the others through the process manager with the few capabilities each
 * needs, and then only waits for faults of the two it built: those end the system, by name.
 *
 *   stock.c    objects out of Untyped, and slots       space.c   page tables and mappings
 *   package.c  the boot package in sight               build.c   a task out of an ELF file
 *   early.c    memory and process                      managers.c  object, io, pnp, power, shell
 *   handover.c the kernel's test program instead of all this
 *
 * Nothing here can fail and go on: a broken rule is printed and the machine is shut down with
 * failure.
 */
#ifndef ROOT_H
#define ROOT_H

#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/start.h"
#include "boot_protocol.h"
#include "process.h"

#include <elf.h>

struct root {
    const struct ash_boot *boot;
    bool quiet;
    ash_word package;                     /* first byte of the archive, where it is mapped now */
    ash_cptr faults;                      /* endpoint */
    ash_cptr manager[ASH_SLOT_POWER + 1]; /* endpoints by the slot where clients find them */
};
extern struct root root;

/* --- stock.c --- */
void stock_init(void);
/* `count` empty slots, the first of them. */
ash_word stock_slots(unsigned count);
/* `count` objects of RAM in consecutive slots, the first of them. */
ash_cptr stock_make(enum ash_object_type type, ash_word size, unsigned count);
ash_cptr stock_one(enum ash_object_type type);
/* A Reply object that was set aside while there was memory. */
ash_cptr stock_reply(void);
/* Frames of what is still unused of a device region. */
ash_cptr stock_frames_of(ash_cptr untyped, unsigned bits, unsigned count);
/* The slot of the first region of that kind, or 0; its description. */
ash_cptr stock_region(enum ash_region_kind kind, struct ash_region *region);
/* Hands all that is left to the memory manager's CNode and describes it. */
void stock_give_away(ash_cptr cnode, struct ash_memory_boot *description);
ash_word stock_pages_used(void);
ash_word stock_pages_total(void);

/* --- space.c --- */
/* Maps it, making page tables as needed. */
void space_map(ash_cptr vspace, ash_cptr frame, ash_word address, ash_word rights);
/* Frames are seen one at a time through a window in root's own space. */
void *space_window_open(ash_cptr frame);
void space_window_close(ash_cptr frame);

/* --- package.c --- */
void package_open(void);
/* Ends the system if it is not there. */
void package_find(const char *path, const void **data, size_t *size);
/* From root's space into another. */
void package_move(ash_cptr vspace);

/* --- build.c --- */
struct build {
    const char *name;
    ash_word task;
    unsigned radix, priority;
    ash_word stack_top, stack_pages;
    ash_word ipc_address;
    ash_cptr cnode, vspace, thread, sched, ipc_frame;
    struct elf_image image;
    ash_word pages; /* mapped in it */
};
/* CNode, VSpace, image, stack, IPC buffer and a thread that does not run yet. */
void build_task(struct build *build, const char *path);
void build_load(struct build *build, const char *path);
/* A zeroed page of the task, filled with `bytes`. */
void build_page(struct build *build, ash_word address, const void *bytes, size_t count,
                ash_word rights);
void build_start_page(struct build *build);
/* Copies a capability into its CNode. */
void build_give(struct build *build, ash_word slot, ash_cptr source, ash_word rights);
void build_mint(struct build *build, ash_word slot, ash_cptr endpoint, ash_word badge);
void build_run(struct build *build, ash_word argument);

/* --- early.c, managers.c, handover.c --- */
void early_start(void);
void managers_start(void);
[[noreturn]] void handover(const char *path);

/* The call must succeed. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        ash_error must_error = (call);                                                             \
        if (must_error != ASH_OK)                                                                  \
            ash_panic("%s: error %u", #call, (unsigned)must_error);                                \
    } while (0)

/* Rights with which clients hold a manager's endpoint. */
#define CLIENT_RIGHTS (ASH_RIGHT_WRITE | ASH_RIGHT_GRANT | ASH_RIGHT_GRANT_REPLY)

#endif
