// SPDX-License-Identifier: MIT
//
// The bus as a function driver: PnP IRPs of its own stack. What it does not handle goes down as it
// came; START is done when the drivers below have done theirs, everything else before they are
// told.
#include "bus.h"

static NTSTATUS Start(PBUS_EXTENSION bus, PIRP irp)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    IoCopyCurrentIrpStackLocationToNext(irp);
    if (IoForwardIrpSynchronously(bus->Lower, irp))
        status = irp->IoStatus.Status;
    if (NT_SUCCESS(status)) {
        bus->Started = TRUE;
        // The interface was registered in AddDevice: the only error would be that it is gone.
        (VOID) IoSetDeviceInterfaceState(&bus->Interface, TRUE);
    }
    return PdoComplete(irp, status);
}

// In the documented order: pass the IRP down, wait for the requests that still run, detach, delete.
static NTSTATUS Remove(PBUS_EXTENSION bus, PIRP irp)
{
    PDEVICE_OBJECT lower = bus->Lower;
    bus->Started = FALSE;
    (VOID) IoSetDeviceInterfaceState(&bus->Interface, FALSE);
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status =
        FdoPassDown(lower, irp); // the IRP is gone now, its address still names the lock
    IoReleaseRemoveLockAndWait(&bus->RemoveLock, irp);
    SlotDeleteAll(bus);
    RtlFreeUnicodeString(&bus->Interface);
    IoDetachDevice(lower);
    IoDeleteDevice(bus->Common.Self);
    return status;
}

static NTSTATUS Relations(PBUS_EXTENSION bus, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.QueryDeviceRelations.Type == BusRelations) {
        NTSTATUS status = SlotRelations(bus, irp);
        if (!NT_SUCCESS(status))
            return PdoComplete(irp, status);
        irp->IoStatus.Status = STATUS_SUCCESS;
    }
    return FdoPassDown(bus->Lower, irp);
}

static NTSTATUS Dispatch(PBUS_EXTENSION bus, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(bus, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return Relations(bus, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        bus->Started = FALSE;
        (VOID) IoSetDeviceInterfaceState(&bus->Interface, FALSE);
        irp->IoStatus.Status = STATUS_SUCCESS;
        return FdoPassDown(bus->Lower, irp);
    case IRP_MN_QUERY_STOP_DEVICE: // it has no resources that it could give up
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE: // the toasters were asked before
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return FdoPassDown(bus->Lower, irp);
    default:
        return FdoPassDown(bus->Lower, irp);
    }
}

NTSTATUS BusPnp(PDEVICE_OBJECT device, PIRP irp)
{
    PBUS_EXTENSION bus = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&bus->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return PdoComplete(irp, status);
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE)
        return Remove(bus, irp); // takes the lock along
    status = Dispatch(bus, irp);
    IoReleaseRemoveLock(&bus->RemoveLock, irp);
    return status;
}
