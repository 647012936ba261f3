// SPDX-License-Identifier: MIT
//
// Power. The FDO is the policy owner: a system IRP goes down first, then the driver asks for the
// device state that belongs to it, and the system IRP ends after the device IRP ("Handling a System
// Set-Power IRP in a Device Power Policy Owner"). Powering down empties the queue on the way down;
// powering up starts the device after the bus has.
#include "fdopower.h"

#include "pdo.h"

static VOID device_irp_done(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                            PIO_STATUS_BLOCK iosb)
{
    PIRP system_irp = context;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(minor);
    UNREFERENCED_PARAMETER(state);
    PoStartNextPowerIrp(system_irp);
    (VOID) PdoComplete(system_irp, iosb->Status);
}

// At PASSIVE_LEVEL, which the device IRP needs: the completion routine may run above it.
static VOID request_device_power(PDEVICE_OBJECT device, PVOID context)
{
    struct fdo_power *power = context;
    PIRP irp = power->system_irp;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    BOOLEAN working = location->Parameters.Power.State.SystemState == PowerSystemWorking;
    POWER_STATE target = {.DeviceState = working ? PowerDeviceD0 : PowerDeviceD3};
    UNREFERENCED_PARAMETER(device);
    NTSTATUS status =
        PoRequestPowerIrp(power->pdo, IRP_MN_SET_POWER, target, device_irp_done, irp, NULL);
    if (status != STATUS_PENDING) {
        PoStartNextPowerIrp(irp);
        (VOID) PdoComplete(irp, status);
    }
}

static NTSTATUS system_irp_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct fdo_power *power = context;
    UNREFERENCED_PARAMETER(device);
    if (!NT_SUCCESS(irp->IoStatus.Status))
        return STATUS_SUCCESS; // goes on up, marked pending
    power->system_irp = irp;
    IoQueueWorkItem(power->work, request_device_power, DelayedWorkQueue, power);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS set_system_power(struct fdo_power *power, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, system_irp_back, power, TRUE, TRUE, TRUE);
    (VOID) PoCallDriver(power->lower, irp);
    return STATUS_PENDING;
}

static NTSTATUS set_device_power(struct fdo_power *power, PIRP irp)
{
    POWER_STATE state = IoGetCurrentIrpStackLocation(irp)->Parameters.Power.State;
    PoStartNextPowerIrp(irp);
    if (state.DeviceState != PowerDeviceD0) {
        power->down(power->self);
        PoSetPowerState(power->self, DevicePowerState, state);
        IoSkipCurrentIrpStackLocation(irp);
        return PoCallDriver(power->lower, irp);
    }
    if (IoForwardIrpSynchronously(power->lower, irp) && NT_SUCCESS(irp->IoStatus.Status)) {
        power->up(power->self);
        PoSetPowerState(power->self, DevicePowerState, state);
    }
    return PdoComplete(irp, irp->IoStatus.Status);
}

NTSTATUS FdoPowerDispatch(struct fdo_power *power, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->MinorFunction == IRP_MN_SET_POWER)
        return location->Parameters.Power.Type == SystemPowerState ? set_system_power(power, irp)
                                                                   : set_device_power(power, irp);
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(power->lower, irp);
}

NTSTATUS PdoPowerDispatch(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    BOOLEAN known = location->MinorFunction == IRP_MN_SET_POWER ||
                    location->MinorFunction == IRP_MN_QUERY_POWER;
    PoStartNextPowerIrp(irp);
    if (location->MinorFunction == IRP_MN_SET_POWER)
        PoSetPowerState(pdo, location->Parameters.Power.Type, location->Parameters.Power.State);
    return PdoComplete(irp, known ? STATUS_SUCCESS : irp->IoStatus.Status);
}
