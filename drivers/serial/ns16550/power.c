// SPDX-License-Identifier: MIT
//
// Power. The chip cannot be switched off and keeps its registers, so its device stays in D0 (which
// its bus allows in each sleeping state) and there is no device IRP to ask for. Before the system
// goes down the last characters go out. While it sleeps a WAIT_WAKE is pending at the bus: the
// first character that comes in wakes the system, and is read afterwards like any other.
#include "port.h"

#include <drivers/devicetree.h>

#define DRAIN_MS 1000u

// Asleep, WakePending: set and cleared by exchange, each with one winner.

static VOID WakeEnded(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                      PIO_STATUS_BLOCK iosb)
{
    PPORT_EXTENSION port = context;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(minor);
    UNREFERENCED_PARAMETER(state);
    UNREFERENCED_PARAMETER(iosb);
    InterlockedExchange(&port->WakePending, FALSE);
}

// The one that did not wake the system last time is still pending: then there is nothing to ask
// for.
static VOID ArmWake(PPORT_EXTENSION port)
{
    const POWER_STATE deepest = {.SystemState = PowerSystemSleeping3};
    if (InterlockedExchange(&port->WakePending, TRUE))
        return;
    NTSTATUS status =
        PoRequestPowerIrp(port->PhysicalDevice, IRP_MN_WAIT_WAKE, deepest, WakeEnded, port, NULL);
    if (status != STATUS_PENDING)
        InterlockedExchange(&port->WakePending, FALSE);
}

static NTSTATUS SignalSent(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(context);
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

VOID SerialWake(PPORT_EXTENSION port)
{
    if (!InterlockedExchange(&port->Asleep, FALSE))
        return;
    PIRP irp = IoAllocateIrp(port->Lower->StackSize, FALSE);
    if (irp == NULL) {
        InterlockedExchange(&port->Asleep, TRUE); // the next character tries again
        return;
    }
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = DEVICETREE_IOCTL_WAKE;
    IoSetCompletionRoutine(irp, SignalSent, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(port->Lower, irp);
}

static VOID Drain(PPORT_EXTENSION port)
{
    if (!ExAcquireRundownProtection(&port->Hardware))
        return;
    if (port->Started)
        SerialDrain(port, DRAIN_MS);
    ExReleaseRundownProtection(&port->Hardware);
}

static VOID SystemState(PPORT_EXTENSION port, SYSTEM_POWER_STATE state)
{
    if (state == PowerSystemWorking) {
        InterlockedExchange(&port->Asleep, FALSE);
        return;
    }
    Drain(port);
    if (state <= PowerSystemSleeping3) {
        ArmWake(port);
        InterlockedExchange(&port->Asleep, TRUE);
    }
}

NTSTATUS SerialPower(PDEVICE_OBJECT device, PIRP irp)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->MinorFunction == IRP_MN_SET_POWER &&
        location->Parameters.Power.Type == SystemPowerState)
        SystemState(port, location->Parameters.Power.State.SystemState);
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(port->Lower, irp);
}
