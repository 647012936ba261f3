// SPDX-License-Identifier: MIT
//
// A driver whose FDO owns a disk controller and whose other device objects are its disks: entry,
// dispatch tables, the FDO's PnP states, and what a request to a disk passes before it gets to the
// controller. The driver is the routines at the end, found by name, so that a request takes no
// indirection. `controller` is the FDO's extension, which begins with struct disk_fdo; that of a
// disk begins with struct disk_pdo.
//
// The PnP and power routines are called one at a time at PASSIVE_LEVEL.
#pragma once

#include <disk.h>
#include <fdopower.h>
#include <pdo.h>

struct disk_fdo {
    BOOLEAN is_fdo;
    PDEVICE_OBJECT self, lower, pdo;
    struct fdo_power power;
};

struct disk_pdo {
    BOOLEAN is_fdo; // FALSE
    PVOID controller;
    struct disk_identity identity;
};

extern const ULONG DiskFdoBytes; // of the FDO's extension

// Makes what the FDO needs as long as it lives; on failure nothing is left. Undone by Free, which
// deletes the disks, too, and is called when nothing is started any more.
NTSTATUS DiskFdoInitialize(PVOID controller);
VOID DiskFdoFree(PVOID controller);

// START: the hardware runs with these resources, there are disks, requests go. On failure nothing
// is left.
NTSTATUS DiskFdoStart(PVOID controller, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated);

// QUERY_STOP: requests wait from now on, none is in flight any more. CANCEL_STOP: they go again.
VOID DiskFdoHold(PVOID controller);
VOID DiskFdoGoOn(PVOID controller);

// STOP, after QUERY_STOP: gives the hardware back; requests wait.
VOID DiskFdoStop(PVOID controller);

// REMOVE, and SURPRISE_REMOVAL, where the device is gone: all requests complete, the hardware is
// given back. May be called twice.
VOID DiskFdoEnd(PVOID controller, BOOLEAN gone);

// As struct fdo_power has them.
VOID DiskFdoDown(PDEVICE_OBJECT self);
VOID DiskFdoUp(PDEVICE_OBJECT self);

BOOLEAN DiskFdoFailed(PVOID controller);
PDEVICE_OBJECT const *DiskFdoDisks(PVOID controller, PULONG count);

// Whether FLUSH_BUFFERS has anything to do. IRQL <= DISPATCH_LEVEL.
BOOLEAN DiskFdoCaches(PVOID controller);

// A READ or WRITE that was checked, FLUSH_BUFFERS, SHUTDOWN. Takes the IRP, returns STATUS_PENDING.
// IRQL <= DISPATCH_LEVEL.
NTSTATUS DiskFdoSubmit(PVOID controller, PIRP irp);

// Completes what waits of a file that is being closed.
VOID DiskFdoCleanup(PVOID controller, PFILE_OBJECT file);
