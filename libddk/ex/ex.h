// SPDX-License-Identifier: MIT
//
// Inside of the executive: pool without IRQL checks, for the kit's own objects.

#ifndef DDK_EX_H
#define DDK_EX_H

#include <wdm.h>

// 16-byte aligned (page aligned from a page upwards), not zeroed; NULL without memory. Tag 0 in a
// free means any.
PVOID ex_pool_allocate(SIZE_T bytes, ULONG tag);

// The same with attributes: paged blocks may be freed at IRQL <= APC_LEVEL only; cache-aligned ones
// begin at a multiple of 64.
#define EX_POOL_PAGED         1u
#define EX_POOL_CACHE_ALIGNED 2u
PVOID ex_pool_allocate_kind(SIZE_T bytes, ULONG tag, ULONG kind);

// Checks what a driver frees, beyond what ex_pool_free does: the IRQL of paged memory, and that
// nothing in it is still set or queued.
void ex_pool_check_free(PVOID p, ULONG tag);

void ex_pool_free(PVOID p, ULONG tag);

// Bytes and blocks in use, for leak checks of tests and the crash report.
void ex_pool_usage(SIZE_T *bytes, SIZE_T *blocks);

#endif
