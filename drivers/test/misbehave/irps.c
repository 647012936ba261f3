// SPDX-License-Identifier: MIT
//
// Breaks the rules of completing requests.
#include "misbehave.h"

NTSTATUS MisbehaveDoGood(PIRP irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length;
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, length, 0x5A);
    return MisbehaveComplete(irp, STATUS_SUCCESS, length);
}

NTSTATUS MisbehaveDoTwice(PIRP irp)
{
    (VOID) MisbehaveComplete(irp, STATUS_SUCCESS, 0);
    return MisbehaveComplete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS MisbehaveDoNever(PIRP irp)
{
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

NTSTATUS MisbehaveDoDropped(PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    return STATUS_SUCCESS;
}

NTSTATUS MisbehaveDoUnmarked(PIRP irp)
{
    (VOID) MisbehaveComplete(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

NTSTATUS MisbehaveDoPending(PIRP irp)
{
    return MisbehaveComplete(irp, STATUS_PENDING, 0);
}
