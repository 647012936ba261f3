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

static VOID Load(ULONG_PTR address)
{
    (void)*(volatile ULONG *)Opaque(address);
}

static VOID Privileged(ULONG_PTR value)
{
    __asm__ volatile("csrw stvec, %0" : : "r"(value));
}

typedef struct {
    VOID (*Routine)(ULONG_PTR);
    ULONG_PTR Argument;
    NTSTATUS Code;
    ULONG_PTR Kind; // read, write, execute
} FAULT;

static LONG Expected(PEXCEPTION_POINTERS pointers, const FAULT *fault)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;
    BOOLEAN good = record->ExceptionCode == fault->Code && pointers->ContextRecord->Pc != 1;
    if (fault->Code == STATUS_ACCESS_VIOLATION)
        good = good && record->NumberParameters == 2 &&
               record->ExceptionInformation[0] == fault->Kind &&
               record->ExceptionInformation[1] == fault->Argument;
    return good ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

// What is not taken ends the task. The __finally must have run each time, too.
NTSTATUS MisbehaveDoCaught(PIRP irp)
{
    static const FAULT Faults[] = {{Poke, 8, STATUS_ACCESS_VIOLATION, 1},
                                   {Load, 16, STATUS_ACCESS_VIOLATION, 0},
                                   {Jump, 32, STATUS_ACCESS_VIOLATION, 8},
                                   {Poke, 0xFFFFFFC000000000, STATUS_ACCESS_VIOLATION, 1},
                                   {Privileged, 0, STATUS_ILLEGAL_INSTRUCTION, 0}};
    volatile ULONG taken = 0, cleaned = 0;
    for (volatile ULONG i = 0; i < 100; i++) {
        const FAULT *fault = &Faults[i % ARRAYSIZE(Faults)];
        __try {
            __try {
                fault->Routine(fault->Argument);
            } __finally {
                cleaned = cleaned + (AbnormalTermination() ? 1 : 0);
            }
        } __except (Expected(GetExceptionInformation(), fault)) {
            taken = taken + 1;
        }
    }
    BOOLEAN good = taken == 100 && cleaned == 100;
    return MisbehaveComplete(irp, good ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL,
                             good ? IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length : 0);
}
