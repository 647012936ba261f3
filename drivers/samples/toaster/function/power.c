// SPDX-License-Identifier: MIT
//
// Power. The function driver is the device's power policy owner: after the drivers below have done
// a system IRP it requests the device IRP that goes with it, and completes the system IRP when that
// one is done. Power down is handled on the way down, power up on the way up.
#include "toaster.h"

static NTSTATUS PassDown(PTOASTER_EXTENSION toaster, PIRP irp)
{
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = PoCallDriver(toaster->Lower, irp);
    IoReleaseRemoveLock(&toaster->RemoveLock, irp);
    return status;
}

// The device IRP is done: so is the system IRP that it belongs to.
static VOID DeviceDone(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                       PIO_STATUS_BLOCK result)
{
    PIRP systemIrp = context;
    PTOASTER_EXTENSION toaster =
        IoGetCurrentIrpStackLocation(systemIrp)->DeviceObject->DeviceExtension;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(state);
    if (minor == IRP_MN_QUERY_POWER) // a SET_POWER of the system must not fail
        systemIrp->IoStatus.Status = result->Status;
    PoStartNextPowerIrp(systemIrp);
    IoCompleteRequest(systemIrp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&toaster->RemoveLock, systemIrp);
}

static DEVICE_POWER_STATE DeviceStateFor(PTOASTER_EXTENSION toaster, SYSTEM_POWER_STATE system)
{
    if (system == PowerSystemWorking)
        return PowerDeviceD0;
    DEVICE_POWER_STATE state =
        system < PowerSystemMaximum ? toaster->DeviceStates[system] : PowerDeviceD3;
    return state == PowerDeviceUnspecified ? PowerDeviceD3 : state;
}

// Runs when the drivers below have completed the system IRP, at DISPATCH_LEVEL perhaps.
static NTSTATUS SystemDone(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PTOASTER_EXTENSION toaster = context;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    UNREFERENCED_PARAMETER(device);
    if (NT_SUCCESS(irp->IoStatus.Status)) {
        SYSTEM_POWER_STATE system = location->Parameters.Power.State.SystemState;
        POWER_STATE state = {.DeviceState = DeviceStateFor(toaster, system)};
        if (location->MinorFunction == IRP_MN_SET_POWER)
            toaster->SystemPower = system;
        if (NT_SUCCESS(PoRequestPowerIrp(toaster->Physical, location->MinorFunction, state,
                                         DeviceDone, irp, NULL)))
            return STATUS_MORE_PROCESSING_REQUIRED; // DeviceDone goes on
    }
    PoStartNextPowerIrp(irp);
    IoReleaseRemoveLock(&toaster->RemoveLock, irp);
    return STATUS_CONTINUE_COMPLETION; // the dispatch routine marked it pending
}

// The drivers below have switched the power on.
static NTSTATUS PowerUp(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PTOASTER_EXTENSION toaster = context;
    POWER_STATE state = IoGetCurrentIrpStackLocation(irp)->Parameters.Power.State;
    UNREFERENCED_PARAMETER(device);
    toaster->DevicePower = state.DeviceState;
    PoSetPowerState(toaster->Self, DevicePowerState, state);
    PoStartNextPowerIrp(irp);
    ToasterServeQueue(toaster);
    IoReleaseRemoveLock(&toaster->RemoveLock, irp);
    return STATUS_CONTINUE_COMPLETION;
}

// Marked pending, since the completion routine may run after this has returned.
static NTSTATUS SendWith(PTOASTER_EXTENSION toaster, PIRP irp, PIO_COMPLETION_ROUTINE routine)
{
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, routine, toaster, TRUE, TRUE, TRUE);
    (VOID) PoCallDriver(toaster->Lower, irp);
    return STATUS_PENDING;
}

static NTSTATUS SetDevicePower(PTOASTER_EXTENSION toaster, PIRP irp, POWER_STATE state)
{
    if (state.DeviceState < toaster->DevicePower)
        return SendWith(toaster, irp, PowerUp);
    toaster->DevicePower = state.DeviceState; // requests wait from now on
    PoSetPowerState(toaster->Self, DevicePowerState, state);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return PassDown(toaster, irp);
}

NTSTATUS ToasterPower(PDEVICE_OBJECT device, PIRP irp)
{
    PTOASTER_EXTENSION toaster = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = IoAcquireRemoveLock(&toaster->RemoveLock, irp);
    if (!NT_SUCCESS(status)) {
        PoStartNextPowerIrp(irp);
        return ToasterComplete(irp, status, 0);
    }
    if (location->MinorFunction != IRP_MN_SET_POWER &&
        location->MinorFunction != IRP_MN_QUERY_POWER)
        return PassDown(toaster, irp);
    if (location->Parameters.Power.Type == SystemPowerState)
        return SendWith(toaster, irp, SystemDone);
    if (location->MinorFunction == IRP_MN_SET_POWER)
        return SetDevicePower(toaster, irp, location->Parameters.Power.State);
    irp->IoStatus.Status = STATUS_SUCCESS; // it can go into any state at any time
    return PassDown(toaster, irp);
}
