// SPDX-License-Identifier: MIT
//
// Takes all there is: processor time, memory, threads.
#include "../../../libddk/runtime/abi.h"

#include "misbehave.h"

// As high as the process manager lets this thread go.
static VOID RaisePriority(VOID)
{
    struct ash_proc_priority_request request = {.thread = ash_self()->number, .priority = 255};
    while (request.priority > ASH_PRIORITY_BASE &&
           !ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_THREAD_PRIORITY, &request,
                                    sizeof(request), NULL, 0))) {
        request.priority--;
    }
}

static DECLSPEC_NORETURN VOID SpinForEver(VOID)
{
    KIRQL irql;
    RaisePriority();
    KeRaiseIrql(HIGH_LEVEL, &irql);
    for (volatile ULONG64 i = 0;; i++) {
    }
}

static VOID SpinThread(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    SpinForEver();
}

NTSTATUS MisbehaveDoSpin(PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    SpinForEver();
}

static ULONG MakeThreads(PKSTART_ROUTINE start)
{
    ULONG count = 0;
    HANDLE handle;
    while (count < 10000 && NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL,
                                                            NULL, start, NULL))) {
        count++;
    }
    return count;
}

NTSTATUS MisbehaveDoSpinAll(PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    (VOID) MakeThreads(SpinThread);
    SpinForEver();
}

static VOID SleepThread(PVOID context)
{
    KEVENT never;
    UNREFERENCED_PARAMETER(context);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    (VOID) KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

NTSTATUS MisbehaveDoThreads(PIRP irp)
{
    ULONG count = MakeThreads(SleepThread);
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%u threads\n", count);
    return MisbehaveComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
}

NTSTATUS MisbehaveDoPool(PIRP irp)
{
    SIZE_T taken = 0;
    for (SIZE_T bytes = 1 << 20; bytes >= 64; bytes /= 4) {
        while (ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, MISBEHAVE_TAG) != NULL) {
            taken += bytes;
        }
    }
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%u KiB of pool\n", (ULONG)(taken >> 10));
    return MisbehaveComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
}
