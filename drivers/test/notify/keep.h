// SPDX-License-Identifier: MIT
//
// The test driver `notify`: what its device keeps.
#ifndef TEST_NOTIFY_KEEP_H
#define TEST_NOTIFY_KEEP_H

#include <ntddk.h>

#include "notify.h"

typedef struct _EVENT_EXTENSION {
    IO_CSQ Csq; // of IRPs that wait for their time
    LIST_ENTRY Queue;
    KSPIN_LOCK QueueLock;
    EX_RUNDOWN_REF Records; // timers and work items that still run
} EVENT_EXTENSION, *PEVENT_EXTENSION;

// One thing that will happen. NOTIFY_PEND: the DPC and whoever has the IRP (the queue, then who
// takes it out) each own one half, and the last one frees it; else the DPC or the work item does.
typedef struct _EVENT_RECORD {
    PEVENT_EXTENSION Extension;
    volatile LONG Halves;
    LARGE_INTEGER Due;
    KTIMER Timer;
    KDPC Dpc;
    IO_CSQ_IRP_CONTEXT Context; // NOTIFY_PEND: finds the IRP, if it is still there
    PKEVENT Event, First;       // referenced, or NULL
    PIO_WORKITEM WorkItem;
    PIRP Irp; // NOTIFY_FOLLOW
} EVENT_RECORD, *PEVENT_RECORD;

// The record of a queued IRP.
FORCEINLINE PEVENT_RECORD EventRecordOf(PIRP irp)
{
    return irp->Tail.Overlay.DriverContext[0]; // [3] is the queue's
}

// queue.c
NTSTATUS EventInitializeQueue(PEVENT_EXTENSION extension);
// notify.c
NTSTATUS EventSetLater(PEVENT_EXTENSION extension, PIRP irp, const struct notify_request *request);
// An IRP that was taken out of the queue before its time: completes it with STATUS_CANCELLED.
VOID EventGiveUp(PIRP irp);
NTSTATUS EventPend(PEVENT_EXTENSION extension, PIRP irp, const struct notify_request *request);
NTSTATUS EventFollow(PDEVICE_OBJECT device, PIRP irp, const struct notify_request *request);

#endif
