// SPDX-License-Identifier: MIT
//
// What a processor or the kit does not let pass. A routine that comes back has found a hole: it
// completes with success, which no test expects.
#include "../../../libddk/runtime/abi.h"

#include "misbehave.h"

static NTSTATUS NotStopped(PIRP irp)
{
    return MisbehaveComplete(irp, STATUS_SUCCESS, 0);
}

// Addresses reach the compiler as numbers it cannot see through.
static ULONG_PTR Opaque(ULONG_PTR value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

static VOID Jump(ULONG_PTR address)
{
    ((VOID(*)(VOID))Opaque(address))();
}

static VOID Poke(ULONG_PTR address)
{
    *(volatile ULONG *)Opaque(address) = 0xDEADBEEF;
}

NTSTATUS MisbehaveDoNull(PIRP irp)
{
    Jump(0);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoKernel(PIRP irp)
{
    Poke(0xFFFFFFC000000000);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoPhysical(PIRP irp)
{
    Poke(0x80200000);
    Poke(0x10000000);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoCode(PIRP irp)
{
    Poke((ULONG_PTR)MisbehaveDoCode);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoData(PIRP irp)
{
    static ULONG code[] = {0x00008067}; // ret
    Jump((ULONG_PTR)code);
    return NotStopped(irp);
}

static ULONG Recurse(volatile UCHAR *above)
{
    volatile UCHAR page[4096];
    page[0] = above[0];
    return Recurse(page) + page[0];
}

NTSTATUS MisbehaveDoStack(PIRP irp)
{
    volatile UCHAR first = 1;
    (VOID) Recurse(&first);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoPrivileged(PIRP irp)
{
    __asm__ volatile("csrw satp, zero");
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoSyscall(PIRP irp)
{
    struct ash_message message = {0};
    ash_syscall_message(0x1234, 0, 0, &message);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoIrql(PIRP irp)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    KEVENT never;
    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeAcquireSpinLock(&lock, &irql);
    (VOID) KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
    return NotStopped(irp);
}

NTSTATUS MisbehaveDoBugcheck(PIRP irp)
{
    KeBugCheckEx(0xE2, 1, 2, 3, (ULONG_PTR)irp); // MANUALLY_INITIATED_CRASH
}
