// SPDX-License-Identifier: MIT
//
// toaster: the function driver. Its states are those of "State Transitions for PnP Devices".
#ifndef SAMPLE_TOASTER_FUNCTION_H
#define SAMPLE_TOASTER_FUNCTION_H

#include "../toaster.h"
#include <wdm.h>

#define TOASTER_TAG 'tsoT'

typedef enum _TOASTER_STATE {
    NotStarted,
    Started,
    StopPending,   // new requests wait in the queue
    Stopped,       // so they do here
    RemovePending, // nobody may open it; requests of those who have it open go on
    SurpriseRemoved,
    Removed,
} TOASTER_STATE;

typedef struct _TOASTER_EXTENSION {
    PDEVICE_OBJECT Self, Lower, Physical;
    IO_REMOVE_LOCK RemoveLock; // held by each request until it is completed
    UNICODE_STRING Interface;
    TOASTER_STATE State,
        Before; // Before: what CANCEL_STOP and CANCEL_REMOVE go back to. Under Lock
    IO_CSQ Csq; // requests that wait until the device works again
    LIST_ENTRY Queue;
    KSPIN_LOCK Lock;
    SYSTEM_POWER_STATE SystemPower;
    DEVICE_POWER_STATE DevicePower;
    DEVICE_POWER_STATE DeviceStates[PowerSystemMaximum]; // from the capabilities: what goes with Sx
    volatile LONG Slices;
} TOASTER_EXTENSION, *PTOASTER_EXTENSION;

// driver.c
NTSTATUS ToasterComplete(PIRP irp, NTSTATUS status, ULONG_PTR information);

// queue.c
NTSTATUS ToasterInitializeQueue(PTOASTER_EXTENSION toaster);
// Serves the request now, or keeps it until ToasterServeQueue. The caller holds the remove lock for
// it, which goes with it.
NTSTATUS ToasterServeOrKeep(PTOASTER_EXTENSION toaster, PIRP irp);
VOID ToasterServeQueue(PTOASTER_EXTENSION toaster);
VOID ToasterFailQueue(PTOASTER_EXTENSION toaster, PFILE_OBJECT file, NTSTATUS status);
VOID ToasterSetState(PTOASTER_EXTENSION toaster, TOASTER_STATE state);
VOID ToasterRestoreState(PTOASTER_EXTENSION toaster);
TOASTER_STATE ToasterState(PTOASTER_EXTENSION toaster);

// pnp.c, power.c
DRIVER_DISPATCH ToasterPnp, ToasterPower;

#endif
