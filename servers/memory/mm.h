// SPDX-License-Identifier: MIT
/*
 * The memory manager's bookkeeping: types and the interfaces between its files. No function here
 * knows how a request arrives; operation.c turns requests into calls of these.
 *
 *   block.c    RAM as a buddy system of Untyped blocks      slot.c    capability slots
 *   frame.c    4 KiB frames made of blocks                  pool.c    fixed-size records
 *   vector.c   index -> 32-bit value                        map.c     frames into a VSpace
 *   section.c  runs of pages, their views                   range.c   free addresses of a task
 *   grant.c    grants, forwarding tree    link.c  links     device.c  device memory
 *   task.c     tasks and their page tables                  untyped.c memory for kernel objects
 *   io_space.c devices and their IoSpaces        reach.c   what a device may see of a section
 *   open.c    pages that a device may use now
 *
 * Invariants, checked by tests/servers/memory after every step of a random run:
 * - a RAM page belongs to one block; a page of a frame block is free or in exactly one section;
 * - a section's pages go back when it is closed and has neither a view nor a reach;
 * - a grant is closed before its parent, and a link's grants before the link;
 * - a closed grant lives while its answerer has it mapped or its device reaches pages by it;
 * - a page is in an IoSpace only if a lasting reach or an open of that device names it;
 * - slots and records in use are those reachable from a live task, section, link or block.
 */
#ifndef MEMORY_MM_H
#define MEMORY_MM_H

#include "backend.h"
#include "memory.h"
#include "status.h"

/* --- Records of fixed size, named by index; index 0 is none -------------------------------------
 */

struct mm_arena {
    char *base;
    size_t backed; /* bytes that are mapped, whole pages */
};

struct mm_pool {
    struct mm_arena arena;
    uint32_t element; /* bytes */
    uint32_t used;    /* live records */
    uint32_t top;     /* records ever handed out, with record 0 */
    uint32_t free;    /* first free record; the next one's index is in its first word */
};

[[nodiscard]] bool mm_arena_back(struct mm_arena *arena, size_t bytes);
void mm_pool_init(struct mm_pool *pool, unsigned arena, size_t element);
/* A zeroed record's index, or 0 when no page is left for more of them. */
[[nodiscard]] uint32_t mm_pool_take(struct mm_pool *pool);
void mm_pool_give(struct mm_pool *pool, uint32_t index);
/* The record, or null if the index was never handed out. */
void *mm_pool_at(const struct mm_pool *pool, uint32_t index);

/* --- Vectors of 32-bit values: one value in place, more in a tree of 64-way nodes ----------------
 */

struct mm_vector {
    uint32_t root, count;
};

[[nodiscard]] bool mm_vector_init(struct mm_vector *vector, uint32_t count);
uint32_t mm_vector_get(const struct mm_vector *vector, uint32_t index);
void mm_vector_set(struct mm_vector *vector, uint32_t index, uint32_t value);
uint32_t *mm_vector_place(struct mm_vector *vector, uint32_t index); /* of a value */
void mm_vector_fini(struct mm_vector *vector);

/* --- Capability slots ----------------------------------------------------------------------------
 */

#define MM_RUN_MAX MM_SLOTS_PER_PAGE

void mm_slot_init(mm_slot first); /* slots below `first` are in use */
/* 2^order consecutive slots of one page, or 0. Never grows the slot space. */
[[nodiscard]] mm_slot mm_slot_take(unsigned order);
void mm_slot_give(mm_slot first, unsigned order);
/* Makes sure that two slot pages are entirely free, which is more than any single step needs. */
[[nodiscard]] bool mm_slot_reserve(void);
uint32_t mm_slot_used(void);
unsigned mm_order(uint32_t count); /* smallest order with 2^order >= count */

/* --- Blocks: a group is 8 pages; a block is 2^level groups
 * ----------------------------------------- */

#define MM_GROUP_PAGES 8u
#define MM_LEVELS      12u /* 32 KiB .. 64 MiB */
#define MM_NO_GROUP    UINT32_MAX

enum mm_block_state {
    MM_BLOCK_NONE = 0, /* no RAM here, or memory that never was the manager's */
    MM_BLOCK_FREE,
    MM_BLOCK_UNTYPED, /* given out whole, as an Untyped */
    MM_BLOCK_FRAMES,  /* made into frames */
};

