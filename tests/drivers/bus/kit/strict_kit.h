// SPDX-License-Identifier: MIT
//
// A driver kit without a system, for host tests of whole drivers: one thread, DPCs run when the
// test says so, memory is memory, logical addresses are pointers. It checks the rules that a driver
// can break without noticing: IRQL, spin locks, completing once and without a lock, cancel
// routines, balanced pool, lists and mappings. A broken rule ends the process with its name.
#pragma once

#include <wdm.h>

// The driver object; entry has been called and AddDevice may be.
PDRIVER_OBJECT KitLoad(PDRIVER_INITIALIZE entry);

// What is at the bottom of a stack: a device whose IRPs go to `dispatch`. Free with KitFree.
PDEVICE_OBJECT KitBottom(PDRIVER_DISPATCH dispatch);
VOID KitFree(PDEVICE_OBJECT bottom);

// Makes [physical, physical + bytes) mappable; `memory` stands for it.
VOID KitDeviceMemory(ULONGLONG physical, PVOID memory, SIZE_T bytes);

// A device object by the name it was created with, or NULL.
PDEVICE_OBJECT KitFind(PCWSTR name);

// The device on top of this one.
PDEVICE_OBJECT KitTop(PDEVICE_OBJECT device);

struct kit_irp {
    DECLSPEC_ALIGN(16) IRP irp;
    IO_STACK_LOCATION stack[8];
    BOOLEAN done;
    NTSTATUS returned;
    MDL mdl;
};

// An IRP whose first location is filled except for the parameters, which are returned.
PIO_STACK_LOCATION KitInitIrp(struct kit_irp *irp, UCHAR major, UCHAR minor);

// Gives it an MDL for a buffer.
VOID KitBuffer(struct kit_irp *irp, PVOID buffer, ULONG bytes);

// Sends it to the top of the device's stack. IoStatus.Status starts as STATUS_NOT_SUPPORTED.
NTSTATUS KitSend(PDEVICE_OBJECT device, struct kit_irp *irp);

// How often PoSetSystemWake was called.
extern ULONG kit_wakes;

// Cancels it as the I/O manager does. True if a cancel routine ran.
BOOLEAN KitCancel(struct kit_irp *irp);

// Calls the connected ISR, then runs the DPCs. The ISR's answer.
BOOLEAN KitInterrupt(VOID);
// The device has so many messages from now on (until the bottom is freed; 0: its line). KitMessage
// calls the message ISR with that number, then the DPCs.
VOID KitMessages(ULONG count);
BOOLEAN KitMessage(ULONG number);
VOID KitRunDpcs(VOID);

// Lets the timers that are set expire. False when none is.
BOOLEAN KitFireTimer(VOID);

// Called for each KeDelayExecutionThread; NULL, as at first: a driver may not wait.
VOID KitTime(VOID (*routine)(ULONG milliseconds));

// The machine has so many harts (one, unless this is called); and runs on that one from now on.
VOID KitHarts(ULONG count);
VOID KitGoTo(ULONG hart);

// The device that IoInvalidateDeviceState was called for last, and how often it was.
PDEVICE_OBJECT KitInvalidated(PULONG count);
// The same for IoInvalidateDeviceRelations and IoRequestDeviceEject.
PDEVICE_OBJECT KitRelationsInvalidated(PULONG count);
PDEVICE_OBJECT KitEjectRequested(PULONG count);

// The n-th GetScatterGatherList from now fails (0: none).
VOID KitFailList(ULONG n);

// Whether an IOMMU confines the device, for adapters that are got from now on, until the bottom is
// freed.
VOID KitConfine(BOOLEAN confined);

// How much is still allocated, mapped, connected, listed, created: zero after a driver that cleans
// up. Forgets everything for the next test.
ULONG KitLeaks(VOID);
