// SPDX-License-Identifier: MIT
//
// PnP of the function driver. Bottom-up (the drivers below first, by IoForwardIrpSynchronously):
// START, CANCEL_STOP, CANCEL_REMOVE, QUERY_CAPABILITIES. Top-down: all others. It never completes
// an IRP that it did not fail, but those it has waited for.
#include "toaster.h"

static NTSTATUS PassDown(PTOASTER_EXTENSION toaster, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(toaster->Lower, irp);
}

static NTSTATUS Succeed(PTOASTER_EXTENSION toaster, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return PassDown(toaster, irp);
}

// The status of the drivers below, when they are done.
static NTSTATUS LowerFirst(PTOASTER_EXTENSION toaster, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    if (!IoForwardIrpSynchronously(toaster->Lower, irp))
        return STATUS_UNSUCCESSFUL; // no stack location was left
    return irp->IoStatus.Status;
}

// The resources would be mapped here; a toaster of this bus has none.
static NTSTATUS Start(PTOASTER_EXTENSION toaster, PIRP irp)
{
    NTSTATUS status = LowerFirst(toaster, irp);
    if (NT_SUCCESS(status)) {
        POWER_STATE on = {.DeviceState = PowerDeviceD0};
        toaster->DevicePower = PowerDeviceD0;
        PoSetPowerState(toaster->Self, DevicePowerState, on);
        ToasterSetState(toaster, Started);
        (VOID)
            IoSetDeviceInterfaceState(&toaster->Interface, TRUE); // again after a STOP: a success
        ToasterServeQueue(toaster);
    }
    return ToasterComplete(irp, status, 0);
}

static NTSTATUS Cancel(PTOASTER_EXTENSION toaster, PIRP irp)
{
    NTSTATUS status = LowerFirst(toaster, irp);
    ToasterRestoreState(toaster);
    ToasterServeQueue(toaster);
    return ToasterComplete(irp, status, 0);
}

// What the parent bus says, and one thing that only the function driver knows.
static NTSTATUS QueryCapabilities(PTOASTER_EXTENSION toaster, PIRP irp)
{
    PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    NTSTATUS status = LowerFirst(toaster, irp);
    if (NT_SUCCESS(status)) {
        capabilities->SurpriseRemovalOK = TRUE; // nothing is lost when it is pulled out
        RtlCopyMemory(toaster->DeviceStates, capabilities->DeviceState,
                      sizeof(toaster->DeviceStates));
    }
    return ToasterComplete(irp, status, irp->IoStatus.Information);
}

static VOID Vanish(PTOASTER_EXTENSION toaster, TOASTER_STATE state)
{
    ToasterSetState(toaster, state);
    (VOID) IoSetDeviceInterfaceState(&toaster->Interface, FALSE); // not enabled: nothing happens
    ToasterFailQueue(toaster, NULL, STATUS_NO_SUCH_DEVICE);
}

// Documented order: pass the IRP down, wait for requests that still hold the lock, detach, delete.
static NTSTATUS Remove(PTOASTER_EXTENSION toaster, PIRP irp)
{
    PDEVICE_OBJECT lower = toaster->Lower;
    Vanish(toaster, Removed);
    NTSTATUS status = Succeed(toaster, irp); // the IRP is gone; its address still names the lock
    IoReleaseRemoveLockAndWait(&toaster->RemoveLock, irp);
    RtlFreeUnicodeString(&toaster->Interface);
    IoDetachDevice(lower);
    IoDeleteDevice(toaster->Self);
    return status;
}

static NTSTATUS Dispatch(PTOASTER_EXTENSION toaster, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(toaster, irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return Cancel(toaster, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return QueryCapabilities(toaster, irp);
    case IRP_MN_QUERY_STOP_DEVICE: // from now on requests wait; none is half done
        ToasterSetState(toaster, StopPending);
        return Succeed(toaster, irp);
    case IRP_MN_STOP_DEVICE: // resources would be given back here
        ToasterSetState(toaster, Stopped);
        return Succeed(toaster, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE: // whether handles are open is the PnP manager's to see
        ToasterSetState(toaster, RemovePending);
        return Succeed(toaster, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        Vanish(toaster, SurpriseRemoved);
        return Succeed(toaster, irp);
    default: // left alone, status and all
        return PassDown(toaster, irp);
    }
}

NTSTATUS ToasterPnp(PDEVICE_OBJECT device, PIRP irp)
{
    PTOASTER_EXTENSION toaster = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&toaster->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return ToasterComplete(irp, status, 0);
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE)
        return Remove(toaster, irp); // takes the lock along
    status = Dispatch(toaster, irp);
    IoReleaseRemoveLock(&toaster->RemoveLock, irp);
    return status;
}
