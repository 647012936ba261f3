// SPDX-License-Identifier: MIT
//
// Inside of the power part, and the face of the power manager below ("manager"), which port/posix
// plays inside one process and runtime/power.c by messages.

#ifndef DDK_PO_H
#define DDK_PO_H

#include "../io/io.h"

// What PoRequestPowerIrp remembers; Context of the IRP that it made.
struct po_request {
    WORK_QUEUE_ITEM Item;
    PIRP Irp;
    PDEVICE_OBJECT Target; // what the IRP is sent to
    PREQUEST_POWER_COMPLETE Complete;
    PVOID Context;
    PDEVICE_OBJECT Device;
    POWER_STATE State;
    UCHAR Minor;
};

// One second of idle detection for all devices. DISPATCH_LEVEL or below.
void po_idle_second(void);
// The device is deleted: its idle counter goes.
void po_forget_device(PDEVICE_OBJECT device);

// Where a power IRP for the device's stack is sent: the top of the stack, or somebody who brings it
// there. A target with DO_POWER_PAGABLE is called below DISPATCH_LEVEL.
PDEVICE_OBJECT manager_power_target(PDEVICE_OBJECT device);
// Seconds until the watchdog of the stack's power IRP ends; false: it has none. IRQL <=
// DISPATCH_LEVEL.
bool manager_power_remaining(PDEVICE_OBJECT device, ULONG *seconds);
// All that this driver wants of the system now. IRQL <= APC_LEVEL.
void manager_power_busy(EXECUTION_STATE flags);

// The timer of idle detection.
const void *po_timer(void);

#endif
