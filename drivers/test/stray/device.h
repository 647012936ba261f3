// SPDX-License-Identifier: MIT
//
// The driver `stray`. `Lock` guards Held and HeldList.
#ifndef TEST_STRAY_DEVICE_H
#define TEST_STRAY_DEVICE_H

#include <ntddk.h>

#include "stray.h"

#define STRAY_BARS 6u

typedef struct _STRAY {
    PDEVICE_OBJECT Self, Pdo, Lower;
    ULONG Number; // on its bus
    ULONG BarCount;
    PUCHAR Bar[STRAY_BARS]; // mapped
    SIZE_T BarBytes[STRAY_BARS];
    PDMA_ADAPTER Adapter;
    PVOID Common;
    PHYSICAL_ADDRESS CommonAddress;
    PKINTERRUPT Interrupt;
    BOOLEAN Again; // the ISR makes it interrupt again
    volatile LONG64 Interrupts, Calls;
    KSPIN_LOCK Lock;
    PIRP Held;
    PSCATTER_GATHER_LIST HeldList;
    STRAY_SCRIPT Script;
    volatile LONG Quiet; // the thread shall end
    volatile LONG64 Rounds;
    PVOID Thread;
} STRAY, *PSTRAY;

NTSTATUS StrayComplete(PIRP irp, NTSTATUS status, ULONG_PTR information);
// Completes or takes the IRP. PASSIVE_LEVEL.
NTSTATUS StrayControl(PSTRAY stray, PIRP irp);
// Ends the thread that repeats, and the interrupt. PASSIVE_LEVEL.
VOID StrayEnd(PSTRAY stray);
VOID StrayLetGo(PSTRAY stray);

#endif
