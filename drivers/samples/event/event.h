// SPDX-License-Identifier: MIT
//
// The sample driver `event`: what its device keeps.
#ifndef SAMPLE_EVENT_H
#define SAMPLE_EVENT_H

#include <ntddk.h>

#include "notify.h"

#define EVENT_TAG 'tfyN'

// The device extension.
typedef struct _NOTIFIER {
    KSPIN_LOCK Lock;
    LIST_ENTRY Pending; // NOTIFICATIONs, under Lock
    ULONG Count;        // of those that were given
} NOTIFIER, *PNOTIFIER;

// notification.c. Both are asked for in the context of the caller, who may be anybody.
// STATUS_PENDING: the IRP completes later. Anything else: the caller completes it.
NTSTATUS NotifyByIrp(PNOTIFIER notifier, PIRP irp, ULONG milliseconds);
NTSTATUS NotifyByEvent(PNOTIFIER notifier, PIRP irp, HANDLE event, ULONG milliseconds);
// Gives up what the file still waits for; NULL: everybody's.
VOID NotifyGiveUp(PNOTIFIER notifier, PFILE_OBJECT file);

#endif
