// SPDX-License-Identifier: MIT
//
// Things that are initialised once, by whoever comes first. What they are initialised to is a
// pointer whose two lowest bits are zero. IRQL <= APC_LEVEL.
// Documentation: nf-ntddk-rtlrunonce*.

#ifndef DDK_RUN_ONCE_H
#define DDK_RUN_ONCE_H

#include <ntdef.h>

typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE;

#define RTL_RUN_ONCE_INIT              {0}
#define RTL_RUN_ONCE_CHECK_ONLY        0x00000001UL
#define RTL_RUN_ONCE_ASYNC             0x00000002UL
#define RTL_RUN_ONCE_INIT_FAILED       0x00000004UL
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2

// Returns nonzero when it has initialised, and the data in *context.
typedef ULONG RTL_RUN_ONCE_INIT_FN(PRTL_RUN_ONCE run_once, PVOID parameter, PVOID *context);
typedef RTL_RUN_ONCE_INIT_FN *PRTL_RUN_ONCE_INIT_FN;

VOID RtlRunOnceInitialize(PRTL_RUN_ONCE run_once);

// Calls the routine unless that was done; others wait meanwhile. STATUS_UNSUCCESSFUL: it failed,
// and the next caller tries again. *context (unless NULL): the data. Normal kernel APCs are
// disabled.
NTSTATUS RtlRunOnceExecuteOnce(PRTL_RUN_ONCE run_once, PRTL_RUN_ONCE_INIT_FN routine,
                               PVOID parameter, PVOID *context);

// STATUS_PENDING: the caller is to initialise and to call RtlRunOnceComplete. STATUS_SUCCESS: that
// was done, *context is the data. With ASYNC several may try at once; else they wait for the first.
// With CHECK_ONLY STATUS_UNSUCCESSFUL while it was not done. STATUS_INVALID_PARAMETER: both flags,
// or ASYNC here and not there.
NTSTATUS RtlRunOnceBeginInitialize(PRTL_RUN_ONCE run_once, ULONG flags, PVOID *context);
// STATUS_UNSUCCESSFUL: another thread was first (ASYNC), or nothing was begun.
NTSTATUS RtlRunOnceComplete(PRTL_RUN_ONCE run_once, ULONG flags, PVOID context);

#endif
