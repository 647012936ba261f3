// SPDX-License-Identifier: MIT
//
// Inside of the executive: pool without IRQL checks, for the kit's own objects.

#ifndef DDK_EX_H
#define DDK_EX_H

#include <wdm.h>

// 16-byte aligned (page aligned from a page upwards), not zeroed; NULL without memory. Tag 0 in a
// free means any.
PVOID ex_pool_allocate(SIZE_T bytes, ULONG tag);
void ex_pool_free(PVOID p, ULONG tag);

// Bytes and blocks in use, for leak checks of tests and the crash report.
void ex_pool_usage(SIZE_T *bytes, SIZE_T *blocks);

#endif