struct mm_group {
    uint32_t next, previous; /* of the free list or the list of partly free groups */
    mm_slot frames;          /* the first of the group's 8 frame capabilities */
    uint8_t state, level;    /* of the block it is in */
    uint8_t free, dirty;     /* a bit for each page; dirty pages are cleared before use */
    uint8_t windowed;        /* its frame is mapped in the manager's window */
    uint8_t exported;        /* the process manager got a copy of its frame */
    uint16_t pages_free;     /* of the whole block, in the block's first group */
};

struct mm_ram {
    uint64_t physical, bytes; /* whole pages */
    mm_slot untyped;          /* its free part is exactly this memory */
};

/* Group number of the first group, or MM_NO_GROUP. */
[[nodiscard]] uint32_t mm_block_take(unsigned level);
[[nodiscard]] uint32_t mm_block_take_below(unsigned level, uint64_t highest);
void mm_block_give(uint32_t group, unsigned level);
mm_slot mm_block_slot(uint32_t group, unsigned level);
void mm_block_add(const struct mm_ram *ram);
unsigned mm_block_level(uint64_t bytes);

/* --- Frames
 * ------------------------------------------------------------------------------------------ */

typedef uint32_t mm_page; /* (physical - mm.base) / ASH_PAGE_SIZE */

/* Fills pages[0..count) with zeroed pages, or changes nothing. */
[[nodiscard]] ash_status mm_frame_take(struct mm_vector *pages, uint32_t count);
/* The same, physically contiguous, and below `highest` (inclusive). */
[[nodiscard]] ash_status mm_frame_take_contiguous(struct mm_vector *pages, uint32_t count,
                                                  uint64_t highest);
/* No mapping of the page may exist any more but the manager's own. */
void mm_frame_give(mm_page page);
mm_slot mm_frame_slot(mm_page page);
uint64_t mm_frame_physical(mm_page page);
/* The page in the manager's own address space, or null without memory for a page table. */
void *mm_frame_window(mm_page page);
void mm_frame_exported(mm_page page); /* somebody else got a capability derived from its frame */
/* Before there are blocks: an object of the region that the manager starts with. */
void mm_boot_account(void);
[[nodiscard]] bool mm_boot_make(unsigned type, unsigned size, mm_slot *slot);
[[nodiscard]] bool mm_frame_for_manager(void *address); /* a page for the manager's own arrays */

/* --- Tasks
 * ------------------------------------------------------------------------------------------- */

#define MM_TASKS 512u

struct mm_range {
    uint64_t start, end;
    uint32_t next;
};

struct mm_task {
    uint32_t id;
    mm_slot vspace;
    uint64_t low; /* page from which on the manager chooses addresses */
    uint32_t quota, pages;
    uint32_t views;    /* root of the tree of its views, by address */
    uint32_t sections; /* list of those it owns */
    uint32_t answers;  /* list of grants it is the answerer of */
    uint32_t section_count, grant_count;
    uint32_t given;   /* open grants it is the requester of */
    uint32_t stale;   /* of the grants it answers: closed ones that still hold something */
    uint32_t opens;   /* of its devices */
    uint32_t tables;  /* list of blocks for page tables (group number + 1). Such a group's `frames`
                         are the slots of its tables, `pages_free` counts those made */
    uint32_t devices; /* list of allowed device ranges */
    bool adopted;
    uint32_t io; /* id of the record of its first device, 0: it may not use DMA (io_space.c) */
    uint32_t hash_next;

    /* Of a device's record; then `io` is the next one of the same task, and `vspace` its IoSpace, 0
     * if it is not confined. */
    uint32_t driver;  /* task id */
    uint32_t reaches; /* list */
    uint64_t pdo;     /* how the task names it */
    uint64_t highest; /* logical address that it can produce */
};

/* In the ids of devices' records. */
#define MM_TASK_IO 0x80000000u

