// SPDX-License-Identifier: MIT
//
// Remove locks. IoCount starts at 1; every acquire adds 1; ReleaseAndWait takes its own and the
// first one back and waits for 0.

#include "io.h"

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG max_minutes, ULONG high_water,
                              ULONG size)
{
    (void)tag, (void)max_minutes, (void)high_water, (void)size;
    lock->Common.Removed = FALSE;
    lock->Common.IoCount = 1;
    KeInitializeEvent(&lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, PCSTR file, ULONG line, ULONG size)
{
    (void)tag, (void)file, (void)line, (void)size;
    LONG count = InterlockedIncrement(&lock->Common.IoCount);
    if (count <= 0)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "remove lock acquired before it was initialised", (ULONG_PTR)lock, 0);
    if (!lock->Common.Removed)
        return STATUS_SUCCESS;
    if (InterlockedDecrement(&lock->Common.IoCount) == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
    return STATUS_DELETE_PENDING;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    (void)tag, (void)size;
    LONG count = InterlockedDecrement(&lock->Common.IoCount);
    if (count < 0)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION, "remove lock released once too often",
                     (ULONG_PTR)lock, 0);
    if (count == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    (void)tag, (void)size;
    if (lock->Common.Removed)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION, "IoReleaseRemoveLockAndWait called twice",
                     (ULONG_PTR)lock, 0);
    lock->Common.Removed = TRUE;
    if (InterlockedDecrement(&lock->Common.IoCount) <= 0)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoReleaseRemoveLockAndWait without an acquire", (ULONG_PTR)lock, 0);
    if (InterlockedDecrement(&lock->Common.IoCount) > 0)
        KeWaitForSingleObject(&lock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
