// SPDX-License-Identifier: MIT
//
// The device tree bus driver: its two kinds of device object. The FDO sits on ROOT\DEVICETREE and
// owns the mapping of the tree; each PDO is one platform device and points into that mapping, so
// the mapping lives until the last PDO is gone, which is when the FDO is removed.
#pragma once

#include "tree.h"

#include <pdo.h>

#define DEVICETREE_TAG 0x65725464u // 'dTre'

struct extension {
    BOOLEAN is_fdo;
};

struct fdo_extension {
    struct extension common;
    BOOLEAN started;
    PDEVICE_OBJECT self, lower, pdo;
    PVOID tree; // mapping of `bytes` bytes, read-only
    SIZE_T bytes;
    ULONG child_count, child_room;
    PDEVICE_OBJECT *children;
};

struct pdo_extension {
    struct extension common;
    struct fdo_extension *bus;
    struct dt_device device;
    PCM_RESOURCE_LIST resources; // what START will assign
    KSPIN_LOCK wake_lock;
    PIRP wait_wake; // pending WAIT_WAKE, under wake_lock; NULL: none
};

// Maps and checks the tree that START gave, and makes a PDO for each device in it. On failure
// nothing is left behind. PASSIVE_LEVEL, as all below.
NTSTATUS BusStart(struct fdo_extension *bus, PCM_RESOURCE_LIST resources);

// Deletes the PDOs and ends the mapping.
VOID BusRemove(struct fdo_extension *bus);

// The resource list of a device; STATUS_DEVICE_CONFIGURATION_ERROR (with *rule) when the tree
// describes it wrongly. `walk` stands at the device.
NTSTATUS DeviceResources(struct dt_walk *walk, const struct dt_device *device,
                         PCM_RESOURCE_LIST *resources, enum dt_rule *rule);

// PNP dispatch of a PDO: completes the IRP.
NTSTATUS DevicePnp(PDEVICE_OBJECT pdo, PIRP irp);

// wake.c, of a PDO. WAIT_WAKE is kept until the device wakes the system, or it is cancelled; one at
// a time. INTERNAL_DEVICE_CONTROL: DEVICETREE_IOCTL_WAKE. Both complete the IRP or keep it. IRQL <=
// DISPATCH_LEVEL.
NTSTATUS WakeWait(PDEVICE_OBJECT pdo, PIRP irp);
NTSTATUS WakeSignal(PDEVICE_OBJECT pdo, PIRP irp);
// Ends the pending WAIT_WAKE, if there is one: the device goes.
VOID WakeEnd(struct pdo_extension *extension, NTSTATUS status);
