// SPDX-License-Identifier: MIT
//
// IRPs: allocation and initialisation. An IRP is in one of these hands: the driver that owns its
// current location, a completion routine, or (CurrentLocation == StackCount + 2) the kit.
// Freed IRPs of small stacks are kept for reuse.

#include "../vf/vf.h"
#include "io.h"

#define IRP_CLASS_STACK 8
#define KEEP_IRPS       128

static SLIST_HEADER free_irps;
static volatile LONG irps_made; // by IoAllocateIrp

ULONG io_irps_made(void)
{
    return (ULONG)irps_made;
}

// A call of memset costs more than the stores where the size is known. clean: the locations are
// zero.
FORCEINLINE void initialize(PIRP irp, USHORT size, CCHAR stack_size, bool clean)
{
    PIO_STACK_LOCATION first = (PIO_STACK_LOCATION)(irp + 1);
    __builtin_memset_inline(irp, 0, sizeof(*irp));
    if (!clean && stack_size == 1)
        __builtin_memset_inline(first, 0, sizeof(*first));
    else if (!clean)
        memset(first, 0, (SIZE_T)stack_size * sizeof(*first));
    irp->Type = IO_TYPE_IRP;
    irp->Size = size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation = first + stack_size;
}

VOID IoInitializeIrp(PIRP irp, USHORT size, CCHAR stack_size)
{
    ki_require_irql(DISPATCH_LEVEL, "IoInitializeIrp above DISPATCH_LEVEL");
    if (stack_size < 0 || size < IoSizeOfIrp(stack_size))
        io_violation(0x200, "IoInitializeIrp with less memory than IoSizeOfIrp says", irp, NULL,
                     0xff, __builtin_return_address(0));
    memset(irp, 0, size); // there may be more of it than the locations
    initialize(irp, size, stack_size, false);
}

FORCEINLINE void make(struct io_irp *header, CCHAR stack_size, bool clean)
{
    PIRP irp = (PIRP)(header + 1);
    header->Context = NULL;
    header->Calls = NULL;
    header->Returned[0] = header->Returned[1] = 0;
    header->Forced[0] = header->Forced[1] = 0;
    header->Top = 0;
    header->Cancelling = header->Finished = FALSE;
    header->Wake = header->PowerFailed = FALSE;
    initialize(irp, IoSizeOfIrp(stack_size), stack_size, clean);
    irp->AllocationFlags = IO_IRP_KIT;
    irp->Tail.Overlay.Thread = ki_thread();
}

bool io_renew_irp(PIRP irp, CCHAR stack_size)
{
    if (stack_size > IRP_CLASS_STACK && stack_size > irp->StackCount)
        return false;
    // Completing it has cleared the location.
    if (stack_size == 1 && irp->StackCount == 1 && irp->CurrentLocation == 1 + 2)
        make(io_irp_of(irp), 1, true);
    else
        make(io_irp_of(irp), stack_size, false);
    return true;
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
    header->Finish = finish;
    header->Class = small;
    make(header, stack_size, false);
    return (PIRP)(header + 1);
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

void io_finish_driver_irp(PIRP irp)
{
    io_violation(0x239,
                 "an IRP that the driver allocated was completed to its end: its completion "
                 "routine must free it and return STATUS_MORE_PROCESSING_REQUIRED",
                 irp, NULL, 0xff, NULL);
}

PIRP IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    (void)charge_quota;
    ki_require_irql(DISPATCH_LEVEL, "IoAllocateIrp above DISPATCH_LEVEL");
    PIRP irp = vf_fail() ? NULL : io_allocate_irp(stack_size, io_finish_driver_irp);
    if (irp == NULL)
        return NULL;
    irp->AllocationFlags |= IO_IRP_DRIVER;
    InterlockedIncrement(&irps_made);
    return irp;
}

