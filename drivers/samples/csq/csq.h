// SPDX-License-Identifier: MIT
//
// The sample driver `csq`: what its device keeps.
#ifndef SAMPLE_CSQ_H
#define SAMPLE_CSQ_H

#include <ntddk.h>

#define CSQ_DEVICE_NAME L"\\Device\\SampleQueue"
#define CSQ_LINK_NAME   L"\\??\\SampleQueue"

// How long the imaginary hardware takes for one read.
#define CSQ_READ_MILLISECONDS 2

typedef struct _CSQ_EXTENSION {
    IO_CSQ Csq;       // the routines of queue.c
    LIST_ENTRY Queue; // IRPs, through Tail.Overlay.ListEntry; under QueueLock
    KSPIN_LOCK QueueLock;
    KSEMAPHORE Waiting; // counts the IRPs that were queued: the thread waits for it
    PKTHREAD Thread;    // referenced until it has ended
    volatile LONG Stop; // tells the thread to end
    ULONG Serial;       // of the next answer; the thread's own
} CSQ_EXTENSION, *PCSQ_EXTENSION;

// queue.c
NTSTATUS CsqInitializeQueue(PCSQ_EXTENSION extension);
// thread.c
NTSTATUS CsqStartThread(PCSQ_EXTENSION extension);
VOID CsqStopThread(PCSQ_EXTENSION extension);

#endif
