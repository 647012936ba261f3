// SPDX-License-Identifier: MIT
//
// IRPs: allocation and initialisation. An IRP is in one of these hands: the driver that owns its
// current location, a completion routine, or (CurrentLocation == StackCount + 2) the kit.
// Freed IRPs of small stacks are kept for reuse.

#include "io.h"

#define IRP_CLASS_STACK 8
#define KEEP_IRPS       128

static SLIST_HEADER free_irps;

VOID IoInitializeIrp(PIRP irp, USHORT size, CCHAR stack_size)
{
    memset(irp, 0, size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
}

PIRP io_allocate_irp(CCHAR stack_size, void (*finish)(PIRP irp))
{
    struct io_irp *header = NULL;
    bool small = stack_size <= IRP_CLASS_STACK;
    CCHAR room = small ? IRP_CLASS_STACK : stack_size;
    if (stack_size < 0)
        return NULL;
    if (small)
        header = (struct io_irp *)(PVOID)InterlockedPopEntrySList(&free_irps);
    if (header == NULL)
        header = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED,
                                 sizeof(*header) + IoSizeOfIrp(room), ' prI');
    if (header == NULL)
        return NULL;
    PIRP irp = (PIRP)(header + 1);
    header->Finish = finish;
    header->Context = NULL;
    header->Class = small;
    IoInitializeIrp(irp, IoSizeOfIrp(stack_size), stack_size);
    irp->AllocationFlags = IO_IRP_KIT;
    irp->Tail.Overlay.Thread = ki_thread();
    return irp;
}

void io_free_irp(PIRP irp)
{
    struct io_irp *header = io_irp_of(irp);
    irp->Type = 0;
    if (header->Class && ExQueryDepthSList(&free_irps) < KEEP_IRPS)
        InterlockedPushEntrySList(&free_irps, (PSLIST_ENTRY)header);
    else
        ExFreePoolWithTag(header, ' prI');
}

static void finish_driver_irp(PIRP irp)
{
    ki_violation(
        DRIVER_VERIFIER_IOMANAGER_VIOLATION,
        "an IRP from IoAllocateIrp was completed to its end: the driver's completion routine "
        "must return STATUS_MORE_PROCESSING_REQUIRED",
        (ULONG_PTR)irp, 0);
}

PIRP IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    (void)charge_quota;
    ki_require_irql(DISPATCH_LEVEL, "IoAllocateIrp above DISPATCH_LEVEL");
    PIRP irp = io_allocate_irp(stack_size, finish_driver_irp);
    if (irp != NULL)
        irp->AllocationFlags |= IO_IRP_DRIVER;
    return irp;
}

VOID IoFreeIrp(PIRP irp)
{
    ki_require_irql(DISPATCH_LEVEL, "IoFreeIrp above DISPATCH_LEVEL");
    if (irp->Type != IO_TYPE_IRP || (irp->AllocationFlags & IO_IRP_KIT) == 0)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoFreeIrp of something that IoAllocateIrp did not make or that was freed",
                     (ULONG_PTR)irp, 0);
    if (irp->CancelRoutine != NULL)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION, "IoFreeIrp with a cancel routine set",
                     (ULONG_PTR)irp, 0);
    io_free_irp(irp);
}

VOID IoReuseIrp(PIRP irp, NTSTATUS status)
{
    UCHAR flags = irp->AllocationFlags;
    IoInitializeIrp(irp, irp->Size, irp->StackCount);
    irp->AllocationFlags = flags;
    irp->IoStatus.Status = status;
    irp->Tail.Overlay.Thread = ki_thread();
}

NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT device, PIRP irp, PIO_COMPLETION_ROUTINE routine,
                                  PVOID context, BOOLEAN on_success, BOOLEAN on_error,
                                  BOOLEAN on_cancel)
{
    (void)device; // the device stays: inbound requests hold a reference until they are answered
    IoSetCompletionRoutine(irp, routine, context, on_success, on_error, on_cancel);
    return STATUS_SUCCESS;
}

VOID DdkNoStackLocation(const IRP *irp)
{
    ki_violation(NO_MORE_IRP_STACK_LOCATIONS, "no stack location left in the IRP", (ULONG_PTR)irp,
                 (ULONG_PTR)irp->CurrentLocation);
}