VOID IoFreeIrp(PIRP irp)
{
    const void *caller = __builtin_return_address(0);
    ki_require_irql(DISPATCH_LEVEL, "IoFreeIrp above DISPATCH_LEVEL");
    if (irp->Type != IO_TYPE_IRP || (irp->AllocationFlags & IO_IRP_KIT) == 0)
        io_violation(1, "IoFreeIrp of something that IoAllocateIrp did not make or that was freed",
                     irp, NULL, 0xff, caller);
    if ((irp->AllocationFlags & IO_IRP_THREADED) != 0)
        io_violation(2,
                     "IoFreeIrp of an IRP that is still associated with a thread: it is freed when "
                     "it is completed",
                     irp, NULL, 0xff, caller);
    if ((irp->AllocationFlags & IO_IRP_DRIVER) == 0)
        io_violation(0x20b, "IoFreeIrp of an IRP that another driver or the system made", irp, NULL,
                     0xff, caller);
    if (irp->CancelRoutine != NULL)
        io_violation(0x20b, "IoFreeIrp with a cancel routine set", irp, NULL, 0xff, caller);
    if (io_is_below(irp))
        io_violation(0x20b, "IoFreeIrp of an IRP that is still in use by the driver it was sent to",
                     irp, NULL, 0xff, caller);
    if ((irp->AllocationFlags & IO_IRP_BUILT) == 0)
        InterlockedDecrement(&irps_made);
    io_free_irp(irp);
}

VOID IoReuseIrp(PIRP irp, NTSTATUS status)
{
    UCHAR flags = irp->AllocationFlags;
    ki_require_irql(DISPATCH_LEVEL, "IoReuseIrp above DISPATCH_LEVEL");
    if (irp->Type != IO_TYPE_IRP || (flags & IO_IRP_BUILT) != 0 ||
        ((flags & IO_IRP_KIT) != 0 && ((flags & IO_IRP_DRIVER) == 0 || io_is_below(irp))))
        io_violation(0x20b, "IoReuseIrp of an IRP that is in use or not made by IoAllocateIrp", irp,
                     NULL, 0xff, __builtin_return_address(0));
    initialize(irp, irp->Size, irp->StackCount, false);
    irp->AllocationFlags = flags;
    irp->IoStatus.Status = status;
    irp->Tail.Overlay.Thread = ki_thread();
}

// What IoSetCompletionRoutineEx keeps until the routine has run.
struct registration {
    PDEVICE_OBJECT Device;
    PIO_COMPLETION_ROUTINE Routine;
    PVOID Context;
    UCHAR Control;
};

// Called for every outcome, so that the memory is given back; asks the driver for those it wants.
static NTSTATUS run_registered(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct registration *kept = context, copy = *kept;
    NTSTATUS status = STATUS_CONTINUE_COMPLETION;
    ExFreePoolWithTag(kept, 'xEoI');
    if (io_wants_completion(copy.Control, irp))
        status = copy.Routine(device, irp, copy.Context);
    else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
        IoMarkIrpPending(irp);
    ObfDereferenceObject(copy.Device);
    return status;
}

NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT device, PIRP irp, PIO_COMPLETION_ROUTINE routine,
                                  PVOID context, BOOLEAN on_success, BOOLEAN on_error,
                                  BOOLEAN on_cancel)
{
    ki_require_irql(DISPATCH_LEVEL, "IoSetCompletionRoutineEx above DISPATCH_LEVEL");
    struct registration *kept =
        ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof(*kept), 'xEoI');
    if (kept == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoSetCompletionRoutine(irp, run_registered, kept, on_success, on_error, on_cancel);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    ObfReferenceObject(device);
    *kept = (struct registration){device, routine, context, next->Control};
    next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    return STATUS_SUCCESS;
}

VOID DdkSkippedStackLocation(PIRP irp, const char *rule)
{
    io_violation(0x212, rule, irp, NULL, 0xff, __builtin_return_address(0));
}

VOID DdkIrqlTooHigh(KIRQL irql, const char *rule)
{
    ki_violation(IRQL_NOT_LESS_OR_EQUAL, rule, irql, DISPATCH_LEVEL);
}

VOID DdkNoStackLocation(const IRP *irp)
{
    ki_violation(NO_MORE_IRP_STACK_LOCATIONS, "no stack location left in the IRP", (ULONG_PTR)irp,
                 (ULONG_PTR)irp->CurrentLocation);
}
