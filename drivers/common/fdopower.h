// SPDX-License-Identifier: MIT
//
// Power of a function driver that is the policy owner of its device, and of disks and others that
// have no power of their own. Dispatch at PASSIVE_LEVEL (DO_POWER_PAGABLE); the routines complete
// the IRP or pass it down.
#pragma once

#include <wdm.h>

struct fdo_power {
    PDEVICE_OBJECT self, lower, pdo;
    PIO_WORKITEM work; // of self; one system power IRP at a time
    PIRP system_irp;
    VOID (*down)(PDEVICE_OBJECT self); // empties the queue and quiets the device; PASSIVE_LEVEL
    VOID (*up)(PDEVICE_OBJECT self);   // starts the device again, if it had been; PASSIVE_LEVEL
};

// IRP_MJ_POWER of the FDO.
NTSTATUS FdoPowerDispatch(struct fdo_power *power, PIRP irp);

// IRP_MJ_POWER of a child whose controller's IRPs do the work.
NTSTATUS PdoPowerDispatch(PDEVICE_OBJECT pdo, PIRP irp);
