// SPDX-License-Identifier: MIT
//
// The thread that serves the queue at PASSIVE_LEVEL, one request after another, as a driver does
// whose hardware is slow or has to be polled.

#include "csq.h"

// What the hardware would do: a moment later there is a number.
static VOID Serve(PCSQ_EXTENSION extension, PIRP irp)
{
    LARGE_INTEGER moment = {.QuadPart = -10000LL * CSQ_READ_MILLISECONDS};
    ULONG serial = extension->Serial++;
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    // The length was checked before the IRP was queued.
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &serial, sizeof(serial));
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = sizeof(serial);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static VOID ThreadRoutine(PVOID context)
{
    PCSQ_EXTENSION extension = context;
    for (;;) {
        KeWaitForSingleObject(&extension->Waiting, Executive, KernelMode, FALSE, NULL);
        if (extension->Stop)
            PsTerminateSystemThread(STATUS_SUCCESS);
        // NULL: the IRP for which the semaphore was released has been cancelled since.
        PIRP irp = IoCsqRemoveNextIrp(&extension->Csq, NULL);
        if (irp != NULL)
            Serve(extension, irp);
    }
}

NTSTATUS CsqStartThread(PCSQ_EXTENSION extension)
{
    HANDLE handle;
    KeInitializeSemaphore(&extension->Waiting, 0, MAXLONG);
    NTSTATUS status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                           ThreadRoutine, extension);
    if (!NT_SUCCESS(status))
        return status;
    // The handle is of use in this process only; what is waited for at the end is the object.
    (void)ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                                    (PVOID *)&extension->Thread, NULL);
    ZwClose(handle);
    return STATUS_SUCCESS;
}

// Returns when the thread has ended: its code may go away then.
VOID CsqStopThread(PCSQ_EXTENSION extension)
{
    InterlockedExchange(&extension->Stop, TRUE);
    KeReleaseSemaphore(&extension->Waiting, IO_NO_INCREMENT, 1, FALSE);
    KeWaitForSingleObject(extension->Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(extension->Thread);
}
