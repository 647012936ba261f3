// SPDX-License-Identifier: MIT
/*
 * Memory of the own task, as the memory manager gives it (abi/memory.h). malloc and free work on
 * top of it: small blocks from 64 KiB chunks, large ones mapped one by one.
 */
#ifndef ASH_MEMORY_H
#define ASH_MEMORY_H

#include "status.h"
#include <stddef.h>

/* New zeroed pages, readable and writable; bytes is rounded up. */
[[nodiscard]] ash_status ash_map(size_t bytes, void **address);
/* The same with an unmapped page before and after. */
[[nodiscard]] ash_status ash_map_guarded(size_t bytes, void **address);
/* One more view of the section that an earlier ash_map put at `address`, with rights prot. Each
 * view is unmapped by itself; the memory goes with the last. */
[[nodiscard]] ash_status ash_map_again(void *address, unsigned prot, void **again);
/* The whole view that starts at `address`. */
[[nodiscard]] ash_status ash_unmap(void *address);
/* prot: enum ash_mem_prot, 0 no access; whole pages. */
[[nodiscard]] ash_status ash_protect(void *address, size_t bytes, unsigned prot);

/* Makes malloc use this memory only, which is never given back: for tasks with no memory manager
 * below them. To be called before the first malloc. */
void ash_heap_static(void *memory, size_t bytes);

#endif
