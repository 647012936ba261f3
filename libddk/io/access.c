// SPDX-License-Identifier: MIT
//
// Questions of a highest-level driver: may the sender of a control request do that, and how much
// stack is left.

#include "io.h"

// The access that a file was opened with is told to the driver in its file object.
NTSTATUS IoValidateDeviceIoControlAccess(PIRP irp, ULONG required)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if ((location->MajorFunction != IRP_MJ_DEVICE_CONTROL &&
         location->MajorFunction != IRP_MJ_FILE_SYSTEM_CONTROL) ||
        (required & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS)) != 0)
        return STATUS_INVALID_PARAMETER;
    if (irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    PFILE_OBJECT file = location->FileObject;
    if (file == NULL || ((required & FILE_READ_ACCESS) != 0 && !file->ReadAccess) ||
        ((required & FILE_WRITE_ACCESS) != 0 && !file->WriteAccess))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

VOID IoGetStackLimits(PULONG_PTR low, PULONG_PTR high)
{
    uintptr_t from, to;
    port_stack_limits(&from, &to);
    *low = from;
    *high = to;
}

PVOID IoGetInitialStack(VOID)
{
    uintptr_t low, high;
    ki_require_irql(APC_LEVEL, "IoGetInitialStack above APC_LEVEL");
    port_stack_limits(&low, &high);
    return (PVOID)high;
}

ULONG_PTR IoGetRemainingStackSize(VOID)
{
    uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0);
    port_stack_limits(&low, &high);
    return here > low ? here - low : 0;
}
