// SPDX-License-Identifier: MIT
/*
 * The part of the bookkeeping that has to do with DMA: devices, what they may see of sections, and
 * what they may use now. Included by mm.h, where its types come from.
 */
#ifndef MEMORY_DMA_H
#define MEMORY_DMA_H

#include "backend.h"

struct mm_task;
struct mm_link;

/* --- Devices (io_space.c)
 * -----------------------------------------------------------------------------------------------
 */

/* From now on the task may use DMA with that device, which it names by `pdo`; its ID at the IOMMU,
 * or ASH_MEM_NO_DEVICE: not confined. */
[[nodiscard]] ash_status mm_io_allow(struct mm_task *task, uint64_t device, uint64_t pdo);
/* The device reaches nothing any more, what it had begun is done, and everything of it is given
 * back, in this order. pdo 0: all devices of the task. */
void mm_io_end(struct mm_task *task, uint64_t pdo);
/* The record of the task's device of that name, or of its only device; null: it may not use DMA. */
struct mm_task *mm_io_device(const struct mm_task *task, uint64_t pdo);
/* Where the first of `pages` pages can be for that device; 0: nowhere. */
uint64_t mm_io_place(const struct mm_task *device, uint64_t pages);
/* The owner gives the section up: its own devices reach it no more. */
void mm_io_section_gone(uint32_t section);

/* --- Reaches (reach.c)
 * -----------------------------------------------------------------------------------------------
 */

struct mm_reach {
    uint32_t device;         /* id of its record */
    uint32_t section, grant; /* grant 0: the driver's own memory */
    uint32_t view;           /* of kind IO, 0 if the device is not confined */
    uint32_t next;           /* of the grant's or the section's list */
    uint32_t device_next, device_previous;
    uint32_t opens; /* list */
    bool writes, lasting;
    struct mm_vector uses; /* of a strict one: how many opens name each page */
};

struct mm_reach *mm_reach(uint32_t index);
/* Finds or makes one. */
[[nodiscard]] ash_status mm_reach_of_grant(struct mm_task *device, uint32_t grant, bool writes,
                                           uint32_t *reach);
[[nodiscard]] ash_status mm_reach_of_own(struct mm_task *device, uint32_t section, bool writes,
                                         bool lasting, uint32_t *reach);
/* Its opens are closed; the caller settles its grant and section. */
void mm_reach_destroy(uint32_t reach);
uint64_t mm_reach_logical(const struct mm_reach *reach, uint32_t page);
/* One open more or less names these pages of a strict one. */
[[nodiscard]] ash_status mm_reach_enter(struct mm_reach *reach, uint32_t first, uint32_t pages);
void mm_reach_leave(struct mm_reach *reach, uint32_t first, uint32_t pages);

/* --- Opens (open.c)
 * -----------------------------------------------------------------------------------------------
 */

/* Of the devices of one task. */
#define MM_OPENS 4096u

struct mm_open {
    uint32_t reach, first, pages;
    uint32_t task;       /* the driver's id */
    uint32_t link, slot; /* index of the link whose request it is bound to; 0: own memory */
    uint64_t sequence;   /* of that request */
    uint64_t generation;
    uint32_t reach_next, reach_previous;
    uint32_t link_next, link_previous;
};

struct mm_open_request {
    uint32_t reach, first, pages;
    uint32_t link, slot; /* as above */
    uint64_t grant_id;   /* as the ring names it */
    bool writes;
};

struct mm_open *mm_open(uint32_t index);
[[nodiscard]] ash_status mm_open_make(struct mm_task *caller, const struct mm_open_request *wanted,
                                      uint64_t *id);
void mm_open_close(uint32_t index);
[[nodiscard]] ash_status mm_open_close_id(const struct mm_task *caller, uint64_t id);
/* The requester's: what is bound to an answered request ends. */
[[nodiscard]] ash_status mm_open_end(const struct mm_task *caller, uint64_t link, uint64_t slot,
                                     struct ash_mem_dma_end_reply *reply);
[[nodiscard]] ash_status mm_open_uses(const struct mm_task *caller, uint64_t link,
                                      struct ash_mem_map_reply *reply);
void mm_open_link_gone(const struct mm_link *link);

#endif
