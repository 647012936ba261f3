// SPDX-License-Identifier: MIT
//
// Breaks rules of memory, locks and objects. A routine that comes back to completing its IRP has
// not been stopped.
#include "misbehave.h"

static NTSTATUS NotStopped(PIRP irp)
{
    return MisbehaveComplete(irp, STATUS_SUCCESS, 0);
}

static volatile UCHAR *Allocate(SIZE_T bytes)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, MISBEHAVE_TAG);
}

// Caught at once by special pool, at the free without it.
NTSTATUS MisbehaveDoOverrun(PIRP irp)
{
    volatile UCHAR *p = Allocate(64);
    p[64] = 1;
    ExFreePool((PVOID)p);
    return NotStopped(irp);
}

// Only special pool that looks for underruns catches it at once.
NTSTATUS MisbehaveDoUnderrun(PIRP irp)
{
    volatile UCHAR *p = Allocate(64);
    p[-1] = 1;
    ExFreePool((PVOID)p);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoAfterFree(PIRP irp)
{
    volatile UCHAR *p = Allocate(64);
    ExFreePool((PVOID)p);
    (void)p[8];
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoFreeTwice(PIRP irp)
{
    PVOID p = (PVOID)Allocate(64);
    ExFreePoolWithTag(p, MISBEHAVE_TAG);
    ExFreePoolWithTag(p, MISBEHAVE_TAG);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoTag(PIRP irp)
{
    ExFreePoolWithTag((PVOID)Allocate(64), 'rehO');
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoTimer(PIRP irp)
{
    PKTIMER timer = (PKTIMER)(PVOID)Allocate(sizeof(*timer));
    LARGE_INTEGER second = {.QuadPart = -10000000};
    KeInitializeTimer(timer);
    KeSetTimer(timer, second, NULL);
    ExFreePool(timer);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoResource(PIRP irp)
{
    PERESOURCE resource = (PERESOURCE)(PVOID)Allocate(sizeof(*resource));
    ExInitializeResourceLite(resource);
    ExFreePool(resource);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoIrpPool(PIRP irp)
{
    ExFreePool(IoAllocateIrp(1, FALSE));
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoFreeForeign(PIRP irp)
{
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

NTSTATUS MisbehaveDoLocations(PIRP irp)
{
    IoCallDriver(IoGetCurrentIrpStackLocation(irp)->DeviceObject, irp);
    return STATUS_SUCCESS;
}

NTSTATUS MisbehaveDoString(PIRP irp)
{
    UNICODE_STRING name = {5, 4, L"ab"}, target = RTL_CONSTANT_STRING(L"\\Device\\X");
    IoCreateSymbolicLink(&name, &target);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoLockLeft(PIRP irp)
{
    static KSPIN_LOCK Lock;
    KIRQL irql;
    IoMarkIrpPending(irp);
    KeAcquireSpinLock(&Lock, &irql);
    return STATUS_PENDING;
}

NTSTATUS MisbehaveDoRegion(PIRP irp)
{
    IoMarkIrpPending(irp);
    KeEnterCriticalRegion();
    return STATUS_PENDING;
}

NTSTATUS MisbehaveDoIrqlLeft(PIRP irp)
{
    KIRQL irql;
    IoMarkIrpPending(irp);
    KeRaiseIrql(APC_LEVEL, &irql);
    return STATUS_PENDING;
}

static VOID LeaveIrql(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KIRQL irql;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    KeRaiseIrql(HIGH_LEVEL, &irql);
}

NTSTATUS MisbehaveDoDpc(PIRP irp)
{
    static KDPC Dpc;
    LARGE_INTEGER second = {.QuadPart = -10000000};
    KeInitializeDpc(&Dpc, LeaveIrql, NULL);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    return NotStopped(irp);
}

// Only a verified driver is stopped: the order of two locks, once so and once so.
NTSTATUS MisbehaveDoOrder(PIRP irp)
{
    static KSPIN_LOCK First, Second;
    KIRQL irql;
    KeInitializeSpinLock(&First);
    KeInitializeSpinLock(&Second);
    KeAcquireSpinLock(&First, &irql);
    KeAcquireSpinLockAtDpcLevel(&Second);
    KeReleaseSpinLockFromDpcLevel(&Second);
    KeReleaseSpinLock(&First, irql);
    KeAcquireSpinLock(&Second, &irql);
    KeAcquireSpinLockAtDpcLevel(&First);
    KeReleaseSpinLockFromDpcLevel(&First);
    KeReleaseSpinLock(&Second, irql);
    return NotStopped(irp);
}

// Says whether memory was there. A driver that is verified with low resources may not get any.
NTSTATUS MisbehaveDoMemory(PIRP irp)
{
    PVOID p = (PVOID)Allocate(64);
    if (p == NULL)
        return MisbehaveComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ExFreePool(p);
    return NotStopped(irp);
}

// Leaves memory behind: DriverUnload finds no trace of it.
NTSTATUS MisbehaveDoLeak(PIRP irp)
{
    (void)Allocate(100);
    (void)Allocate(200);
    return NotStopped(irp);
}