struct mm_task *mm_task_find(uint32_t id);
/* A record without an address space, or null; and forgetting one whose every list is empty. */
struct mm_task *mm_task_new(uint32_t id, uint32_t quota);
void mm_task_forget(struct mm_task *task);
[[nodiscard]] ash_status mm_task_create(uint32_t id, uint32_t quota, mm_slot *vspace);
/* A task that root made: its VSpace capability is in `vspace`. */
[[nodiscard]] ash_status mm_task_adopt(uint32_t id, uint32_t quota, mm_slot vspace);
[[nodiscard]] ash_status mm_task_destroy(uint32_t id);

/* --- Sections and views
 * ------------------------------------------------------------------------------- */

enum mm_view_kind { MM_VIEW_OWN, MM_VIEW_GRANT, MM_VIEW_LINK, MM_VIEW_DEVICE, MM_VIEW_IO };

struct mm_section {
    struct mm_vector pages;
    uint32_t owner;          /* task id; 0 when that task is gone */
    uint32_t views;          /* list */
    uint32_t grants;         /* list of those made directly of it */
    uint32_t reaches;        /* list of those of its owner's own devices */
    uint32_t holders;        /* all reaches */
    uint32_t next, previous; /* of the owner's list */
    bool closed, link;       /* link: ring memory, never granted */
};

struct mm_view {
    uint64_t start, span;  /* pages, with guard pages: the node's key and extent */
    uint64_t address;      /* of the first mapped page */
    uint32_t elements;     /* frames mapped: pages, or pieces of device memory */
    uint32_t prot;         /* what it may be at most */
    struct mm_vector runs; /* slot runs of MM_RUN_MAX (the last one shorter) */
    uint32_t task;         /* id */
    uint32_t section, next, previous;
    uint64_t device_start, device_end;
    uint32_t grant; /* of kind GRANT */
    uint8_t kind, random;
    uint32_t left, right, priority; /* the tree */
    uint64_t sub_start, sub_end, sub_gap;
};

/* range.c: a task's views ordered by address, with the largest hole below each node. */
void mm_range_insert(uint32_t *root, uint32_t view);
void mm_range_remove(uint32_t *root, uint32_t view);
uint32_t mm_range_find(uint32_t root, uint64_t page); /* the view whose extent holds it, or 0 */
bool mm_range_free(uint32_t root, uint64_t start, uint64_t span);
/* Lowest free run of `span` pages at a multiple of `align` (+ `offset`) pages in [low, high); 0:
 * none */
uint64_t mm_range_hole(uint32_t root, uint64_t low, uint64_t high, uint64_t span, uint64_t align,
                       uint64_t offset);

struct mm_view_request {
    struct mm_task *task;
    uint64_t address;    /* 0: the manager chooses */
    unsigned prot, most; /* mapped with, and may be changed to */
    bool guard;
    uint8_t kind;
};

[[nodiscard]] ash_status mm_section_create(struct mm_task *owner, uint32_t pages,
                                           uint32_t *section);
[[nodiscard]] ash_status mm_section_create_contiguous(struct mm_task *owner, uint32_t pages,
                                                      uint64_t highest, uint32_t *section);
void mm_section_close(uint32_t section);
void mm_section_settle(uint32_t section); /* frees it if nothing needs it any more */
[[nodiscard]] ash_status mm_view_create(const struct mm_view_request *request, uint32_t section,
                                        uint32_t *view);
/* Fills start, span, address, kind, prot, task of a view of `pages` pages, chosen so that its first
 * page is `offset` modulo `align`. */
[[nodiscard]] ash_status mm_view_place(const struct mm_view_request *request, uint64_t pages,
                                       uint64_t align, uint64_t offset, struct mm_view *view);
void mm_view_destroy(uint32_t view);
mm_slot mm_view_slot(const struct mm_view *view, uint32_t element);
[[nodiscard]] ash_status mm_view_protect(struct mm_view *view, uint32_t first, uint32_t count,
                                         unsigned prot);
struct mm_section *mm_section(uint32_t index);
struct mm_view *mm_view(uint32_t index);
/* The caller's own view that starts at the address, or null. */
struct mm_view *mm_view_at(struct mm_task *task, uint64_t address, uint32_t *index);

/* map.c */
[[nodiscard]] ash_status mm_map_frame(struct mm_task *task, mm_slot frame, uint64_t address,
                                      unsigned prot);
