// SPDX-License-Identifier: MIT
//
// Inside of the executive: pool without IRQL checks, for the kit's own objects.

#ifndef DDK_EX_H
#define DDK_EX_H

#include <stdbool.h>

#include <wdm.h>

// 16-byte aligned (page aligned from a page upwards), not zeroed; NULL without memory. Tag 0 in a
// free means any.
PVOID ex_pool_allocate(SIZE_T bytes, ULONG tag);

// The same with attributes: paged blocks may be freed at IRQL <= APC_LEVEL only; cache-aligned ones
// begin at a multiple of 64.
#define EX_POOL_PAGED         1u
#define EX_POOL_CACHE_ALIGNED 2u
// EX_POOL_DRIVER: the driver's own, which it must free before it is unloaded, and which special
// pool is for.
#define EX_POOL_DRIVER 4u
PVOID ex_pool_allocate_kind(SIZE_T bytes, ULONG tag, ULONG kind);

// Memory that a routine makes for the driver, which the driver frees: NULL also where an allocation
// of the driver is made to fail.
PVOID ex_driver_allocate(SIZE_T bytes, ULONG tag);

// Checks what a driver frees, beyond what ex_pool_free does: the IRQL of paged memory, and that
// nothing in it is still set or queued.
void ex_pool_check_free(PVOID p, ULONG tag);

void ex_pool_free(PVOID p, ULONG tag);

// Bytes and blocks in use, for leak checks of tests and the crash report.
void ex_pool_usage(SIZE_T *bytes, SIZE_T *blocks);

// What the driver has not freed.
struct ex_leak {
    ULONG Tag;
    SIZE_T Bytes;
    bool Paged;
};
void ex_pool_leaks(void (*visit)(const struct ex_leak *leak, void *context), void *context);

// Special pool (special.c). Free: of a block that ex_special_find knows. Fault: ends the task if
// the address is that of a guard page or of a freed block.
PVOID ex_special_allocate(SIZE_T bytes, ULONG tag, ULONG kind);
bool ex_special_find(const void *p, SIZE_T *bytes, ULONG *kind);
bool ex_special_was_freed(const void *p);
void ex_special_free(PVOID p, ULONG tag);
void ex_special_fault(ULONG_PTR address, bool write, ULONG_PTR pc, const char *task);
void ex_special_leaks(void (*visit)(const struct ex_leak *leak, void *context), void *context);

#endif
