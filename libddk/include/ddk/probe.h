// SPDX-License-Identifier: MIT
//
// Checks of the addresses that a request brings with it. While a request of an application is
// dispatched, its user addresses are the ranges that came with it (METHOD_NEITHER: input, output),
// as they lie in this task; nothing else of this task is one. Raise STATUS_ACCESS_VIOLATION,
// STATUS_DATATYPE_MISALIGNMENT. Length 0 is not checked. IRQL <= APC_LEVEL.
// Documentation: nf-wdm-probeforread, nf-wdm-probeforwrite.

#ifndef DDK_PROBE_H
#define DDK_PROBE_H

VOID ProbeForRead(const volatile VOID *address, SIZE_T length, ULONG alignment);
VOID ProbeForWrite(volatile VOID *address, SIZE_T length, ULONG alignment);

#endif