[[nodiscard]] ash_status mm_map_runs(struct mm_view *view, uint32_t elements);
void mm_map_runs_undo(struct mm_view *view, uint32_t filled);
/* Makes a page table or VSpace of the task's own table memory. */
[[nodiscard]] bool mm_table_make(struct mm_task *task, unsigned type, mm_slot *slot);
void mm_tables_give(struct mm_task *task);
bool mm_prot_valid(uint64_t prot);
ash_status mm_status(enum ash_error error);

/* --- Grants and links
 * ----------------------------------------------------------------------------------- */

/* Open grants that one task may have given: the records are the manager's own memory. */
#define MM_GRANTS_GIVEN 4096u
/* Closed grants that one task may hold before it gets no further mapping or DMA address. */
#define MM_GRANTS_STALE 4096u

struct mm_link;

struct mm_grant {
    uint32_t section, prot;
    uint32_t requester, answerer; /* task ids */
    uint64_t link;                /* id; a stale grant's link may be gone, unless it is mapped */
    uint32_t link_index;
    uint32_t parent, children;               /* forwarding tree */
    uint32_t sibling_next, sibling_previous; /* in the parent's or the section's list */
    uint32_t link_next, link_previous;
    uint32_t answer_next, answer_previous;
    uint32_t view;
    uint32_t reaches; /* list: what the answerer's devices may see of it */
    uint32_t generation;
    bool live, closed, registered;
};

[[nodiscard]] ash_status mm_grant_create(struct mm_task *caller, uint64_t link, uint64_t address,
                                         uint64_t prot, struct ash_mem_grant_reply *reply);
[[nodiscard]] ash_status mm_grant_forward(struct mm_task *caller,
                                          const struct ash_mem_forward_request *request,
                                          struct ash_mem_grant_reply *reply);
[[nodiscard]] ash_status mm_grant_close(struct mm_task *caller, uint64_t link, uint64_t grant);
[[nodiscard]] ash_status mm_grant_map(struct mm_task *caller, uint64_t link, uint64_t grant,
                                      struct ash_mem_map_reply *reply);
[[nodiscard]] ash_status mm_grant_open(struct mm_task *caller, struct mm_task *device,
                                       const struct ash_mem_dma_open_request *request,
                                       struct ash_mem_dma_open_reply *reply);
[[nodiscard]] ash_status mm_grant_release(struct mm_task *caller, uint64_t link, uint64_t grant);
void mm_grant_stale(const struct mm_task *caller, struct ash_mem_stale_reply *reply);
void mm_grant_close_tree(uint32_t grant);
void mm_grant_view_gone(uint32_t grant);
void mm_grant_link_gone(const struct mm_link *link); /* unmaps what is left of its closed grants */
void mm_grant_task_gone(struct mm_task *task);       /* gives up all it is the answerer of */
void mm_grant_vacate(struct mm_link *link);          /* its live grants have no answerer now */
void mm_grant_adopt(struct mm_link *link, struct mm_task *answerer); /* and here is one again */
void mm_grant_settle(uint32_t grant); /* forgets it if it is closed and holds nothing any more */
struct mm_grant *mm_grant(uint32_t index);

/* USES is made when the requester asks for it. */
enum { MM_LINK_REQUESTS, MM_LINK_ANSWERS, MM_LINK_USES, MM_LINK_AREAS };

struct mm_link {
    uint64_t id;
    uint32_t requester, answerer;
    uint32_t section[MM_LINK_AREAS];
    uint32_t io_view[MM_LINK_AREAS], requester_view[MM_LINK_AREAS], answerer_view[MM_LINK_AREAS];
    uint32_t grants; /* list */
    uint32_t opens;  /* list of those bound to its requests */
    uint32_t generation, slots;
    _Atomic uint16_t *uses; /* area USES: opens by slot. Null: nobody looks */
    bool live, closed;
    bool kept; /* does not end with its answerer; answerer is 0 while it has none */
};

struct mm_link *mm_link_find(uint64_t id, uint32_t *index);
struct mm_link *mm_link(uint32_t index);
[[nodiscard]] ash_status mm_link_create(struct mm_task *io,
                                        const struct ash_mem_link_create_request *request,
                                        struct ash_mem_link_create_reply *reply);
