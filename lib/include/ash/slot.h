// SPDX-License-Identifier: MIT
/*
 * Which slots of the own CNode are free. By default these are ASH_SLOT_OWN .. 1023; a task with a
 * larger CNode gives its own range and bitmap. Thread-safe.
 */
#ifndef ASH_SLOT_H
#define ASH_SLOT_H

#include "kernel/types.h"

/* Manages slots first .. first + count - 1; bitmap has a bit for each (count a multiple of 64) and
 * stays in use. To be called before the first allocation. */
void ash_slot_range(ash_word first, unsigned count, uint64_t *bitmap);

/* An empty slot, or 0 if none is left. */
[[nodiscard]] ash_cptr ash_slot_alloc(void);

/* `count` (1..64) consecutive empty slots; the first of them, or 0. */
[[nodiscard]] ash_cptr ash_slot_alloc_run(unsigned count);

/* The slot must be empty. 0 is ignored. */
void ash_slot_free(ash_cptr slot);

/* Deletes the capability in it (if any), then frees the slot. 0 is ignored. */
void ash_slot_delete(ash_cptr slot);

#endif
