// SPDX-License-Identifier: MIT
//
// Not of WDM: what a driver may do so that its next task goes on where it ended
// (docs/restart-contract.md). A driver that uses neither is started again all the same.

#ifndef DDK_RESTART_H
#define DDK_RESTART_H

// Memory of one of the driver's devices that outlives its task: when the driver has died and made
// the device again, it asks again and finds the memory as the dead task left it, *inherited TRUE.
// Otherwise it is zero: at first; with another number of bytes; and after a task that inherited it
// and died before its devices were started. It holds no pointers, since the next task has other
// addresses, and what is in it may be half written, or worse: it is to be checked like input.
// bytes: at most 65536, rounded up to pages. The memory is the driver's until IoDeleteDevice.
// STATUS_INSUFFICIENT_RESOURCES, or what the I/O manager says. IRQL = PASSIVE_LEVEL, may block.
NTSTATUS DdkKeepDeviceState(PDEVICE_OBJECT device, SIZE_T bytes, PVOID *state, PBOOLEAN inherited);

// Names a request that came from another task: one that is issued again after the driver's death
// has the same name, and no two others do. Both zero: it did not come from another task.
// The IRP is pending or being dispatched. Any IRQL.
typedef struct _DDK_REQUEST_NAME {
    ULONG64 Link, Number;
} DDK_REQUEST_NAME, *PDDK_REQUEST_NAME;
DDK_REQUEST_NAME DdkRequestName(PIRP irp);

#endif