[[nodiscard]] ash_status mm_link_close(uint64_t id);
[[nodiscard]] ash_status mm_link_free(uint64_t id);
/* The answerer may end and another one come in its place. */
[[nodiscard]] ash_status mm_link_keep(uint64_t id);
[[nodiscard]] ash_status mm_link_resume(uint64_t id, uint64_t answerer,
                                        struct ash_mem_link_create_reply *reply);
/* The task is being destroyed: grants of its links are closed, or left without an answerer. */
void mm_link_task_gone(struct mm_task *task);
void mm_link_view_gone(uint32_t view);
[[nodiscard]] ash_status mm_link_uses(uint32_t index); /* makes the area USES */

#include "dma.h"

/* --- Device memory
 * ------------------------------------------------------------------------------------- */

enum { MM_SEGMENT_WHOLE, MM_SEGMENT_SMALL, MM_SEGMENT_MEGA };

struct mm_segment {
    uint64_t start, end;
    mm_slot untyped, frames;
    uint32_t next;  /* by address */
    uint32_t users; /* views over a MEGA segment */
    uint8_t shape;
};

void mm_device_add(const struct mm_ram *device);
[[nodiscard]] ash_status mm_device_allow(uint32_t task, uint64_t physical, uint64_t bytes);
[[nodiscard]] ash_status mm_device_revoke(uint32_t task, uint64_t physical, uint64_t bytes);
[[nodiscard]] ash_status mm_device_map(struct mm_task *task, uint64_t physical, uint64_t bytes,
                                       struct ash_mem_map_reply *reply);
void mm_device_view_gone(const struct mm_view *view);
void mm_device_task_gone(struct mm_task *task);

/* --- Untypeds for the process manager
 * -------------------------------------------------------------------- */

[[nodiscard]] ash_status mm_untyped_take(uint64_t bytes, struct ash_mem_untyped_reply *reply,
                                         mm_slot *slot);
[[nodiscard]] ash_status mm_untyped_give(uint64_t id);

/* --- Everything
 * ----------------------------------------------------------------------------------------- */

enum mm_arena_number {
    MM_ARENA_GROUPS,
    MM_ARENA_NODES,
    MM_ARENA_SECTIONS,
    MM_ARENA_VIEWS,
    MM_ARENA_GRANTS,
    MM_ARENA_LINKS,
    MM_ARENA_VECTORS,
    MM_ARENA_SEGMENTS,
    MM_ARENA_RANGES,
    MM_ARENA_REACHES,
    MM_ARENA_OPENS,
};

struct mm {
    uint64_t base; /* physical address of page 0: a multiple of the largest block */
    uint32_t group_count;
    struct mm_group *group;
    mm_slot *node[MM_LEVELS]; /* node[level][group >> level]: the block's Untyped, 0 if none */
    uint32_t free[MM_LEVELS]; /* free blocks, group number + 1 */
    uint32_t partial;         /* groups with some free frames, group number + 1 */
    struct mm_pool sections, views, grants, links, vectors, segments, ranges, reaches, opens;
    uint32_t segment_first;
    struct mm_task task[MM_TASKS];
    uint32_t task_hash[MM_TASKS];
    uint32_t task_count;
    struct mm_task *self;
    struct mm_ram boot; /* while it has bytes: where the manager's own pages come from at start */
    mm_slot temporary;  /* for a capability on its way to a client */
    uint64_t pages_total, pages_free, pages_tables, pages_objects, pages_own;
};
extern struct mm mm;

/* Takes over RAM and device memory. The own VSpace is in MM_SLOT_OWN_VSPACE; slot page 0 exists,
 * and slots from `first_slot` on are empty. False: too little memory to begin with. */
[[nodiscard]] bool mm_init(uint32_t self, const struct mm_ram *ram, unsigned ram_count,
                           const struct mm_ram *device, unsigned device_count, mm_slot first_slot);

/* --- Requests
 * -----------------------------------------------------------------------------------------------
 */

struct mm_result {
    size_t bytes; /* of the reply */
    mm_slot send; /* capability for the caller, 0 if none */
};
ash_status mm_operation(uint32_t caller, uint64_t op, const void *request, size_t request_bytes,
                        void *reply, struct mm_result *result);

#endif
